import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SaleReport } from '../../src/contract/sale.ts';
import { keysOf } from '../../src/queue/scripts.ts';
import { eventually } from './eventually.ts';
import { pause } from './fleet.ts';
import { type Office, openOffice } from './office.ts';

/** Faults, real ones, in the report. Run by sale-file.test.ts, while its sale of three minutes goes on. */
export function saleReportTests(): void {
  let office: Office;
  beforeAll(async () => {
    office = await openOffice({ gateways: 2, redis: { aof: true } });
  }, 90_000);
  afterAll(() => office?.stop(), 60_000);

  it('a report tells of a gateway that was lost, of Redis away and replaced, and of alarms, also when another process gives it', async () => {
    const event = 'evt_hit';
    const made = await office.tacos(['event', 'create', event, '--reason', 'to be hit']);
    expect(made.code, made.stderr).toBe(0);
    const report = async (): Promise<SaleReport> => {
      const server = office.admins.at(-1)?.url ?? '';
      const { stdout, stderr } = await office.tacos(['sale', 'report', event, '-o', 'json'], { server });
      expect(stderr).toBe('');
      return (JSON.parse(stdout) as { item: SaleReport }).item;
    };
    const faults = async () => (await report()).faults;
    const slowly = { withinMs: 40_000, everyMs: 500 };
    expect(await faults()).toEqual([]);

    // Both serve it by now: a gateway that was never there cannot be lost.
    await eventually(async () => expect(await office.look.hlen(keysOf(event).reporters)).toBe(2), slowly);
    office.gateways[1]?.child.kill('SIGKILL');
    await eventually(async () => {
      const { faults, alarms } = await report();
      expect(faults.map(({ kind }) => kind)).toEqual(['gateway-lost']);
      expect(alarms.find(({ id }) => id === 'gateway-missing')).toMatchObject({
        severity: 'warn',
        until: null,
      });
    }, slowly);

    process.kill(office.redis.pid, 'SIGSTOP');
    await pause(6_000);
    process.kill(office.redis.pid, 'SIGCONT');
    await eventually(async () => {
      const away = (await faults()).find(({ kind }) => kind === 'redis-away');
      const lastedMs = Date.parse(away?.until ?? '') - Date.parse(away?.at ?? '');
      expect(lastedMs).toBeGreaterThan(4_000);
    }, slowly);

    await office.redis.restart();
    await eventually(
      async () => expect((await faults()).map(({ kind }) => kind)).toContain('failover'),
      slowly,
    );
    const before = await report();
    expect(before.faults.filter(({ kind }) => kind === 'gateway-lost')).toHaveLength(1);
    expect(before.faults.filter(({ kind }) => kind === 'failover')).toHaveLength(1);
    await office.admins[0]?.stop();
    await office.addAdmin();
    await eventually(
      async () => expect(await faults()).toEqual(expect.arrayContaining(before.faults)),
      slowly,
    );
  }, 200_000);
}

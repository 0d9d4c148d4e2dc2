import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/contract/audit.ts';
import type { Finding } from '../../src/contract/doctor.ts';
import type { SaleView } from '../../src/contract/sale.ts';
import type { QueueSnapshot } from '../../src/contract/snapshot.ts';
import { runCrowd } from '../../src/simulator/crowd.ts';
import { eventually } from '../helpers/eventually.ts';
import { pause } from '../helpers/fleet.ts';
import { type Office, openOffice } from '../helpers/office.ts';

/** Steps are run within this of their time while an admin process is there, s. */
const onTimeSec = 5;

describe('a sale as a file', () => {
  let office: Office;
  beforeAll(async () => {
    office = await openOffice({ gateways: 1 });
  }, 60_000);
  afterAll(() => office.stop(), 60_000);

  const item = async <T>(...argv: string[]): Promise<T> => {
    // The admin API that was started last: those before it may be gone.
    const server = office.admins.at(-1)?.url ?? '';
    const { stdout, stderr, code } = await office.tacos([...argv, '-o', 'json'], { server });
    expect([code, stderr]).toEqual([0, expect.anything()]);
    return (JSON.parse(stdout) as { item: T; items: T }).item ?? (JSON.parse(stdout) as { items: T }).items;
  };
  const run = (...argv: string[]) => office.tacos(argv, { server: office.admins.at(-1)?.url ?? '' });
  const iso = (afterSec: number) => new Date(Date.now() + afterSec * 1000).toISOString();

  function saleFile(event: string, steps: string, opensInSec = 20): string {
    const path = join(office.home, `${event}.yaml`);
    const head = `apiVersion: tacos/v1\nkind: Sale\nevent: ${event}\nopensAt: "${iso(opensInSec)}"\nlasts: 1h\nvisitors: 2000\n`;
    writeFileSync(path, `${head}steps:\n${steps}`);
    return path;
  }
  const create = async (event: string): Promise<void> => {
    const made = await run(
      'event',
      'create',
      event,
      '--opens-at',
      iso(3_600),
      '--refill',
      '10',
      '--reason',
      'a new sale',
    );
    expect(made.code, made.stderr).toBe(0);
  };
  const values = async (event: string) => {
    const { bucket, message } = await item<QueueSnapshot>('queue', 'get', event);
    const { opensAt } = await item<{ opensAt: string }>('event', 'get', event);
    const { refillPerSec, capacity, window } = bucket;
    return {
      refill: refillPerSec.target,
      capacity: capacity.target,
      window,
      message: message?.text ?? '',
      opensAt,
    };
  };
  const status = (event: string) => item<SaleView>('sale', 'status', event);

  it('runs its steps on time with nobody there, over a restart of the admin API, each once; rollback brings every value back', async () => {
    const event = 'evt_file';
    await create(event);
    const before = await values(event);
    const path = saleFile(
      event,
      '  - {at: -8s, message: "soon"}\n  - {at: -5s, refill: 50, capacity: 300}\n' +
        '  - {at: 0s, refill: 80, ramp: 2s}\n  - {at: 2s, window: 400}\n  - {at: 10m, refill: 5}\n',
    );
    const planned = await item<{ forecast: { waitP95Sec: number } }>('sale', 'plan', path);
    expect(planned.forecast.waitP95Sec).toBeGreaterThan(5);
    expect(await values(event)).toEqual(before);

    const applied = await run('sale', 'apply', path, '--reason', 'on sale tonight');
    expect(applied.code, applied.stderr).toBe(0);
    await eventually(
      async () => (await status(event)).steps.filter(({ state }) => state === 'done').length >= 2,
      {
        withinMs: 25_000,
      },
    );
    // The command is gone; now the admin API dies as well, without a word, and another one comes.
    office.admins[0]?.child.kill('SIGKILL');
    await office.admins[0]?.ended;
    await pause(1_500);
    await office.addAdmin();
    await eventually(
      async () => (await status(event)).steps.filter(({ state }) => state === 'done').length === 5,
      {
        withinMs: 20_000,
      },
    );
    const { steps, state } = await status(event);
    expect(state).toBe('running');
    expect(steps.map(({ step }) => step)).toEqual([
      ...['opening', '1.message', '2.bucket', '3.bucket', '4.window', '5.bucket'],
    ]);
    const done = steps.filter(({ outcome }) => outcome !== undefined);
    const late = done.filter(({ outcome }) => (outcome?.lateSec ?? 99) > onTimeSec);
    expect(late).toEqual([]);
    const during = await values(event);
    expect(during).toMatchObject({ refill: 80, capacity: 300, window: 400, message: 'soon' });

    const trail = await item<AuditEntry[]>('audit', 'list', '--event', event, '--limit', '50');
    const ofSteps = trail.filter(({ client }) => client.startsWith('sale_'));
    expect(ofSteps.map(({ client }) => client.split(' ')[1]).toSorted()).toEqual(
      done.map(({ step }) => step).toSorted(),
    );
    expect(ofSteps.every(({ actor, reason }) => actor === 'omar' && reason === 'on sale tonight')).toBe(true);

    const back = await run('sale', 'rollback', event, '--reason', 'called off today');
    expect(back.code, back.stderr).toBe(0);
    // It has opened meanwhile, and stays so: its opening time is history.
    expect(await values(event)).toEqual({ ...before, opensAt: during.opensAt });
    expect((await status(event)).state).toBe('stopped');
    const again = await run('sale', 'rollback', event, '--reason', 'called off today');
    expect(again.code).toBe(0);
  }, 90_000);

  it('is refused with a step in the past, a floor of the HPA, or while another one runs; nothing is changed', async () => {
    const event = 'evt_refused';
    await create(event);
    const refused = async (steps: string) => {
      const ran = await run('sale', 'apply', saleFile(event, steps), '--reason', 'on sale tonight');
      return [ran.code, ran.stderr] as const;
    };
    expect(await refused('  - {at: -10m, refill: 5}\n')).toEqual([
      6,
      expect.stringContaining('the time of 1.bucket has passed'),
    ]);
    expect(await refused('  - {at: 5m, hpa: {min: 20}}\n')).toEqual([
      6,
      expect.stringContaining('does not lead an HPA'),
    ]);
    expect(await refused('  - {at: 5m, refil: 20}\n')).toEqual([2, expect.stringContaining('steps.0')]);
    expect((await run('sale', 'status', event)).code).toBe(3);
    expect((await refused('  - {at: 5m, refill: 20}\n'))[0]).toBe(0);
    expect(await refused('  - {at: 5m, refill: 30}\n')).toEqual([6, expect.stringContaining('is running')]);
    expect((await run('sale', 'rollback', event, '--reason', 'it was a test')).code).toBe(0);
    expect((await values(event)).refill).toBe(10);
  }, 60_000);

  it('is checked before: every line passes, and fails once its fault is there', async () => {
    const event = 'evt_checked';
    await create(event);
    const path = saleFile(event, '  - {at: 5m, refill: 20}\n', 600);
    const report = join(office.home, 'report.json');
    writeFileSync(report, JSON.stringify({ scenario: '30k', passed: true, endedAt: iso(-60) }));
    const config = join(office.home, 'config/tacos/config.yaml');
    mkdirSync(join(config, '..'), { recursive: true });
    const server = office.admins.at(-1)?.url;
    writeFileSync(config, `contexts:\n  lab: {server: "${server}", gateway: "${office.urls[0]}"}\n`);
    const check = async () => {
      const argv = ['sale', 'check', path, '--loadtest', report, '-c', 'lab', '-o', 'json'];
      const { stdout, stderr, code } = await office.tacos(argv, { env: { TACOS_SERVER: '' } });
      expect(stderr).toBe('');
      const { items } = JSON.parse(stdout) as { items: Finding[] };
      return { code, failing: items.filter(({ result }) => result === 'fail').map((one) => one.check) };
    };
    const asAda = (...argv: string[]) => office.tacos(argv, { as: 'ada', server: server ?? '' });
    const redisSet = (...pair: [string, string]) => office.look.config('SET', ...pair);
    await redisSet('appendonly', 'yes');
    await eventually(async () => expect(await check()).toEqual({ code: 0, failing: [] }), {
      withinMs: 20_000,
    });
    await redisSet('maxmemory-policy', 'allkeys-lru');
    await redisSet('maxmemory', '10mb');
    expect((await run('budget', 'set', '15', '--reason', 'backends are slow')).code).toBe(4);
    await asAda('budget', 'set', '15', '--reason', 'backends are slow');
    await eventually(
      async () =>
        expect(await check()).toEqual({
          code: 10,
          failing: expect.arrayContaining(['noeviction', 'sale-memory', 'sale-budget']),
        }),
      { withinMs: 20_000 },
    );
    const over = await run('sale', 'apply', path, '--reason', 'on sale tonight');
    expect([over.code, over.stderr]).toEqual([6, expect.stringContaining('of 15/s')]);
    await redisSet('maxmemory-policy', 'noeviction');
    await redisSet('maxmemory', '0');
    await asAda('budget', 'set', '1000', '--reason', 'backends are well');
  }, 90_000);

  it('is reported on afterwards: its totals are those of the visitors', async () => {
    const event = 'evt_told';
    await create(event);
    const path = saleFile(event, '  - {at: 1s, refill: 60}\n', 10);
    const applied = await run('sale', 'apply', path, '--reason', 'on sale tonight');
    expect(applied.code, applied.stderr).toBe(0);
    await eventually(async () => (await item<QueueSnapshot>('queue', 'get', event)).phase === 'open', {
      withinMs: 20_000,
      everyMs: 200,
    });
    const leaving = new AbortController();
    const crowd = { gateway: office.urls, event, visitors: 300, connections: 16 };
    const seen = await runCrowd({ ...crowd, arrivals: { kind: 'burst' } }, { signal: leaving.signal });
    interface Report {
      readonly joined: number;
      readonly admitted: number;
      readonly waits: { readonly people: number; readonly p50Ms: number; readonly maxMs: number };
      readonly changes: readonly AuditEntry[];
    }
    const report = await item<Report>('sale', 'report', event);
    expect([report.joined, report.admitted, report.waits.people]).toEqual([
      seen.joined,
      seen.admissions.total,
      seen.admissions.total,
    ]);
    expect(report.waits.p50Ms).toBeLessThanOrEqual(report.waits.maxMs);
    expect(Math.abs(report.waits.maxMs / 1_000 - seen.waitSec.max)).toBeLessThan(3);
    expect(report.changes.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['sale.apply', 'event.set', 'bucket.set', 'queue.open']),
    );
    expect((await run('sale', 'report', event)).stdout).toContain(`| let in | ${seen.admissions.total} |`);
  }, 60_000);
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/contract/audit.ts';
import type { SaleReport, SaleView } from '../../src/contract/sale.ts';
import type { QueueSnapshot } from '../../src/contract/snapshot.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Office, openOffice } from '../helpers/office.ts';
import { saleCheckTests } from '../helpers/sale-check-tests.ts';
import { saleReportTests } from '../helpers/sale-report-tests.ts';
import { type LongSale, runThreeMinutes } from '../helpers/three-minutes.ts';

/** Steps are run within this of their time, or of an admin process being there again, s. */
const onTimeSec = 5;

const iso = (afterSec: number) => new Date(Date.now() + afterSec * 1000).toISOString();

/** Commands at the admin API that was started last: those before it may be gone. */
function commandsOf(office: Office) {
  const run = (...argv: string[]) => office.tacos(argv, { server: office.admins.at(-1)?.url ?? '' });
  const item = async <T>(...argv: string[]): Promise<T> => {
    const { stdout, stderr, code } = await run(...argv, '-o', 'json');
    expect([code, stderr]).toEqual([0, expect.anything()]);
    return (JSON.parse(stdout) as { item: T; items: T }).item ?? (JSON.parse(stdout) as { items: T }).items;
  };
  const values = async (event: string) => {
    const { bucket, message } = await item<QueueSnapshot>('queue', 'get', event);
    const { refillPerSec, capacity, window } = bucket;
    return {
      refill: refillPerSec.target,
      capacity: capacity.target,
      window,
      message: message?.text ?? '',
    };
  };
  return { run, item, values };
}

describe('a sale as a file', () => {
  let office: Office;
  let long: { readonly office: Office; readonly sale: Promise<PromiseSettledResult<LongSale>[]> };
  beforeAll(async () => {
    const longOffice = await openOffice({ gateways: 1 });
    // Three minutes of waiting: the tests before the last one go on meanwhile.
    long = { office: longOffice, sale: Promise.allSettled([runThreeMinutes(longOffice, 'evt_long')]) };
    office = await openOffice({ gateways: 1 });
  }, 60_000);
  afterAll(() => Promise.all([office?.stop(), long?.office.stop()]), 60_000);

  function saleFile(event: string, steps: string, opensInSec = 12): string {
    const path = join(office.home, `${event}.yaml`);
    const head = `apiVersion: tacos/v1\nkind: Sale\nevent: ${event}\nopensAt: "${iso(opensInSec)}"\nlasts: 1h\nvisitors: 2000\n`;
    writeFileSync(path, `${head}steps:\n${steps}`);
    return path;
  }
  const create = async (event: string): Promise<void> => {
    const { run } = commandsOf(office);
    const opening = ['--opens-at', iso(3_600), '--refill', '10'];
    const made = await run('event', 'create', event, ...opening, '--reason', 'a new sale');
    expect(made.code, made.stderr).toBe(0);
  };

  it('is planned without a change, and rolled back before its opening, with its opening time', async () => {
    const { run, item, values } = commandsOf(office);
    const event = 'evt_file';
    await create(event);
    const opensAt = async () => (await item<{ opensAt: string }>('event', 'get', event)).opensAt;
    const before = { ...(await values(event)), opensAt: await opensAt() };
    const steps = (firstSec: number) =>
      saleFile(event, `  - {at: -${firstSec}s, refill: 50, capacity: 300}\n  - {at: 1s, refill: 5}\n`, 600);
    const path = steps(300);
    const planned = await item<{ forecast: { waitP95Sec: number } }>('sale', 'plan', path);
    expect(planned.forecast.waitP95Sec).toBeGreaterThan(5);
    expect({ ...(await values(event)), opensAt: await opensAt() }).toEqual(before);
    const applied = await run('sale', 'apply', steps(580), '--reason', 'on sale tonight');
    expect(applied.code, applied.stderr).toBe(0);
    const status = () => item<SaleView>('sale', 'status', event);
    await eventually(
      async () => (await status()).steps.filter(({ state }) => state === 'done').length === 2,
      {
        withinMs: 60_000,
        everyMs: 300,
      },
    );
    expect(await values(event)).toMatchObject({ refill: 50, capacity: 300 });
    expect(await opensAt()).not.toBe(before.opensAt);
    const back = await run('sale', 'rollback', event, '--reason', 'called off today');
    expect(back.code, back.stderr).toBe(0);
    expect({ ...(await values(event)), opensAt: await opensAt() }).toEqual(before);
    expect((await status()).state).toBe('stopped');
    expect((await run('sale', 'rollback', event, '--reason', 'called off today')).code).toBe(0);
  }, 120_000);

  it('is refused with a step in the past, a floor of the HPA, or while another one runs; nothing is changed', async () => {
    const { run, values } = commandsOf(office);
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
    expect(await refused('  - {at: 5m, refil: 20}\n')).toEqual([
      2,
      expect.stringContaining('step 1: there is no field "refil"'),
    ]);
    expect((await run('sale', 'status', event)).code).toBe(3);
    expect((await refused('  - {at: 5m, refill: 20}\n'))[0]).toBe(0);
    expect(await refused('  - {at: 5m, refill: 30}\n')).toEqual([6, expect.stringContaining('is running')]);
    expect((await run('sale', 'rollback', event, '--reason', 'it was a test')).code).toBe(0);
    expect((await values(event)).refill).toBe(10);
  }, 60_000);

  describe('and the list before it', saleCheckTests);

  describe('and the report on it', saleReportTests);

  describe('of three minutes, its CLI killed after step 1 and the admin API killed in the middle', () => {
    let sale: LongSale;
    beforeAll(async () => {
      const [settled] = await long.sale;
      if (settled?.status !== 'fulfilled') throw settled?.reason;
      sale = settled.value;
    }, 300_000);

    it('has all of its steps on time, each once, by the name of whoever applied it', async () => {
      expect([sale.cli, sale.state]).toEqual(['SIGKILL', 'done']);
      const late = sale.steps.map(({ step, dueMs }) => {
        const { interrupted, outcomes } = sale;
        const couldMs = step === interrupted.step ? Math.max(dueMs, interrupted.backAtMs) : dueMs;
        const { state, at = '' } = outcomes.get(step) ?? {};
        const lateSec = (Date.parse(at) - couldMs) / 1000;
        return { step, state, isOnTime: lateSec < onTimeSec, lateSec };
      });
      expect(late.filter(({ state, isOnTime }) => state !== 'done' || !isOnTime)).toEqual([]);
      const trail = await commandsOf(long.office).item<AuditEntry[]>(
        ...['audit', 'list', '--event', 'evt_long', '--limit', '50'],
      );
      const ofSteps = trail.filter(({ client }) => client.startsWith('sale_'));
      expect(ofSteps.map(({ client }) => client.split(' ')[1]).toSorted()).toEqual(
        ['opening', ...sale.steps.map(({ step }) => step)].toSorted(),
      );
      expect(ofSteps.every(({ actor, reason }) => actor === 'omar' && reason === 'on sale tonight')).toBe(
        true,
      );
    });

    it('is reported with the totals of the visitors', async () => {
      const { run, item } = commandsOf(long.office);
      const { seen } = sale;
      expect([seen.arrived, seen.connectionErrors]).toEqual([200, {}]);
      const report = await item<SaleReport & { changes: AuditEntry[] }>('sale', 'report', 'evt_long');
      expect([report.joined, report.admitted, report.left, report.waits.people]).toEqual([
        ...[seen.joined, seen.admissions.total, seen.outcomes.left, seen.admissions.total],
      ]);
      const refused: Record<string, number> = {};
      for (const { code, count } of report.refusals) refused[code] = (refused[code] ?? 0) + count;
      const { NOT_READY: notReady = 0, ...others } = refused;
      expect(seen.errors.QUEUE_FULL).toBeGreaterThan(0);
      expect([others, notReady]).toEqual([seen.errors, seen.refusalsAfterReady.total]);
      for (const [name, share] of [
        ['p50Ms', 'p50'],
        ['p95Ms', 'p95'],
        ['maxMs', 'max'],
      ] as const)
        expect(Math.abs((report.waits[name] ?? 0) / 1000 - seen.waitSec[share]), name).toBeLessThan(3);
      expect(report.changes.map(({ action }) => action)).toEqual(
        expect.arrayContaining(['sale.apply', 'event.set', 'bucket.set', 'queue.message', 'queue.open']),
      );
      expect(report.changes.every(({ actor }) => actor !== '')).toBe(true);
      expect((await run('sale', 'report', 'evt_long')).stdout).toContain(
        `| join | QUEUE_FULL | ${seen.errors.QUEUE_FULL} |`,
      );
    });

    it('is rolled back to the values before it, every one; it stays open', async () => {
      const { run, item, values } = commandsOf(long.office);
      expect(await values('evt_long')).toEqual({
        ...{ refill: 5, capacity: 200, window: 400, message: 'few are left' },
      });
      const back = await run('sale', 'rollback', 'evt_long', '--reason', 'it is over now');
      expect(back.code, back.stderr).toBe(0);
      // As an event is made with a refill of 10.
      await create('evt_fresh');
      expect(await values('evt_long')).toEqual(await commandsOf(office).values('evt_fresh'));
      expect((await item<QueueSnapshot>('queue', 'get', 'evt_long')).phase).toBe('open');
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliError } from '../errors.ts';
import { FakeMachine } from '../testing/fake-runtime.ts';
import { changeOf, snapshotOf } from '../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const set = (...more: string[]) => machine.run('bucket', 'set', 'evt_x', ...more);
const applied = () => machine.api.changes.filter(({ change }) => change.dryRun !== true);

describe('bucket set', () => {
  it('shows where and what before, and the receipt after', async () => {
    machine.api.changeNow = changeOf({ warnings: ['capacity 500 holds 2.5 s of refill'] });
    const { code, stdout, stderr } = await set('--refill', '80', '--reason', 'D1 faster');
    expect(code).toBe(0);
    expect(stderr.split('\n')).toEqual([
      ' DEV  env / evt_x',
      '   version   18',
      '   refill    50.0/s -> 80.0/s  (+60%)',
      '   capacity  500 (same)',
      '   warning   capacity 500 holds 2.5 s of refill',
      '',
    ]);
    expect(stdout).toMatch(
      /^ok: revision 19 in force on 5 of 6 gateways after 212 ms \(missing: gw-3 seen \d\d:03:20\), audit aud_7R0D\n$/,
    );
  });

  it('applies against the version that it planned on, with one key', async () => {
    await set('--refill', '80', '--capacity', '600', '--ramp', '2m', '--for', '15m', '--reason', 'D1 faster');
    expect(applied()).toEqual([
      {
        event: 'evt_x',
        change: { refillPerSec: 80, capacity: 600, rampSec: 120, forSec: 900, reason: 'D1 faster' },
        headers: { ifRevision: 18, idempotencyKey: expect.stringMatching(/^[\da-f-]{36}$/) },
      },
    ]);
    await set('--refill', '80', '--if-version', '7', '--idempotency-key', 'mine');
    expect(applied()[1]?.headers).toEqual({ ifRevision: 7, idempotencyKey: 'mine' });
  });

  it('changes nothing in a dry run', async () => {
    const { code, stdout } = await set('--refill', '80', '--dry-run');
    expect([code, stdout, applied()]).toEqual([0, 'dry run: nothing was changed\n', []]);
    const json = await set('--refill', '80', '--dry-run', '-o', 'json');
    expect(JSON.parse(json.stdout).item).toMatchObject({ kind: 'Change', applied: false });
  });

  it('prints nothing but data for programs', async () => {
    const { code, stdout, stderr } = await set('--refill', '80', '-o', 'json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'Change',
      context: 'env',
      item: { auditId: 'aud_7R0D' },
    });
    expect((await set('--refill', '80', '-o', 'name')).stdout).toBe('aud_7R0D\n');
    expect((await set('--refill', '80', '-q')).stderr).toBe('');
  });

  it.each([
    [[], 2, 'give --capacity, --refill or both'],
    [['--refill', '80', '--reason', 'short'], 2, '--reason needs at least 8 characters'],
    [['--refill', '80', '--for', 'long'], 2, '--for "long" is not a duration'],
    [['--refill', '80', '--idempotency-key', 'a b'], 2, '--idempotency-key'],
    [['--capacity', '1.5'], 2, '--capacity 1.5 is not a whole number'],
    [['--refill', '0'], 6, 'below the smallest'],
    [['--refill', '999999'], 6, 'over the highest'],
    [['--capacity', '0'], 6, 'outside of 1 to'],
  ])('refuses %j with exit %d', async (flags, code, message) => {
    const ran = await set(...flags);
    expect([ran.code, ran.stdout, machine.api.changes]).toEqual([code, '', []]);
    expect(ran.stderr).toContain(message);
  });

  it.each([
    ['VERSION_CONFLICT', 6, 'no' as const],
    ['FORBIDDEN', 4, 'no' as const],
    ['UNREACHABLE', 7, 'no' as const],
    ['REPLY_LOST', 9, 'unknown' as const],
  ])('passes on %s as exit %d', async (name, exitCode, happened) => {
    machine.api.failures.changeBucket = new CliError('so it is', { code: name, exitCode, applied: happened });
    const { code, stdout, stderr } = await set('--refill', '80', '-o', 'json');
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(JSON.parse(stderr).error).toMatchObject({ code: name, exitCode, applied: happened });
  });
});

describe('consent at production', () => {
  beforeEach(() => {
    machine.api.environment = 'production';
  });

  it('is asked on a terminal, and no means no', async () => {
    machine.answer = 'n';
    const no = await set('--refill', '80');
    expect([no.code, applied(), machine.asked]).toEqual([5, [], ['Apply to PROD? [y/N] ']]);
    expect(no.stderr).toMatch(/^ PROD {2}env \/ evt_x\n/);
    machine.answer = 'y';
    expect((await set('--refill', '80')).code).toBe(0);
  });

  it('is --yes in a script', async () => {
    expect((await set('--refill', '80')).code).toBe(5);
    expect((await set('--refill', '80', '--yes')).code).toBe(0);
  });

  it('wants a reason beyond double or below half', async () => {
    machine.api.changeNow = changeOf({
      after: { ...snapshotOf().bucket, refillPerSec: { now: 101, target: 101 } },
    });
    expect((await set('--refill', '101', '--yes')).code).toBe(5);
    expect((await set('--refill', '101', '--yes', '--reason', 'all backends up')).code).toBe(0);
  });

  it('is not asked for with --no-input', async () => {
    machine.answer = 'y';
    expect((await set('--refill', '80', '--no-input')).code).toBe(5);
    expect(machine.asked).toEqual([]);
  });
});

describe('event create', () => {
  const create = (...more: string[]) => machine.run('event', 'create', 'evt_new', ...more);

  it('says where, then what was made', async () => {
    const { code, stdout, stderr } = await create('--name', 'New', '--refill', '20', '--test');
    expect([code, stderr]).toEqual([0, ' DEV  env / evt_new\n']);
    expect(stdout).toBe('ok: event evt_new created, open, refill 50/s, capacity 500\n');
    expect(machine.api.created).toEqual([{ event: 'evt_new', name: 'New', refillPerSec: 20, test: true }]);
  });

  it('takes times with their offset only, and none in the past', async () => {
    expect((await create('--opens-at', '2026-12-01T11:00:00')).code).toBe(2);
    expect((await create('--opens-at', '2025-12-01T11:00:00+09:00')).stderr).toContain('is in the past');
    expect((await create('--prequeue-from', '2026-12-01T10:00:00Z')).code).toBe(2);
    expect((await create('--opens-at', '2026-12-01T11:00:00+09:00')).code).toBe(0);
    expect(machine.api.created[0]?.opensAt).toBe('2026-12-01T02:00:00.000Z');
  });

  it('sends nothing for a bad id or in a dry run', async () => {
    expect((await machine.run('event', 'create', '../etc')).code).toBe(2);
    expect((await create('--dry-run')).stdout).toBe('dry run: nothing was changed\n');
    expect(machine.api.created).toEqual([]);
  });

  it('prints the event for programs', async () => {
    const { stdout, stderr } = await create('-o', 'json');
    expect([JSON.parse(stdout).item.event, stderr]).toEqual(['evt_new', '']);
  });
});

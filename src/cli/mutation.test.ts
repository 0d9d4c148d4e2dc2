import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../contract/errors.ts';
import { CliError } from './errors.ts';
import { FakeMachine } from './testing/fake-runtime.ts';
import { changeOf, eventPlanOf, planOf, resultOf } from './testing/plans.ts';
import { auditOf, snapshotOf } from './testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const set = (...more: string[]) => machine.run('bucket', 'set', 'evt_x', '--refill', '80', ...more);
const pause = (...more: string[]) => machine.run('queue', 'pause', ...more);
const refusal = (code: ErrorCode | 'REPLY_LOST', exitCode: number, applied: 'no' | 'unknown' = 'no') =>
  new CliError('so it is', { code, exitCode, applied, hint: 'tacos audit list --event evt_x' });

describe('a change', () => {
  it('shows where and what before, and the receipt after', async () => {
    machine.api.changeNow = changeOf({ warnings: ['capacity 500 holds 2.5 s of refill'] });
    const { code, stdout, stderr } = await set('--reason', 'D1 faster', '-c', 'env');
    expect(code).toBe(0);
    expect(stderr.split('\n')).toEqual([
      ' DEV  env / evt_x   plan 5c1e  (version 18, data 0.4s old)',
      '   refill    50.0/s -> 80.0/s  (+60%)      capacity  500 (same)',
      '   empty in  6m14s -> 3m48s                redis cpu 41% -> ~47%',
      '   all events 60.0/s -> 90.0/s of 120.0/s',
      '   undo      for 15m',
      'warning: capacity 500 holds 2.5 s of refill',
      '',
    ]);
    expect(stdout).toMatch(
      /^ok: version 19 in force on 5 of 6 gateways after 212 ms \(missing: gw-3 seen \d\d:03:20\), audit aud_7R0D\. Undo for 15m: tacos undo aud_7R0D -c env\n$/,
    );
  });

  it('tells a warning of the plan once, and with --quiet in the receipt', async () => {
    const warnings = ['capacity 500 holds 2.5 s of refill'];
    machine.api.planNow = planOf({ items: [eventPlanOf({ warnings })] });
    machine.api.changeNow = changeOf({ warnings: [...warnings, 'places are still being ended'] });
    const times = (text: string, word: string): number => text.split(word).length - 1;
    const loud = await set('--reason', 'D1 faster');
    expect([times(loud.stderr, 'holds 2.5 s'), times(loud.stderr, 'still being ended')]).toEqual([1, 1]);
    const quiet = await set('--reason', 'D1 faster', '--quiet');
    expect(times(quiet.stderr, 'holds 2.5 s')).toBe(1);
  });

  it('sends what was planned, with the hash and the version of the plan, under one key', async () => {
    await set('--ramp', '2m', '--for', '15m', '--reason', 'D1 faster', '--ticket', 'INC-4471');
    const action = { type: 'bucket.set', refillPerSec: 80, rampSec: 120, forSec: 900 };
    expect(machine.api.plans).toEqual([{ events: ['evt_x'], action }]);
    expect(machine.api.acts).toEqual([
      {
        request: {
          events: ['evt_x'],
          action,
          planHash: '5c1e77aa90b1',
          reason: 'D1 faster',
          ticket: 'INC-4471',
        },
        headers: { ifRevision: 18, idempotencyKey: expect.stringMatching(/^[\da-f-]{36}$/) },
      },
    ]);
    await set('--if-version', '18', '--idempotency-key', 'mine');
    expect(machine.api.acts[1]?.headers).toEqual({ ifRevision: 18, idempotencyKey: 'mine' });
  });

  it('changes nothing in a dry run, which needs no consent', async () => {
    machine.api.environment = 'production';
    const { code, stdout } = await set('--dry-run');
    expect([code, stdout, machine.api.acts]).toEqual([0, 'dry run: nothing was changed\n', []]);
    const json = await set('--dry-run', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Plan', item: { kind: 'Plan', level: 'S1' } });
    expect(json.stderr).toBe('');
  });

  it('prints nothing but data for programs', async () => {
    const { code, stdout, stderr } = await set('-o', 'json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'Change',
      context: 'env',
      item: { kind: 'Change', results: [{ auditId: 'aud_7R0D', revision: 19 }] },
    });
    expect((await set('-o', 'name')).stdout).toBe('aud_7R0D\n');
    const lines = (await pause('evt_x', 'evt_y', '-o', 'jsonl', '--fields', 'event')).stdout;
    expect(lines).toBe('{"event":"evt_x"}\n{"event":"evt_y"}\n');
    expect((await set('-q')).stderr).toBe('');
  });

  it('to what is so already is done, and sends nothing', async () => {
    machine.api.planNow = planOf({ level: 'S3', items: [eventPlanOf({ unchanged: true })] });
    const { code, stdout } = await set();
    expect([code, stdout, machine.api.acts]).toEqual([0, 'ok: it was so already, nothing was changed\n', []]);
  });

  it('that is sent again by its key gets the first answer, though it is so by now', async () => {
    machine.api.planNow = planOf({ items: [eventPlanOf({ unchanged: true, revision: 19 })] });
    const { code, stdout } = await set('--idempotency-key', 'mine', '--if-version', '18');
    expect([code, stdout.slice(0, 14)]).toEqual([0, 'ok: version 19']);
    expect(machine.api.acts[0]?.headers).toEqual({ ifRevision: 18, idempotencyKey: 'mine' });
  });

  it.each([
    [['--reason', 'short'], 2, '--reason needs at least 8 characters'],
    [['--idempotency-key', 'a b'], 2, '--idempotency-key'],
    [['--ticket', 'é'], 2, '--ticket'],
    [['--if-version', '-1'], 2, 'a whole number'],
  ])('with %j is exit %d and asks no server', async (flags, code, message) => {
    const ran = await set(...flags);
    expect([ran.code, ran.stdout, machine.api.plans]).toEqual([code, '', []]);
    expect(ran.stderr).toContain(message);
  });

  it('is refused where the context is read-only or of another environment, and limits of the context hold', async () => {
    const context = (more: string) =>
      machine.config(`contexts: {here: {server: "http://127.0.0.1:1", ${more}}}`);
    context('readOnly: true');
    expect(await set('-c', 'here')).toMatchObject({ code: 6, stdout: '' });
    context('kind: prod');
    expect((await set('-c', 'here', '--yes')).stderr).toContain('says PROD, the server calls itself DEV');
    context('kind: dev, limits: {maxRefill: 60}');
    expect((await set('-c', 'here')).stderr).toContain('over the maxRefill of this context');
    expect(machine.api.acts).toEqual([]);
  });
});

describe('a refusal', () => {
  it('by a guard rail is exit 6 and says how an admin passes it', async () => {
    const refusals = [{ code: 'BUDGET', text: 'all events would use 130 of 120/s', canOverride: true }];
    machine.api.planNow = planOf({ items: [eventPlanOf({ refusals })] });
    const { code, stderr } = await set();
    expect([code, machine.api.acts]).toEqual([6, []]);
    expect(stderr).toContain('error: all events would use 130 of 120/s\n');
    expect(stderr).toContain('try   add --override (role admin)\n');
    expect((await set('--dry-run')).code).toBe(6);
    expect((await set('--override')).code).toBe(0);
    expect(machine.api.acts[0]?.request).toMatchObject({ override: true });
  });

  it('for a changed version shows the values that are in force now', async () => {
    machine.api.failures.act = refusal('VERSION_CONFLICT', 6);
    machine.api.snapshotNow = snapshotOf({ revision: 19, changes: [auditOf()] });
    const { code, stderr } = await set();
    expect(code).toBe(6);
    expect(stderr).toContain(
      'why   evt_x is at version 19 now: open, refill 50.0/s, capacity 500, window 500 (mina: refill 50->80, aud_7R0D); nothing was changed',
    );
    expect(stderr).toContain('try   tacos audit list --event evt_x\n');
  });

  it('for a version other than the one asked for comes before any consent', async () => {
    machine.api.environment = 'production';
    const { code, stderr } = await set('--if-version', '7');
    expect([code, machine.api.acts]).toEqual([6, []]);
    expect(stderr).toContain('error: the version is 18, not 7: refill is 50.0/s, capacity is 500\n');
  });

  it('with a lost answer names the audit query of the same place, and the plan to look for', async () => {
    machine.api.failures.act = refusal('REPLY_LOST', 9, 'unknown');
    const { code, stderr } = await set('-c', 'env');
    expect(code).toBe(9);
    expect(stderr).toContain('look for plan 5c1e77aa90b1\n');
    expect(stderr).toContain('try   tacos audit list --event evt_x -c env\n');
    const json = await set('-o', 'json');
    expect([json.stdout, JSON.parse(json.stderr).error]).toMatchObject(['', { applied: 'unknown' }]);
  });

  it('of the plan passes on as it is', async () => {
    machine.api.failures.plan = refusal('FORBIDDEN', 4);
    expect((await set()).code).toBe(4);
  });
});

describe('consent', () => {
  beforeEach(() => {
    machine.api.environment = 'production';
  });

  it('is asked on a terminal after the plan, and no means no', async () => {
    machine.answer = 'n';
    const no = await set('-q');
    expect([no.code, machine.api.acts, machine.asked]).toEqual([5, [], ['Apply to PROD? [y/N] ']]);
    expect(no.stderr).toMatch(/^ PROD {2}env \/ evt_x {3}plan 5c1e/);
    machine.answer = 'y';
    expect((await set()).code).toBe(0);
  });

  it('is flags in a script: yes for small ones, a reason too for felt ones', async () => {
    expect((await set()).code).toBe(5);
    expect((await set('--yes')).code).toBe(0);
    expect((await pause('evt_x', '--yes')).stderr).toContain('needs --reason TEXT');
    expect((await pause('evt_x', '--yes', '--reason', 'database failover')).code).toBe(0);
  });

  it('to what cannot be undone is the id, and sent along', async () => {
    const expire = ['queue', 'expire', 'evt_x', '--silent-for', '5m', '--reason', 'dead bots'];
    const yes = await machine.run(...expire, '--yes');
    expect([yes.code, machine.api.acts]).toEqual([5, []]);
    expect(yes.stderr).toContain('error: --yes is not enough for what cannot be fully undone');
    expect((await machine.run(...expire, '--confirm', 'evt_x')).code).toBe(0);
    expect(machine.api.acts[0]?.request).toMatchObject({ confirm: 'evt_x', reason: 'dead bots' });
  });

  it.each([
    ['with --no-input', ['--no-input'], {}],
    ['in CI', [], { CI: 'true' }],
    ['where the output is for programs', ['-o', 'json'], {}],
  ])('is never asked for %s', async (_where, flags, env) => {
    machine.answer = 'y';
    Object.assign(machine.env, env);
    expect((await set(...flags)).code).toBe(5);
    expect(machine.asked).toEqual([]);
  });

  it('does not count on old data: exit 7', async () => {
    machine.api.planNow = planOf({ dataAgeSec: 6.2 });
    expect(await set('--yes')).toMatchObject({ code: 7, stdout: '' });
  });
});

describe('a change of several events', () => {
  it('has a line for each, and its exit code says that one was refused', async () => {
    const error = { code: 'VERSION_CONFLICT', message: 'Changed meanwhile.' };
    const failed = resultOf({ event: 'evt_y', applied: false, auditId: null, error });
    machine.api.changeNow = changeOf({ results: [resultOf(), failed] });
    const { code, stdout } = await pause('evt_x', 'evt_y');
    expect(code).toBe(6);
    expect(stdout.split('\n').map((line) => line.slice(0, 20))).toEqual([
      'ok: evt_x version 19',
      'failed: evt_y VERSIO',
      '',
    ]);
    expect(machine.api.acts[0]?.headers.ifRevision).toBeUndefined();
    failed.error = { code: 'UNAVAILABLE', message: 'Away.' };
    expect((await pause('evt_x', 'evt_y')).code).toBe(1);
  });

  it('of none at all is done, and sends nothing', async () => {
    machine.api.planNow = planOf({ items: [] });
    const { code, stdout } = await pause('--all');
    expect([code, stdout, machine.api.acts]).toEqual([
      0,
      'ok: there is no event that it concerns, nothing was changed\n',
      [],
    ]);
    const yaml = await pause('--all', '-o', 'yaml');
    expect(yaml.stdout).not.toMatch(/[&*]a1/);
  });

  it('names no version, also where --all is one event only', async () => {
    machine.api.planNow = planOf();
    await pause('--all');
    expect(machine.api.acts[0]?.headers.ifRevision).toBeUndefined();
  });

  it('takes no --if-version', async () => {
    expect(await pause('evt_x', 'evt_y', '--if-version', '3')).toMatchObject({ code: 2, stdout: '' });
    expect((await pause('--all', '--if-version', '3')).code).toBe(2);
  });
});

describe('--wait', () => {
  it('follows until it is in force everywhere', async () => {
    const fleet = { ...snapshotOf().gateways, inForce: 5 };
    machine.api.snapshotNow = snapshotOf({ paused: true, revision: 19, gateways: fleet });
    setTimeout(() => {
      machine.api.snapshotNow = snapshotOf({ paused: true, revision: 19 });
    }, 100);
    expect((await pause('evt_x', '--wait', '--timeout', '5s')).code).toBe(0);
  });

  it('that runs out is exit 8: the change was made', async () => {
    machine.api.snapshotNow = snapshotOf({ phase: 'draining', revision: 19 });
    const drain = ['queue', 'drain', 'evt_x', '--wait', '--timeout', '50ms'];
    const { code, stdout, stderr } = await machine.run(...drain);
    expect([code, stdout.slice(0, 14)]).toEqual([8, 'ok: version 19']);
    expect(stderr).toContain('error: not finished in time: evt_x is draining with 18,234 waiting');
    const json = await machine.run(...drain, '-o', 'json');
    expect([json.code, json.stderr, JSON.parse(json.stdout).warnings.length]).toEqual([8, '', 1]);
  });

  it('ends at once on Ctrl-C, with its code: the change stays', async () => {
    machine.api.snapshotNow = snapshotOf({ phase: 'draining', revision: 19 });
    setTimeout(() => machine.signal('SIGINT'), 100);
    const { code, stdout } = await machine.run('queue', 'drain', 'evt_x', '--wait', '--timeout', '30s');
    expect([code, stdout.slice(0, 14)]).toEqual([130, 'ok: version 19']);
  });

  it('for an expiry ends once no more places end, for a deleted event once it is gone', async () => {
    const confirm = ['--confirm', 'evt_x', '--wait'];
    expect((await machine.run('queue', 'expire', 'evt_x', '--silent-for', '5m', ...confirm)).code).toBe(0);
    machine.api.failures.snapshot = refusal('EVENT_NOT_FOUND', 3);
    expect((await machine.run('event', 'delete', 'evt_x', ...confirm)).code).toBe(0);
  });
});

/** `tacos loadtest --distributed` as its user sees it; against a real Kubernetes API it is tried in test/kube. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadRun } from '../../../contract/loadtest.ts';
import { CliError } from '../../errors.ts';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { eventPlanOf, planOf } from '../../testing/plans.ts';
import { eventOf } from '../../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  machine.api.planNow = planOf({ action: 'loadtest.start', items: [eventPlanOf({ event: 'evt_load' })] });
});
afterEach(() => machine.remove());

const runOf = (stage: string, more: Partial<LoadRun> = {}): LoadRun => ({
  name: 'tacos-smoke-x',
  namespace: 'loadtest',
  scenario: 'smoke',
  event: 'evt_load',
  baseUrl: 'http://gateway:8000',
  runners: 2,
  stage,
  startedAt: '2026-11-21T05:00:00.000Z',
  actor: 'omar',
  auditId: 'aud_7Q2M',
  pods: { waiting: 0, running: 2, ended: 0 },
  problems: [],
  ...more,
});
const summary = JSON.stringify({
  run: { endedAt: '2026-11-21T05:03:00.000Z' },
  state: { testRunDurationMs: 20_000 },
  metrics: { http_reqs: { type: 'counter', values: { count: 240, rate: 12 } } },
});
const runners = (exitCode: number) => ['a', 'b'].map((pod) => ({ pod, exitCode, summary, said: '' }));
const start = (...argv: string[]) =>
  machine.run('loadtest', 'smoke', '--distributed', '2', '--event', 'evt_load', ...argv);
const actions = () => machine.api.acts.map(({ request }) => request.action.type);

describe('loadtest --distributed', () => {
  it('starts a test, follows it, writes one report of all runners, and removes it', async () => {
    machine.api.loadRunsNow = [runOf('started'), runOf('finished')];
    machine.api.loadSummariesNow = runners(0);
    const base = join(machine.home, 'report');
    const { code, stderr, stdout } = await start('--scale', '0.5', '--summary', base);
    expect([code, stdout]).toEqual([0, expect.stringContaining('smoke: passed')]);
    expect(stderr).toContain('started   2 of 2 runners run');
    expect(actions()).toEqual(['loadtest.start', 'loadtest.stop']);
    const [started, stopped] = machine.api.acts.map(({ request }) => request.action) as { name: string }[];
    expect(started).toMatchObject({ scenario: 'smoke', runners: 2, scale: 0.5 });
    expect(stopped?.name).toBe(started?.name);
    expect(JSON.parse(readFileSync(`${base}.json`, 'utf8'))).toMatchObject({
      requests: 480,
      baseUrl: 'http://gateway:8000',
    });
  });

  it('ends as k6 did, says which runners are missing, and removes it all the same', async () => {
    machine.api.loadRunsNow = [runOf('finished')];
    machine.api.loadSummariesNow = runners(99).slice(0, 1);
    const crossed = await start();
    expect([crossed.code, crossed.stderr]).toEqual([
      99,
      expect.stringContaining('1 of 2 runners left no summary'),
    ]);
    machine.api.loadRunsNow = [runOf('error', { problems: ['1 pod: ImagePullBackOff'] })];
    machine.api.loadSummariesNow = [];
    const failed = await start();
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('ImagePullBackOff')]);
    expect(actions()).toEqual(['loadtest.start', 'loadtest.stop', 'loadtest.start', 'loadtest.stop']);
  });

  it('on Ctrl-C removes it and ends with 130', async () => {
    machine.api.loadRunsNow = [runOf('started')];
    const running = start();
    setTimeout(() => machine.signal('SIGINT'), 200);
    expect((await running).code).toBe(130);
    expect(actions()).toEqual(['loadtest.start', 'loadtest.stop']);
  });

  it('removes nothing where nothing was started', async () => {
    machine.api.failures.act = new CliError('no', { code: 'CLUSTER_FORBIDDEN', exitCode: 4 });
    expect([(await start()).code, actions()]).toEqual([4, ['loadtest.start']]);
  });

  it('says how to remove what it could not', async () => {
    machine.api.loadRunsNow = [runOf('started')];
    const running = start();
    setTimeout(() => {
      machine.api.failures.act = new CliError('away', { code: 'CLUSTER_UNAVAILABLE', exitCode: 7 });
      machine.signal('SIGINT');
    }, 200);
    const { code, stderr } = await running;
    expect([code, stderr]).toEqual([130, expect.stringContaining('tacos loadtest stop tacos-smoke-')]);
  });

  it('prints manifests with --dry-run -o yaml and json, and else the plan', async () => {
    const yaml = await start('--dry-run', '-o', 'yaml');
    expect([yaml.code, yaml.stdout]).toEqual([0, 'apiVersion: v1\nkind: ConfigMap\n']);
    expect(JSON.parse((await start('--dry-run', '-o', 'json')).stdout)).toMatchObject({ kind: 'List' });
    expect(machine.api.manifestsAsked[0]).toMatchObject({ scenario: 'smoke', event: 'evt_load', runners: 2 });
    const plan = await start('--dry-run');
    expect([plan.code, plan.stdout]).toEqual([0, 'dry run: nothing was changed\n']);
    expect(actions()).toEqual([]);
  });

  it('takes neither a gateway nor a k6 of the command line', async () => {
    for (const flag of ['--base-url', '--k6']) expect((await start(flag, 'http://127.0.0.1:1')).code).toBe(2);
  });

  it('wants consent at a protected context, and there a test event', async () => {
    machine.env = { TACOS_TOKEN: 'token' };
    machine.config('contexts:\n  there: {server: "https://admin.example", kind: prod, protected: true}\n');
    machine.api.environment = 'production';
    machine.api.planNow = planOf({ level: 'S2', items: [eventPlanOf({ event: 'evt_load' })] });
    machine.api.eventsNow = [eventOf({ event: 'evt_load', kind: 'operator' })];
    const yes = ['-c', 'there', '--yes', '--reason', 'load test before D1'];
    expect((await start(...yes)).code).toBe(6);
    machine.api.eventsNow = [eventOf({ event: 'evt_load', kind: 'test' })];
    expect((await start('-c', 'there')).code).toBe(5);
    expect(actions()).toEqual([]);
    machine.api.loadRunsNow = [runOf('finished')];
    machine.api.loadSummariesNow = runners(0);
    expect((await start(...yes)).code).toBe(0);
    expect(machine.api.acts[0]?.request.reason).toBe('load test before D1');
  });
});

describe('loadtest runs, watch and stop', () => {
  it('list what is there, follow one to its end, and stop it', async () => {
    machine.api.loadRunsNow = [runOf('finished')];
    const runs = await machine.run('loadtest', 'runs');
    expect([runs.code, runs.stdout]).toEqual([0, expect.stringContaining('tacos-smoke-x')]);
    const watched = await machine.run('loadtest', 'watch', 'tacos-smoke-x', '-o', 'json');
    expect([watched.code, JSON.parse(watched.stdout).item.stage]).toEqual([0, 'finished']);
    machine.api.loadRunsNow = [runOf('error')];
    expect((await machine.run('loadtest', 'watch', 'tacos-smoke-x')).code).toBe(1);
    machine.api.planNow = undefined;
    expect((await machine.run('loadtest', 'stop', 'tacos-smoke-x')).code).toBe(0);
    expect(actions()).toEqual(['loadtest.stop']);
    machine.api.loadRunsNow = [runOf('started')];
    const late = await machine.run('loadtest', 'watch', 'tacos-smoke-x', '--timeout', '1ms');
    expect([late.code, late.stderr]).toEqual([8, expect.not.stringContaining('stopped')]);
    expect(actions()).toEqual(['loadtest.stop']);
    for (const argv of [['watch'], ['stop', 'No Name'], ['runs', 'x'], ['smoke', 'x']])
      expect([argv, (await machine.run('loadtest', ...argv)).code]).toEqual([argv, 2]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliError } from '../../errors.ts';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { hpaOf } from '../../testing/hpa-view.ts';
import { eventPlanOf, planOf } from '../../testing/plans.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  machine.env.TZ = 'UTC';
});
afterEach(() => machine.remove());

const actions = () => machine.api.acts.map(({ request }) => request.action);
const hold = {
  min: 10,
  minBefore: 3,
  until: '2026-11-21T05:33:21.000Z',
  auditId: 'aud_7R0D',
  actor: 'mina',
};

describe('hpa get', () => {
  it('prints what is asked for, what runs, and why they differ', async () => {
    machine.api.hpaNow = hpaOf({
      replicas: { asked: 10, current: 6, ready: 5 },
      why: [{ code: 'Starting', text: '4 of 10 pods do not exist yet' }],
    });
    expect((await machine.run('hpa', 'get')).stdout).toBe(
      'NAME     MIN  MAX  ASKED  RUN  READY  CPU         HOLD  WHY\n' +
        'gateway    3   50     10    6      5  41% of 60%  -     4 of 10 pods do not exist yet\n',
    );
    expect((await machine.run('hpa', 'get', '-o', 'wide')).stdout).toContain('Argo CD shop');
  });

  it('says which one is meant: by -n, or as the context has it', async () => {
    await machine.run('hpa', 'get', '-n', 'shop');
    machine.config('contexts: {a: {server: "http://127.0.0.1:1", kube: {namespace: gw, hpa: gate}}}');
    await machine.run('hpa', 'get', '-c', 'a');
    await machine.run('hpa', 'get', '-c', 'a', '-n', 'shop');
    expect(machine.api.hpaAsked).toEqual([
      { namespace: 'shop' },
      { namespace: 'gw', name: 'gate' },
      { namespace: 'shop', name: 'gate' },
    ]);
  });
});

describe('hpa diff', () => {
  it('sets what was declared against what is in force, and pods asked for against pods ready', async () => {
    machine.api.hpaNow = hpaOf({ minReplicas: 10, hold, replicas: { asked: 10, current: 10, ready: 8 } });
    const { stdout } = await machine.run('hpa', 'diff');
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/).map((cell) => cell.trim()));
    expect(rows.slice(1)).toEqual([
      ['minReplicas', '3', '10', 'no', `held by mina until ${hold.until}`],
      ['maxReplicas', '50', '50', 'yes', '-'],
      ['targetCpuPercent', '-', '60', 'yes', 'nowhere declared'],
      ['replicas', '10', '8', 'no', '-'],
    ]);
  });

  it('with values says what they would change, and changes nothing', async () => {
    const row = { name: 'minReplicas', unit: 'pods', before: 3, after: 10 } as const;
    const refusal = { code: 'FIELD_CONFLICT', text: 'minReplicas belongs to helm', canOverride: false };
    const item = eventPlanOf({ event: null, subject: 'hpa/gateway', rows: [row], refusals: [refusal] });
    machine.api.planNow = planOf({ items: [item] });
    const { stdout } = await machine.run('hpa', 'diff', '--min', '10', '-o', 'jsonl');
    expect(JSON.parse(stdout)).toEqual({
      field: 'minReplicas',
      asked: 10,
      real: 3,
      same: false,
      why: 'minReplicas belongs to helm',
    });
    expect(machine.api.plans[0]?.action).toEqual({ type: 'hpa.patch', min: 10 });
    expect(machine.api.acts).toEqual([]);
  });
});

describe('hpa patch', () => {
  it('sends what was asked for', async () => {
    const { code } = await machine.run('hpa', 'patch', '--min', '10', '--max', '60', '--hold', '30m');
    expect(code).toBe(0);
    await machine.run('hpa', 'patch', '--target-cpu', '70', '--take-over', '-n', 'gw');
    expect(actions()).toEqual([
      { type: 'hpa.patch', min: 10, max: 60, holdSec: 1_800 },
      { type: 'hpa.patch', targetCpuPercent: 70, takeOver: true, namespace: 'gw' },
    ]);
  });

  it('below the pods that run is confirmed by its name, not by --yes', async () => {
    const row = { name: 'maxReplicas', unit: 'pods', before: 50, after: 4 } as const;
    const item = eventPlanOf({
      event: null,
      subject: 'hpa/gateway',
      revision: 4,
      rows: [row],
      consequences: [],
    });
    machine.api.planNow = planOf({ level: 'S3', items: [item] });
    const refused = await machine.run('hpa', 'patch', '--max', '4', '--yes');
    expect([refused.code, refused.stderr.split('\n')[0]]).toEqual([
      5,
      ' DEV  env / hpa/gateway   plan 5c1e  (version 4, data 0.4s old)',
    ]);
    expect(refused.stderr).toContain('--confirm hpa/gateway');
    expect((await machine.run('hpa', 'patch', '--max', '4', '--confirm', 'hpa/gateway')).code).toBe(0);
    expect(machine.api.acts[0]?.request.confirm).toBe('hpa/gateway');
  });

  it('with --wait ends once the floor is ready', async () => {
    machine.api.hpaNow = hpaOf({ minReplicas: 10, replicas: { asked: 10, current: 10, ready: 9 } });
    const late = await machine.run('hpa', 'patch', '--min', '10', '--wait', '--timeout', '50ms');
    expect([late.code, late.stderr]).toEqual([8, expect.stringContaining('9 of 10 gateways are ready')]);
    machine.api.hpaNow = hpaOf({ minReplicas: 10, replicas: { asked: 10, current: 10, ready: 10 } });
    expect((await machine.run('hpa', 'patch', '--min', '10', '--wait')).code).toBe(0);
  });

  it.each([
    [[]],
    [['--min', '0']],
    [['--min', '9', '--max', '8']],
    [['--hold', 'long']],
    [['--target-cpu', 'x']],
  ])('with %j is exit 2', async (words) => {
    expect(await machine.run('hpa', 'patch', ...words)).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('hpa watch', () => {
  it('prints a row at once, and ends when it is so', async () => {
    const { code, stdout } = await machine.run('hpa', 'watch', '--until', 'ready>=6 && held==0');
    const [head, row] = stdout.split('\n');
    expect([code, head?.split(/ +/).slice(0, 4)]).toEqual([0, ['TIME', 'MIN', 'MAX', 'ASKED']]);
    expect(row?.trim().split(/ +/).slice(1, 6)).toEqual(['3', '50', '6', '6', '6']);
  });

  it('prints one object a line with -o jsonl', async () => {
    const { stdout } = await machine.run(
      'hpa',
      'watch',
      '--once',
      '-o',
      'jsonl',
      '--fields',
      'name,replicas.asked',
    );
    expect(JSON.parse(stdout)).toEqual({ name: 'gateway', replicas: { asked: 6 } });
  });

  it('says when it was not so in time', async () => {
    const { code, stderr } = await machine.run('hpa', 'watch', '--until', 'ready>=9', '--timeout', '30ms');
    expect([code, stderr]).toEqual([8, expect.stringContaining('not so in time: ready>=9')]);
  });

  it('ends with the code of what is wrong from the start, and outlives what comes later', async () => {
    machine.api.failures.hpa = new CliError('gone', { code: 'CLUSTER_UNAVAILABLE', exitCode: 7 });
    expect((await machine.run('hpa', 'watch')).code).toBe(7);
    delete machine.api.failures.hpa;
    const running = machine.run('hpa', 'watch', '--until', 'ready>=9', '--timeout', '5s');
    await new Promise((resolve) => setTimeout(resolve, 100));
    machine.api.failures.hpa = new CliError('gone', { code: 'CLUSTER_UNAVAILABLE', exitCode: 7 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    delete machine.api.failures.hpa;
    machine.api.hpaNow = hpaOf({ replicas: { asked: 9, current: 9, ready: 9 } });
    const { code, stderr, stdout } = await running;
    expect([code, stderr.match(/STALE/g)?.length, stdout.trim().split('\n').length]).toEqual([0, 1, 3]);
  });

  it.each([
    ['--until', 'pods>3'],
    ['-o', 'yaml'],
    ['--interval', 'often'],
  ])('%s %s is exit 2', async (...words) => {
    expect((await machine.run('hpa', 'watch', ...words)).code).toBe(2);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../contract/doctor.ts';
import type { SalePlanView } from '../../../contract/sale.ts';
import { CliError } from '../../errors.ts';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { planFor } from '../../testing/plans.ts';
import { refusedStep, saleOf } from '../../testing/sale.ts';
import { auditOf } from '../../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const head = `apiVersion: tacos/v1
kind: Sale
event: evt_x
opensAt: "2026-11-21T15:00:00+09:00"
lasts: 2h
visitors: 3000
`;
const file = (steps: string, more = ''): string => {
  const path = join(machine.home, 'sale.yaml');
  writeFileSync(path, `${head}${more}steps:\n${steps}`);
  return path;
};
const steps =
  '  - {at: 5m, refill: 80, ramp: 1m30s}\n  - {at: -10m, message: "soon, at last", for: 10m}\n' +
  '  - {at: 0s, capacity: 400, window: 900}\n  - {at: "2026-11-21T07:00:00Z", refill: 20, for: 30m}\n';

describe('the file', () => {
  it('is sent as one action: times made absolute, an action for each thing, by time', async () => {
    const { code } = await machine.run('sale', 'apply', file(steps), '--yes', '--reason', 'on sale tonight');
    expect(code).toBe(0);
    const [act] = machine.api.acts;
    expect(act?.request).toMatchObject({ events: ['evt_x'], reason: 'on sale tonight' });
    const at = (time: string) => `2026-11-21T${time}.000Z`;
    expect(act?.request.action).toEqual({
      type: 'sale.apply',
      opensAt: at('06:00:00'),
      endsAt: at('08:00:00'),
      visitors: 3_000,
      steps: [
        {
          id: '2.message',
          at: at('05:50:00'),
          action: { type: 'queue.message', text: 'soon, at last', forSec: 600 },
        },
        { id: '3.bucket', at: at('06:00:00'), action: { type: 'bucket.set', capacity: 400 } },
        { id: '3.window', at: at('06:00:00'), action: { type: 'settings.set', window: 900 } },
        { id: '1.bucket', at: at('06:05:00'), action: { type: 'bucket.set', refillPerSec: 80, rampSec: 90 } },
        {
          id: '4.bucket',
          at: at('07:00:00'),
          action: { type: 'bucket.set', refillPerSec: 20, forSec: 1_800 },
        },
      ],
    });
  });

  it.each([
    ['  - {at: 5m}\n', 'step 1: it changes nothing'],
    ['  - {at: 5m, refill: 5}\n  - {at: 5m, refill: 0}\n', 'step 2: refill 0 is too small: at least 0.01'],
    ['  - {at: soon, refill: 5}\n', 'step 1: at "soon" is not a time with its offset, or -10m, 0s, 5m'],
    ['  - {refill: 5}\n', 'step 1: at is missing, such as at: 5m'],
    ['  - {at: 5m, refill: 5, for: long}\n', 'step 1: for "long" is not a duration such as 90s, 10m, 1h30m'],
    ['  - {at: 5m, refill: many}\n', 'step 1: refill "many" is no number'],
    ['  - {at: 5m, window: 5, ramp: 5m}\n', 'step 1: ramp is for refill and capacity'],
    ['  - {at: 5m, refill: 5, ramp: 5m, for: 1m}\n', 'step 1: ramp is longer than for'],
    ['  - {at: 5m, refil: 5}\n', 'step 1: there is no field "refil": did you mean refill?'],
    ['  - {at: 5m, hpa: {min: 0}}\n', 'step 1: hpa.min 0 is too small: at least 1'],
    ['  - {at: 5m, hpa: {mins: 3, min: 3}}\n', 'step 1: there is no field "mins" in hpa: did you mean min?'],
    ['  - 5\n', 'step 1: the step 5 is no mapping of fields'],
  ])('that says %j is exit 2, and nothing is sent', async (wrong, why) => {
    const { code, stderr } = await machine.run('sale', 'apply', file(wrong), '--yes');
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
    expect(machine.api.plans).toEqual([]);
  });

  it.each([
    ['visitors: 3000\n', '', 'visitors is missing, such as visitors: 300000'],
    [
      'opensAt: "2026-11-21T15:00:00+09:00"',
      'opensAt: tonight',
      'opensAt "tonight" is not a time with its offset, such as "20',
    ],
    ['kind: Sale', 'kind: Event', 'kind "Event" must be Sale'],
    ['visitors:', 'visitor:', 'visitors is missing'],
    ['lasts:', 'prequeueFrom: "2026-11-21T16:00:00+09:00"\nlasts:', 'prequeueFrom is after opensAt'],
    ['visitors: 3000', 'visitors: [', 'is not YAML'],
  ])('with %j as %j is exit 2, in the words of the file', async (right, wrong, why) => {
    const path = file(steps);
    writeFileSync(path, readFileSync(path, 'utf8').replace(right, wrong));
    const { code, stderr } = await machine.run('sale', 'plan', path);
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
    expect(stderr).not.toMatch(/:\n/);
  });

  it('that is not there is exit 2', async () => {
    expect((await machine.run('sale', 'plan', join(machine.home, 'none.yaml'))).code).toBe(2);
  });
});

describe('sale plan', () => {
  it('says the steps and what the model foresees, and changes nothing', async () => {
    const { code, stdout } = await machine.run('sale', 'plan', file(steps));
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^STEP +AT +WHAT\n2\.message +2026-11-21T05:50:00\.000Z +message "soon, at last", for 600 s\n/,
    );
    expect(stdout).toMatch(
      /\nwait +half .+, 95 % .+, longest .+\nempty +.+ after the opening; 3,000 let in\n$/,
    );
    expect(machine.api.acts).toEqual([]);
  });

  it.each([
    [
      '  - {at: 3h, window: 50}\n',
      /step 1 is after the sale's end at 2026-11-21T08:00:00\.000Z, .+: raise lasts/,
    ],
    [
      '  - {at: 5m, refill: 50}\n  - {at: 5m, refill: 60}\n',
      /steps 1 and 2 set refill at the same time, and 2 holds: take one out/,
    ],
    [
      '  - {at: 0s, capacity: 500, ramp: 10m}\n  - {at: 2m, capacity: 400}\n',
      /step 2 cuts the ramp of capacity of step 1 short, after 2m00s of 10m00s: move it/,
    ],
    ['  - {at: 0s, refill: 0.1}\n', /the line is empty .+, and the sale lasts 2h00m: raise refill, or lasts/],
  ])('and the list before a sale warn of what %j may not mean', async (odd, warning) => {
    const { code, stderr } = await machine.run('sale', 'plan', file(odd));
    expect([code, stderr.match(/^warning: /gm)?.length]).toEqual([0, 1]);
    expect(stderr).toMatch(warning);
    const checked = await machine.run('sale', 'check', file(odd));
    expect(checked.stdout).toMatch(new RegExp(`warn {2}sale-file evt_x: ${warning.source}`));
  });

  it('has nothing to warn of where one step follows a ramp that has ended, or sets something else', async () => {
    const fine =
      '  - {at: 0s, refill: 80, ramp: 1m}\n  - {at: 30s, capacity: 900}\n  - {at: 1m, refill: 90}\n';
    expect((await machine.run('sale', 'plan', file(fine))).stderr).toBe('');
  });

  it('is exit 6 where the server would refuse it, with the reason', async () => {
    const request = { events: ['evt_x'], action: { type: 'sale.rollback' } } as const;
    const plan = planFor({ ...request, events: [...request.events] });
    const [item] = plan.items;
    if (item === undefined) throw new Error('a plan without items');
    const refusals = [{ code: 'SALE_RUNNING', text: 'another one is running', canOverride: false }];
    machine.api.planNow = { ...plan, items: [{ ...item, refusals }] };
    const { code, stdout, stderr } = await machine.run('sale', 'plan', file(steps), '-o', 'json');
    const { item: view } = JSON.parse(stdout) as { item: SalePlanView };
    expect([code, stderr, view.refusals]).toEqual([6, '', ['another one is running']]);
  });
});

describe('sale status', () => {
  it('shows each step with what became of it, and warns of refused ones', async () => {
    machine.api.saleNow = saleOf({ steps: [...saleOf().steps, refusedStep] });
    const { code, stdout, stderr } = await machine.run('sale', 'status', 'evt_x');
    expect([code, stderr]).toEqual([0, 'warning: refused: 1.bucket\n']);
    expect(stdout).toMatch(/^sale +sale_0123456789, running\napplied +.+ by mina: on sale tonight\n/);
    expect(stdout).toMatch(
      /\n1\.bucket .+ failed +0\.3s +- +refill 400\/s: all events would take 400 of 120\/s\n/,
    );
    expect((await machine.run('sale', 'status', 'evt_x', '-o', 'name')).stdout).toBe('sale_0123456789\n');
  });
});

it('sale apply --wait goes on until the last step is over, and is exit 8 when its time is', async () => {
  const apply = (...argv: string[]) =>
    machine.run('sale', 'apply', file(steps), '--yes', '--reason', 'on sale tonight', ...argv);
  const late = await apply('--wait', '--timeout', '50ms');
  expect([late.code, late.stderr]).toEqual([8, expect.stringContaining('1 of 2 steps of evt_x are over')]);
  machine.api.saleNow = saleOf({ state: 'done' });
  expect((await apply('--wait')).code).toBe(0);
});

it('sale apply ends with what shows the sale, and what ends it', async () => {
  const apply = (...argv: string[]) =>
    machine.run('sale', 'apply', file(steps), '--yes', '--reason', 'on sale tonight', ...argv);
  const next = /\nnext: tacos sale status evt_x .+, tacos sale rollback evt_x /;
  expect((await apply()).stderr).toMatch(next);
  expect((await apply('--dry-run')).stderr).not.toMatch(next);
  expect((await apply('-o', 'json')).stderr).toBe('');
});

it('sale rollback is one action', async () => {
  const { code } = await machine.run('sale', 'rollback', 'evt_x', '--yes', '--reason', 'called off today');
  expect([code, machine.api.acts[0]?.request.action]).toEqual([0, { type: 'sale.rollback' }]);
});

describe('sale check', () => {
  const check = async (...argv: string[]) => {
    const ran = await machine.run('sale', 'check', file(steps), ...argv, '-o', 'json');
    const { items = [] } = ran.stdout === '' ? {} : (JSON.parse(ran.stdout) as { items: Finding[] });
    return { ...ran, of: (name: string) => items.find((each) => each.check === name) };
  };

  it('asks the server with the figures of the file, and lists its lines and its own', async () => {
    const { code, of } = await check();
    expect(machine.api.saleChecks).toEqual([
      expect.objectContaining({ visitors: 3_000, joinPerSec: 300, endsAt: '2026-11-21T08:00:00.000Z' }),
    ]);
    expect(of('sale-file')?.result).toBe('pass');
    expect(of('loadtest')).toMatchObject({ result: 'fail', next: 'tacos loadtest 5k' });
    const large = file(steps, 'joinRate: 30000\n');
    const { stdout: asked } = await machine.run('sale', 'check', large, '-o', 'json');
    expect(asked).toContain('tacos loadtest 30k"');
    expect(of('synthetic-visitor')).toMatchObject({
      result: 'fail',
      next: expect.stringContaining('tacos context set'),
    });
    expect(code).toBe(10);
    const { stdout } = await machine.run('sale', 'check', file(steps));
    expect(stdout).toMatch(/^pass {2}sale-file evt_x: the server would take it\n/);
  });

  it('says so where the event of the synthetic visitor is left behind', async () => {
    machine.config('contexts: {a: {server: "http://127.0.0.1:1", gateway: "http://127.0.0.1:1"}}');
    const { api } = machine;
    const act = api.act.bind(api);
    api.act = async (request, headers) => {
      if (request.action.type === 'event.delete')
        throw new CliError('away', { code: 'UNAVAILABLE', exitCode: 7 });
      return act(request, headers);
    };
    const { of } = await check('-c', 'a');
    expect(of('synthetic-visitor')).toMatchObject({
      result: 'fail',
      text: 'the test event could not be deleted: away',
      next: expect.stringMatching(/^tacos event delete check-[0-9a-f]{8} -c a$/),
    });
  });

  it('takes a load test that passed lately, and no other', async () => {
    const report = join(machine.home, 'report.json');
    const write = (data: object) => writeFileSync(report, JSON.stringify(data));
    const result = async () => (await check('--loadtest', report)).of('loadtest');
    const good = { scenario: '5k', passed: true, partial: false, endedAt: '2026-11-20T05:00:00Z' };
    const rates = { requestsPerSec: 290, peakPerSec: 310 };
    write({ item: { ...good, ...rates } });
    const text = '5k passed, 24h03m ago, with 310 requests/s at most; the file expects 300 joins/s';
    expect(await result()).toMatchObject({ result: 'pass', text });
    // Seen without the admin API.
    write({ ...good, requestsPerSec: 290, peakPerSec: null });
    expect((await result())?.result).toBe('pass');
    for (const [change, why] of [
      [{ passed: false }, 'failed'],
      [{ partial: true }, 'stopped before its end'],
      [{ endedAt: '2026-10-01T00:00:00Z' }, 'passed, but'],
      [
        { requestsPerSec: 15, peakPerSec: 16 },
        'with 16 requests/s at most, and the file expects 300 joins/s',
      ],
    ] as const) {
      write({ ...good, ...rates, ...change });
      expect(await result()).toMatchObject({ result: 'fail', text: expect.stringContaining(why) });
    }
    write({ ...good, ...rates, scenario: 'smoke' });
    expect(await result()).toMatchObject({ result: 'warn', next: 'tacos loadtest 5k' });
    write({ passed: 'yes' });
    expect(await result()).toMatchObject({ result: 'fail', text: expect.stringContaining('no report') });
  });

  it('says that the clock is off, and that the server would refuse the file', async () => {
    machine.api.clockSkewSec = -9;
    machine.api.failures.plan = new CliError('This opening time has passed.', {
      code: 'BAD_REQUEST',
      exitCode: 2,
    });
    const { of } = await check();
    expect(of('sale-file')).toMatchObject({ result: 'fail', text: 'This opening time has passed.' });
    expect((await check()).of('clock-skew')).toMatchObject({
      result: 'fail',
      next: 'timedatectl set-ntp true',
    });
  });
});

it('sale report is Markdown with figures, steps and every change since, oldest first', async () => {
  machine.api.auditNow = [
    auditOf({ at: '2026-11-21T05:04:00.000Z', summary: 'refill 50 -> 80 | faster' }),
    auditOf({ at: '2026-11-21T05:01:00.000Z', auditId: 'aud_first' }),
    auditOf({ at: '2026-11-21T04:00:00.000Z', auditId: 'aud_before' }),
  ];
  const { code, stdout, stderr } = await machine.run('sale', 'report', 'evt_x');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^# Sale report: evt_x\n/);
  expect(stdout).toContain('| let in | 2,400 |\n');
  expect(stdout).toContain('| wait, 95 % | 1m50s |\n');
  expect(stdout).toContain('| 2.window | 2026-11-21T06:05:00.000Z | window 1000 | pending |  |');
  expect(stdout).toContain('| refused | 1,237 |\n');
  expect(stdout).toContain('| join | QUEUE_FULL | 1,234 |\n');
  expect(stdout).toContain('| 2026-11-21T06:01:00.000Z | redis-away | 12s | Redis was not there');
  expect(stdout).toContain('| redis-cpu | crit | 2m00s | Redis uses 91 % of its core |');
  expect(stdout).toContain('| dead-heads | warn | not over | 90 people');
  expect(stdout).toContain('refill 50 -> 80 \\| faster');
  expect(stdout.indexOf('aud_first')).toBeLessThan(stdout.indexOf('aud_7R0D'));
  expect(stdout).not.toContain('aud_before');
  const { item } = JSON.parse((await machine.run('sale', 'report', 'evt_x', '-o', 'json')).stdout) as {
    item: { changes: object[] };
  };
  expect(item.changes).toHaveLength(2);
});

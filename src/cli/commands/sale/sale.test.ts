import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SalePlanView } from '../../../contract/sale.ts';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { planFor } from '../../testing/plans.ts';

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
    ['  - {at: 5m, refill: 0}\n', 'steps.0.refill'],
    ['  - {at: soon, refill: 5}\n', 'steps.0.at'],
    ['  - {at: 5m, window: 5, ramp: 5m}\n', 'step 1: ramp is for refill and capacity'],
    ['  - {at: 5m, refill: 5, ramp: 5m, for: 1m}\n', 'step 1: ramp is longer than for'],
    ['  - {at: 5m, refill: 5, colour: red}\n', 'steps.0'],
    ['  - {at: 5m, refill: [}\n', 'is not YAML'],
  ])('that says %j is exit 2, and nothing is sent', async (wrong, why) => {
    const { code, stderr } = await machine.run('sale', 'apply', file(wrong), '--yes');
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
    expect(machine.api.plans).toEqual([]);
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
    const { code, stdout, stderr } = await machine.run('sale', 'status', 'evt_x');
    expect([code, stderr]).toEqual([0, 'warning: refused: 1.bucket\n']);
    expect(stdout).toMatch(/^sale +sale_0123456789, running\napplied +.+ by mina: on sale tonight\n/);
    expect(stdout).toMatch(
      /\n1\.bucket .+ failed +0\.3s +- +refill 400\/s: all events would take 400 of 120\/s\n/,
    );
    expect((await machine.run('sale', 'status', 'evt_x', '-o', 'name')).stdout).toBe('sale_0123456789\n');
  });
});

it('sale rollback is one action', async () => {
  const { code } = await machine.run('sale', 'rollback', 'evt_x', '--yes', '--reason', 'called off today');
  expect([code, machine.api.acts[0]?.request.action]).toEqual([0, { type: 'sale.rollback' }]);
});

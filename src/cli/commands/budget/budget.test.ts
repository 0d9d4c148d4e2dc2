import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { budgetOf } from '../../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const actions = () => machine.api.acts.map(({ request }) => request.action);

describe('budget', () => {
  it('get prints what is used of it', async () => {
    expect((await machine.run('budget', 'get')).stdout).toBe(
      ' BUDGET    USED    FREE  EVENTS  VERSION\n120.0/s  60.0/s  60.0/s       2        3\n',
    );
    machine.api.budgetNow = budgetOf({ perSec: null });
    expect((await machine.run('budget', 'get', '-o', 'name')).stdout).toBe('none\n');
  });

  it('set takes a number a second, or none at all', async () => {
    const { code, stderr } = await machine.run('budget', 'set', '120.5');
    expect([code, stderr.split('\n')[0]]).toEqual([
      0,
      ' DEV  env / all events   plan 5c1e  (version 3, data 0.4s old)',
    ]);
    await machine.run('budget', 'set', '--none');
    expect(actions()).toEqual([
      { type: 'budget.set', perSec: 120.5 },
      { type: 'budget.set', perSec: null },
    ]);
  });

  it.each([[[]], [['0']], [['0.001']], [['1e3']], [['120', '--none']], [['many']]])(
    'set %j is exit 2',
    async (words) => {
      expect(await machine.run('budget', 'set', ...words)).toMatchObject({ code: 2, stdout: '' });
    },
  );
});

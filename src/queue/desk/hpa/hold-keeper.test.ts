import { expect, it, vi } from 'vitest';
import { FakeAutoscaler } from '../../../../test/helpers/fake-autoscaler.ts';
import { HoldKeeper } from './hold-keeper.ts';
import type { Hold, HpaBook, Intent } from './hpa-book.ts';

const hold: Hold = {
  hpa: 'shop/gateway',
  auditId: 'aud_1',
  actor: 'op',
  min: 10,
  before: 3,
  untilMs: 1_000,
  takeOver: false,
};

/** A hold that is over, on an autoscaler with its floor. */
function stage() {
  const autoscaler = new FakeAutoscaler();
  autoscaler.min = hold.min;
  const end = vi.fn(async (_: Intent, _isDone: boolean) => 1);
  const begin = async () => ({ word: 'begun', revision: 1 });
  const page = async () => ({ revision: 1, hold, otherHeld: undefined, openId: undefined, nowMs: 2_000 });
  const book = { hpa: hold.hpa, page, begin, end } as unknown as HpaBook;
  const told: string[] = [];
  const keeper = new HoldKeeper({
    ...{ book, autoscaler, log: { warn() {} } },
    tell: (auditId) => told.push(auditId),
    settle: async () => {},
  });
  return { autoscaler, end, keeper, told };
}

it('a return whose answer was lost is left open, for whoever comes next to find out', async () => {
  const { autoscaler, end, keeper, told } = stage();
  autoscaler.next = 'lost';
  await keeper.look();
  expect([autoscaler.min, end.mock.calls, told]).toEqual([3, [], []]);
  expect(keeper.problem).toBeDefined();
});

it('a return that was made and could not be written down is not told as one that was not made', async () => {
  const { autoscaler, end, keeper, told } = stage();
  end.mockRejectedValueOnce(new Error('no answer'));
  await keeper.look();
  expect([autoscaler.min, end.mock.calls.map(([, isDone]) => isDone), told]).toEqual([3, [true], []]);
  expect(keeper.problem).toBe('no answer');
});

it('a return that Kubernetes could not be asked for is ended, and tried again', async () => {
  const { autoscaler, end, keeper } = stage();
  vi.spyOn(autoscaler, 'apply').mockRejectedValue(new Error('away'));
  await keeper.look();
  expect([end.mock.calls.map(([, isDone]) => isDone), keeper.problem]).toEqual([[false], 'away']);
});

import { describe, expect, it } from 'vitest';
import type { RedisClient } from '../../redis/client.ts';
import { globalKeys } from '../global-scripts.ts';
import { keysOf } from '../scripts.ts';
import { remaining, SaleRunner } from './sale-runner.ts';

const bucket = { type: 'bucket.set', refillPerSec: 80 } as const;

describe('a step that is run late', () => {
  it('is done as it is within 5 s of its time', () => {
    const action = { ...bucket, rampSec: 60, forSec: 120 };
    expect(remaining(action, 4.9)).toBe(action);
  });

  it('gets what is left of its ramp and its time', () => {
    expect(remaining({ ...bucket, rampSec: 60, forSec: 120 }, 40)).toEqual({
      ...bucket,
      rampSec: 20,
      forSec: 80,
    });
    expect(remaining({ ...bucket, rampSec: 30, forSec: 120 }, 40)).toEqual({ ...bucket, forSec: 80 });
    expect(remaining({ type: 'queue.message', text: 'soon', forSec: 60 }, 20)).toEqual({
      type: 'queue.message',
      text: 'soon',
      forSec: 40,
    });
  });

  it('is left out where its time is over, and done in full where it has no end', () => {
    expect(remaining({ ...bucket, forSec: 30 }, 30)).toBeUndefined();
    expect(remaining({ type: 'queue.message', text: 'soon', forSec: 60 }, 61)).toBeUndefined();
    expect(remaining(bucket, 3_600)).toEqual(bucket);
    const window = { type: 'settings.set', window: 400 } as const;
    expect(remaining(window, 3_600)).toBe(window);
  });

  it('holds a floor of the gateways for what is left of its time', () => {
    const floor = { type: 'hpa.patch', min: 20 } as const;
    expect(remaining(floor, 3_600)).toEqual({ ...floor, takeOver: false });
    expect(remaining({ ...floor, holdSec: 600 }, 60)).toEqual({ ...floor, takeOver: false, holdSec: 540 });
    expect(remaining({ ...floor, holdSec: 600 }, 601)).toBeUndefined();
  });
});

/** A sale that runs, as Redis has it; its opening was done. */
const running: Readonly<Record<string, string>> = {
  id: 'sale_1',
  state: 'running',
  appliedAt: '1000',
  plan: JSON.stringify({
    type: 'sale.apply',
    opensAt: '2027-01-15T08:00:00Z',
    endsAt: '2027-01-15T10:00:00Z',
    visitors: 100,
    steps: [],
  }),
  by: JSON.stringify({ name: 'op', role: 'operator', client: '', reason: '', override: false }),
  restore: '{}',
};

/** A runner whose Redis has these events among those with sales, and answers for a sale as `read` says. */
function stage(events: readonly string[], read: (event: string) => Promise<Record<string, string>>) {
  const sales = new Set(events);
  const redis = {
    smembers: async () => [...sales],
    srem: async (_: string, event: string) => sales.delete(event),
    sadd: async (_: string, event: string) => sales.add(event),
    set: async (key: string) => (key === globalKeys.saleRunner ? 'OK' : null),
    hgetall: (key: string) => read(events.find((event) => keysOf(event).sale === key) ?? ''),
  } as unknown as RedisClient;
  const never = async (): Promise<never> => {
    throw new Error('nothing is to be done');
  };
  const runner = new SaleRunner({ redis, nowMs: () => 0, event: never, act: never, log: { warn() {} } });
  return { runner, sales };
}

describe('the steps of several sales', () => {
  it('are not looked at again before all have been, though one failed at once', async () => {
    const reads: string[] = [];
    let answer: (sale: Record<string, string>) => void = () => {};
    const { runner } = stage(['evt_a', 'evt_b'], (event) => {
      reads.push(event);
      if (event === 'evt_a') return Promise.reject(new Error('no answer'));
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const first = runner.look().catch((error: Error) => error.message);
    await new Promise(setImmediate);
    await runner.look();
    expect(reads).toEqual(['evt_a', 'evt_b']);
    answer({ ...running });
    expect(await first).toBe('no answer');
  });

  it('are still run where a sale was applied at the moment that its event was forgotten', async () => {
    let isApplied = false;
    const { runner, sales } = stage(['evt_a'], async () => {
      const sale = isApplied ? { ...running } : {};
      isApplied = true;
      return sale;
    });
    await runner.look();
    expect([...sales]).toEqual(['evt_a']);
  });

  it('are over for an event without a sale', async () => {
    const { runner, sales } = stage(['evt_a'], async () => ({}));
    await runner.look();
    expect([...sales]).toEqual([]);
  });
});

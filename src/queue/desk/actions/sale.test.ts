import { describe, expect, it } from 'vitest';
import { inSec, nowMs, type SeenOptions, seenWith } from '../../../../test/helpers/seen.ts';
import type { StoredSale } from '../../sale-store.ts';
import { saleView } from '../sale-view.ts';
import { applySale, restoreOf, rollbackSale } from './sale.ts';

const before: SeenOptions = { opensAtMs: nowMs + 3_600_000 };
const plan = {
  type: 'sale.apply' as const,
  opensAt: inSec(600),
  endsAt: inSec(7_200),
  visitors: 3_000,
  steps: [
    { id: '1.bucket', at: inSec(700), action: { type: 'bucket.set' as const, refillPerSec: 20 } },
    { id: '2.window', at: inSec(800), action: { type: 'settings.set' as const, window: 500 } },
  ],
};
const around = {
  running: undefined,
  budget: { perSec: null, usedPerSec: 0, events: [] } as never,
  leadsHpa: false,
};
const stored = (change: Partial<StoredSale> = {}): StoredSale => ({
  id: 'sale_1',
  state: 'running',
  appliedAtMs: nowMs - 60_000,
  plan,
  by: { name: 'mina', role: 'operator', client: '', reason: 'on sale tonight', override: false },
  restore: restoreOf(seenWith(before)),
  outcomes: new Map(),
  ...change,
});

describe('taking a sale', () => {
  it('is told in one line, of its opening too where that changes', () => {
    const steps = `2 steps, the last one at ${inSec(800)}`;
    expect(applySale(seenWith(before), plan, around).summary).toMatch(
      new RegExp(`^sale applied: ${steps}; opens at .+ -> .+`),
    );
    const same = applySale(seenWith({ opensAtMs: nowMs + 600_000 }), plan, around);
    expect(same.summary).toBe(`sale applied: ${steps}`);
  });

  it.each([
    ['open', /make another event for this sale, tacos event create/],
    ['draining', /make another event/],
    ['closed', /tacos queue open evt_a --at T/],
  ] as const)('is refused for an event that is %s, with what to do instead', (phase, why) => {
    const { refusals } = applySale(seenWith({ meta: { phase } }), plan, around);
    expect(refusals).toEqual([
      { code: 'EVENT_OPENED', text: expect.stringMatching(why), canOverride: false },
    ]);
  });
});

describe('rolling a sale back', () => {
  const rollback = (now: SeenOptions, change: Partial<StoredSale> = {}) =>
    rollbackSale(seenWith(now), stored(change)).warnings;

  it('warns where it raises what is in force while people enter', () => {
    const raised = rollback({ refillPerSec: 2, capacity: 20 }).find((text) => text.startsWith('this raises'));
    expect(raised).toMatch(
      /^this raises refill 2\/s -> 10\/s, capacity 20 -> 100 at once, while people enter: /,
    );
    expect(raised).toContain('tacos bucket set evt_a --refill 2 --capacity 20 brings it down again');
    expect(rollback({ refillPerSec: 40 }).join()).not.toContain('raises');
    expect(rollback({ ...before, refillPerSec: 2 }).join()).not.toContain('raises');
  });

  it('counts the steps that are dropped, which are skipped from then on', () => {
    const outcome = { state: 'done' as const, at: inSec(-50), lateSec: 0.2 };
    const outcomes = new Map([
      ['opening', outcome],
      ['1.bucket', outcome],
    ]);
    expect(rollback(before)).toContain('2 steps that were to come are dropped');
    expect(rollback(before, { outcomes })).toContain('1 step that was to come is dropped');
    const states = (state: StoredSale['state']) =>
      saleView('evt_a', stored({ state, outcomes })).steps.map((step) => `${step.step} ${step.state}`);
    expect(states('running')).toEqual(['opening done', '1.bucket done', '2.window pending']);
    expect(states('stopped')).toEqual(['opening done', '1.bucket done', '2.window skipped']);
  });
});

import { describe, expect, it } from 'vitest';
import { RetryBudget, retriesSavedMax, retryShare } from './retry-budget.ts';

function retriesOf(calls: number, budget = new RetryBudget()): number {
  let retries = 0;
  for (let call = 0; call < calls; call += 1) {
    budget.earn();
    if (budget.spend()) retries += 1;
  }
  return retries;
}

describe('the retry budget', () => {
  it('lets a few failed calls be sent again at once', () => {
    expect(retriesOf(5)).toBe(5);
  });

  it('keeps retries of a backend that is down to a tenth of the calls, and what was saved up', () => {
    const calls = 10_000;
    const retries = retriesOf(calls);
    expect(retries).toBeLessThanOrEqual(calls * retryShare + retriesSavedMax);
    expect(retries).toBeGreaterThanOrEqual(calls * retryShare);
  });

  it('saves up no more than its bound, however long all went well', () => {
    const budget = new RetryBudget();
    for (let call = 0; call < 100_000; call += 1) budget.earn();
    let retries = 0;
    while (budget.spend()) retries += 1;
    expect(retries).toBe(retriesSavedMax);
  });

  it('gives one retry for ten calls once it is used up', () => {
    const budget = new RetryBudget();
    while (budget.spend());
    expect(retriesOf(9, budget)).toBe(0);
    expect(retriesOf(1, budget)).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { checkLimits } from './context-limits.ts';
import { CliError } from './errors.ts';
import { eventPlanOf, planOf } from './testing/plans.ts';

const limits = { maxRefill: 100, maxCapacity: 1_000, maxStep: '2x' };
const planFor = (name: string, before: number | null, after: number) =>
  planOf({ items: [eventPlanOf({ rows: [{ name, unit: 'perSec', before, after }] })] });

/** What the check says, `ok` where nothing. */
function said(
  name: string,
  before: number | null,
  after: number,
  given: Parameters<typeof checkLimits>[0] = limits,
) {
  try {
    checkLimits(given, planFor(name, before, after));
    return 'ok';
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    expect(error.details).toMatchObject({ exitCode: 6, code: 'CONTEXT_LIMIT' });
    return error.message;
  }
}

describe('limits of a context', () => {
  it.each([
    ['refillPerSec', 60, 100, 'ok'],
    ['refillPerSec', 60, 100.5, 'refill 100.5/s is over the maxRefill of this context, 100/s, for evt_x'],
    ['capacity', 900, 1_001, 'capacity 1001 is over the maxCapacity of this context, 1000, for evt_x'],
    ['refillPerSec', 10, 20, 'ok'],
    ['refillPerSec', 10, 20.1, 'refill 10 -> 20.1/s is more than the maxStep of this context, 2x, for evt_x'],
    ['refillPerSec', 20, 10, 'ok'],
    ['refillPerSec', 20, 9.9, 'refill 20 -> 9.9/s is more than the maxStep of this context, 2x, for evt_x'],
    ['refillPerSec', 0.1, 0.2, 'ok'],
    ['window', 1, 1_000_000, 'ok'],
  ])('%s from %d to %d: %s', (name, before, after, expected) => {
    expect(said(name, before, after)).toBe(expected);
  });

  it('let a value come down that is over them, and judge a first value by its size alone', () => {
    expect(said('refillPerSec', 180, 150)).toBe('ok');
    expect(said('refillPerSec', null, 90)).toBe('ok');
    expect(said('refillPerSec', null, 101)).toContain('over the maxRefill');
  });

  it('are none where none are written', () => {
    expect(checkLimits(undefined, planFor('refillPerSec', 1, 1_000_000))).toBeUndefined();
    expect(said('refillPerSec', 1, 1_000_000, {})).toBe('ok');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AdmissionView, isReady } from './admission.ts';

const tiers = [
  { first: 1, last: 10, waitMs: 0 },
  { first: 11, last: 50, waitMs: 2_000 },
  { first: 51, last: 0, waitMs: 5_000 },
];
const view = (tokens: number, rest: Partial<AdmissionView> = {}): AdmissionView => ({
  phase: 'open',
  paused: false,
  window: 100,
  tiers,
  tokensMicro: tokens * 1e6,
  ...rest,
});
const long = 60_000;

describe('readiness', () => {
  it.each([
    ['the last of the window', 100, long, 100, true],
    ['behind the window', 101, long, 500, false],
    ['10th, waited not at all', 10, 0, 100, true],
    ['11th, waited 1.999 s', 11, 1_999, 100, false],
    ['11th, waited 2 s', 11, 2_000, 100, true],
    ['50th, waited 2 s', 50, 2_000, 100, true],
    ['51st, waited 4.999 s', 51, 4_999, 100, false],
    ['51st, waited 5 s', 51, 5_000, 100, true],
    ['51st, joined a moment later than now', 51, -999, 100, false],
    ['51st, joined before the clock was set back', 51, -1_000, 100, true],
    ['a token for all in front and itself', 60, long, 60, true],
    ['one token short', 60, long, 59.999_999, false],
    ['11th without a token in front too many', 11, long, 11, true],
    ['11th, no overdraft for it', 11, long, 10.999_999, false],
    ['10th with no token: the overdraft', 10, long, 0, true],
    ['10th a millionth below', 10, long, -0.000_001, false],
    ['1st with the overdraft all but used', 1, long, -9, true],
    ['1st with the overdraft used up', 1, long, -9.000_001, false],
    ['1st with the overdraft used up wholly', 1, long, -10, false],
  ])('%s', (_, position, waitedMs, tokens, answer) => {
    expect(isReady(view(tokens), position, waitedMs)).toBe(answer);
  });

  it.each([
    ['scheduled', false],
    ['prequeue', false],
    ['open', true],
    ['draining', true],
    ['closed', false],
  ] as const)('in the phase %s: %s', (phase, answer) => {
    expect(isReady(view(100, { phase }), 1, long)).toBe(answer);
  });

  it('ends with a pause', () => {
    expect(isReady(view(100, { paused: true }), 1, long)).toBe(false);
  });
});

describe('who is ready', () => {
  /** People in a line by how long they have waited, oldest first, with the tokens there are. */
  const lines = fc.record({
    waited: fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 80 }),
    tokens: fc.integer({ min: -11_000_000, max: 90_000_000 }),
    window: fc.integer({ min: 1, max: 120 }),
  });
  const acts = fc.array(fc.tuple(fc.constantFrom('enter', 'leave', 'join', 'wait'), fc.nat()), {
    maxLength: 40,
  });

  it('stays ready, whoever enters or leaves in front or behind and however time goes by', () => {
    fc.assert(
      fc.property(lines, acts, ({ waited, tokens, window }, steps) => {
        const line = waited.sort((a, b) => b - a).map((waitedMs) => ({ waitedMs }));
        let tokensMicro = tokens;
        const ready = () => {
          const now = view(0, { tokensMicro, window });
          return new Set(line.filter((one, index) => isReady(now, index + 1, one.waitedMs)));
        };
        let before = ready();
        for (const [act, dice] of steps) {
          const index = dice % Math.max(1, line.length);
          const one = line[index];
          if (act === 'wait') {
            for (const each of line) each.waitedMs += dice % 3_000;
            tokensMicro += dice % 1_000_000;
          } else if (act === 'join') line.push({ waitedMs: 0 });
          else if (one && (act === 'leave' || before.has(one))) {
            line.splice(index, 1);
            before.delete(one);
            if (act === 'enter') tokensMicro -= 1_000_000;
          }
          const after = ready();
          expect([...before].filter((each) => !after.has(each))).toEqual([]);
          before = after;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('may all enter in any order, and the bucket is never overdrawn by more than ten', () => {
    fc.assert(
      fc.property(
        lines,
        fc.array(fc.nat(), { minLength: 80, maxLength: 80 }),
        ({ waited, tokens, window }, order) => {
          const line = waited.sort((a, b) => b - a);
          let tokensMicro = tokens;
          for (const dice of order) {
            const now = view(0, { tokensMicro, window });
            const ready = line.flatMap((ms, index) => (isReady(now, index + 1, ms) ? [index] : []));
            const chosen = ready[dice % Math.max(1, ready.length)];
            if (chosen === undefined) break;
            line.splice(chosen, 1);
            tokensMicro -= 1_000_000;
            expect(tokensMicro).toBeGreaterThanOrEqual(-10_000_000);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import { type LoopLook, OverloadGuard } from './guard.ts';
import type { Work } from './shares.ts';
import { modelCostsUs, runModel } from './worker-model.ts';

/** The same figures in every run. */
function seeded(): () => number {
  let at = 1;
  return () => {
    at = (at * 1_103_515_245 + 12_345) % 2_147_483_648;
    return at / 2_147_483_648;
  };
}

const begin = (lateMs = 200) =>
  new OverloadGuard({ lateMs, isServed: (event) => event !== 'nowhere', random: seeded() });
const late: LoopLook = { tookMs: 100, lagMs: 1_200, busy: 1 };
const soon: LoopLook = { tookMs: 100, lagMs: 2, busy: 0.3 };

/** Looks so often while these requests come between two looks; gives what was refused after `skip` looks. */
function ask(
  guard: OverloadGuard,
  requests: readonly (readonly [event: string, work: Work, count: number])[],
  { looks, skip = 0, look = late }: { looks: number; skip?: number; look?: LoopLook },
): Map<string, number> {
  const refused = new Map<string, number>();
  for (let at = 0; at < looks; at += 1) {
    for (const [event, work, count] of requests) {
      for (let request = 0; request < count; request += 1) {
        const refusal = guard.isOpen() ? undefined : guard.refusalOf(work, event);
        if (refusal !== undefined && at >= skip)
          refused.set(`${event} ${work}`, (refused.get(`${event} ${work}`) ?? 0) + 1);
      }
    }
    guard.look(look);
  }
  return refused;
}

describe('the guard', () => {
  it('refuses nobody before the loop was late for long', () => {
    const guard = begin();
    guard.look({ tookMs: 2_000, lagMs: 2_000, busy: 1 });
    guard.look(soon);
    for (let at = 0; at < 3; at += 1) guard.look(late);
    guard.look(soon);
    for (let at = 0; at < 3; at += 1) guard.look(late);
    expect(guard.isCalm).toBe(true);
    guard.look(late);
    expect(guard.isCalm).toBe(false);
  });

  it('refuses nobody where the loop is late but rests: others have the processor', () => {
    const guard = begin();
    expect(ask(guard, [['a', 'status', 100]], { looks: 50, look: { ...late, busy: 0.5 } }).size).toBe(0);
  });

  it('refuses nobody where it is switched off', () => {
    expect(ask(begin(0), [['a', 'status', 100]], { looks: 50 }).size).toBe(0);
  });

  it('says OVERLOADED and when to come back, later while many are refused', () => {
    const guard = begin();
    const seconds: number[] = [];
    for (let at = 0; at < 200; at += 1) {
      for (let request = 0; request < 50; request += 1) {
        const refusal = guard.refusalOf('status', 'a');
        if (refusal === undefined) continue;
        expect(refusal.code).toBe('OVERLOADED');
        seconds.push(refusal.retryAfterSec ?? 0);
      }
      guard.look(late);
    }
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(1);
    expect(seconds[0]).toBeLessThanOrEqual(2);
    // A place whose polls were refused is safe for 40 s.
    expect(Math.max(...seconds)).toBe(30);
  });

  it('is calm again soon after the loop is', () => {
    const guard = begin();
    ask(guard, [['a', 'status', 100]], { looks: 50 });
    expect(guard.refusedShare).toBeGreaterThan(0.4);
    ask(guard, [['a', 'status', 10]], { looks: 100, look: soon });
    expect(guard.isCalm).toBe(true);
    expect(guard.refusedShare).toBe(0);
  });

  it('refuses joins before polls, and polls before enters', () => {
    const guard = begin();
    const asked = [
      ['a', 'join', 40],
      ['a', 'status', 200],
      ['a', 'enter', 20],
    ] as const;
    ask(guard, asked, { looks: 20, look: { ...late, lagMs: 230 } });
    const few = ask(guard, asked, { looks: 10, look: { ...late, lagMs: 230 } });
    expect([...few.keys()]).toEqual(['a join']);
    const more = ask(guard, asked, { looks: 12, skip: 2, look: { ...late, lagMs: 400 } });
    expect(more.get('a join')).toBeGreaterThan(350);
    expect(more.get('a status')).toBeGreaterThan(0);
    expect(more.has('a enter')).toBe(false);
  });

  it('lets an event alone that asks for less than its part', () => {
    const guard = begin();
    const refused = ask(
      guard,
      [
        ['hot', 'join', 300],
        ['hot', 'status', 300],
        ['small', 'join', 5],
        ['small', 'status', 20],
      ],
      { looks: 40 },
    );
    expect(refused.get('hot join')).toBeGreaterThan(1_000);
    expect(refused.get('hot join')).toBeGreaterThan(refused.get('hot status') ?? 0);
    expect(refused.has('small join')).toBe(false);
    expect(refused.has('small status')).toBe(false);
  });

  it('takes all names that are served nowhere for one event', () => {
    const guard = begin();
    const refused = ask(
      guard,
      [
        ['nowhere', 'status', 300],
        ['a', 'status', 20],
      ],
      { looks: 40 },
    );
    expect(refused.get('nowhere status')).toBeGreaterThan(1_000);
    expect(refused.has('a status')).toBe(false);
  });

  it('peeks at the loop once in a while', () => {
    let peeks = 0;
    const guard = new OverloadGuard({
      lateMs: 200,
      isServed: () => true,
      peek: () => {
        peeks += 1;
      },
    });
    for (let at = 0; at < 640; at += 1) guard.isOpen();
    expect(peeks).toBe(10);
  });
});

describe('a worker in a model', () => {
  const peakPerSec = 1_000;
  const mix = { join: 0.2, status: 0.7, enter: 0.1 };
  const mean =
    mix.join * modelCostsUs.join + mix.status * modelCostsUs.status + mix.enter * modelCostsUs.enter;
  const slower = 1e6 / peakPerSec / mean;

  /** Twice or five times what it can do for a minute, then half of it, by visitors who keep to Retry-After. */
  function overloaded(factor: number, lateMs: number) {
    const random = seeded();
    const guard = new OverloadGuard({ lateMs, isServed: () => true, random });
    const perSec = (nowMs: number) => peakPerSec * (nowMs < 60_000 ? factor : 0.5);
    const crowd = { event: 'a', visitors: 6_000, perSec, mix, isPolite: true };
    const answers = runModel({ guard, crowds: [crowd], forMs: 75_000, random, slower });
    const then = answers.filter(({ atMs }) => atMs > 20_000 && atMs < 60_000);
    const admitted = then.filter(({ isRefused }) => !isRefused);
    const waits = admitted.map(({ waitedMs }) => waitedMs).sort((a, b) => a - b);
    const workUs = admitted
      .filter(({ waitedMs }) => waitedMs < 2_000)
      .reduce((sum, { work }) => sum + modelCostsUs[work], 0);
    return {
      goodput: (workUs * slower) / 40e6,
      p99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
      lastRefusalMs: answers.findLast(({ isRefused }) => isRefused)?.atMs ?? 0,
    };
  }

  it.each([2, 5])('works on and answers in time at %i times its peak', (factor) => {
    const { goodput, p99Ms, lastRefusalMs } = overloaded(factor, 500);
    expect(goodput).toBeGreaterThan(0.85);
    expect(p99Ms).toBeLessThan(2_000);
    expect(lastRefusalMs).toBeLessThan(65_000);
  });

  it('would answer everybody too late without a guard', () => {
    const { goodput } = overloaded(5, 0);
    expect(goodput).toBeLessThan(0.1);
  });
});

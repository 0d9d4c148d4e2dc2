import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { breakerOpenMs } from '../../contract/limits.ts';
import type { BreakerState } from './backends.ts';
import { type Breaker, createBreaker } from './breaker.ts';

const well = async () => ({ isFailure: false });
const ill = async () => ({ isFailure: true });

describe('the circuit breaker', () => {
  let states: BreakerState[];
  let breaker: Breaker;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    states = [];
    breaker = createBreaker((state) => states.push(state));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function run(times: number, call: () => Promise<{ isFailure: boolean }>, everyMs = 0): Promise<void> {
    for (let each = 0; each < times; each += 1) {
      await breaker.run(call);
      vi.advanceTimersByTime(everyMs);
    }
  }

  async function open(): Promise<void> {
    await run(5, ill, 100);
    expect(breaker.state).toBe('open');
  }

  it('stays closed while calls end well, or with a business no', async () => {
    await run(1_000, well, 10);
    expect(breaker.state).toBe('closed');
  });

  it('opens after 5 failures in a row, however well all went before', async () => {
    await run(1_000, well, 1);
    await run(4, ill, 100);
    expect(breaker.state).toBe('closed');
    await run(1, ill);
    expect(breaker.state).toBe('open');
  });

  it('does not open for calls that fail in one instant, with the connection', async () => {
    await run(1_000, well, 1);
    await run(100, ill);
    expect(breaker.state).toBe('closed');
  });

  it('opens when more than half of 10 calls in 5 s fail', async () => {
    for (let pair = 0; pair < 3; pair += 1) {
      await run(1, well, 100);
      await run(2, ill, 100);
    }
    expect(breaker.state).toBe('closed');
    await run(1, ill);
    expect(breaker.state).toBe('open');
  });

  it('stays closed when a third of the calls fail', async () => {
    for (let round = 0; round < 200; round += 1) {
      await run(2, well, 20);
      await run(1, ill, 20);
    }
    expect(breaker.state).toBe('closed');
  });

  it('makes no call while it is open', async () => {
    await open();
    const call = vi.fn(well);
    vi.advanceTimersByTime(breakerOpenMs - 1_000);
    expect(await breaker.run(call)).toBeUndefined();
    expect(call).not.toHaveBeenCalled();
  });

  it('lets one call try after 2 s, refuses the others meanwhile, and closes when it ends well', async () => {
    await open();
    vi.advanceTimersByTime(breakerOpenMs);
    let end: (result: { isFailure: boolean }) => void = () => {};
    const trial = breaker.run(() => new Promise<{ isFailure: boolean }>((resolve) => (end = resolve)));
    expect(breaker.state).toBe('half_open');
    const others = await Promise.all(Array.from({ length: 50 }, () => breaker.run(well)));
    expect(others.every((result) => result === undefined)).toBe(true);
    end({ isFailure: false });
    expect(await trial).toEqual({ isFailure: false });
    expect(breaker.state).toBe('closed');
    expect(states).toEqual(['open', 'half_open', 'closed']);
  });

  it('opens again for 2 s when the trial fails', async () => {
    await open();
    vi.advanceTimersByTime(breakerOpenMs);
    await breaker.run(ill);
    expect(breaker.state).toBe('open');
    expect(await breaker.run(well)).toBeUndefined();
    vi.advanceTimersByTime(breakerOpenMs);
    expect(await breaker.run(well)).toEqual({ isFailure: false });
    expect(breaker.state).toBe('closed');
  });

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('stays open for 2 s when the clock is set %s meanwhile', async (_, byMs) => {
    await open();
    vi.setSystemTime(Date.now() + byMs);
    expect(await breaker.run(well)).toBeUndefined();
    vi.advanceTimersByTime(breakerOpenMs);
    expect(await breaker.run(well)).toEqual({ isFailure: false });
    expect(breaker.state).toBe('closed');
  });

  it('lets bugs through as they are', async () => {
    await expect(breaker.run(() => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
  });
});

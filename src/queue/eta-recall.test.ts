import { describe, expect, it } from 'vitest';
import { type EtaInputs, EtaModel } from './eta.ts';
import { Flow } from './flow.ts';
import { constant, type TimedValue, valueAt } from './timed-value.ts';

const openedMs = Date.UTC(2026, 0, 1, 14);
const perSec = (tokens: number): TimedValue => constant(tokens * 1e6);

/** So many a second from a time on, for a while, then as many as before. */
function limited(tokens: { now: number; after: number }, fromMs: number, forSec: number): TimedValue {
  const { now, after } = tokens;
  return { ...constant(now * 1e6), untilMs: fromMs + forSec * 1000, after: after * 1e6 };
}

/** A line at whose front everybody enters as the refill lets them, and one visitor of it. */
class Sale {
  readonly eta = new EtaModel({ timeZone: 'UTC' });
  readonly flow = new Flow();
  position = 2_000;
  joinedMs = openedMs;
  inputs: EtaInputs = {
    nowMs: openedMs,
    flow: this.flow,
    waiting: 3_000,
    away: 0,
    tokensMicro: 20e6,
    refill: perSec(10),
    capacityMicro: 100e6,
    window: 100,
    paused: false,
    phase: 'open',
    opensAtMs: 0,
    changedAtMs: 0,
    couldEnter: true,
  };

  get nowMs(): number {
    return this.inputs.nowMs;
  }

  change(change: Partial<EtaInputs>): this {
    return this.set({ ...change, nowMs: this.nowMs + 50, changedAtMs: this.nowMs + 50 });
  }

  /** Admissions a second, where they are not what the refill allows. */
  run(seconds: number, enteringPerSec?: number): this {
    for (let second = 0; second < seconds; second += 1) {
      const nowMs = this.nowMs + 1000;
      const allowed = enteringPerSec ?? valueAt(this.inputs.refill, nowMs) / 1e6;
      const entered = this.inputs.paused ? 0 : allowed;
      this.flow.record('entered', nowMs, entered);
      this.position -= entered;
      this.set({ nowMs, waiting: this.inputs.waiting - entered });
    }
    return this;
  }

  get etaSec(): number {
    return this.eta.at(this.position, this.nowMs).etaSec;
  }

  /** Codes told to our visitor, or to one who joined at another time. */
  codes(joinedMs = this.joinedMs): string[] {
    const { position, etaSec } = this;
    return this.eta.noticesFor({ position, joinedMs, etaSec }, this.nowMs).map((notice) => notice.code);
  }

  private set(change: Partial<EtaInputs>): this {
    this.inputs = { ...this.inputs, ...change };
    this.eta.refresh(this.inputs);
    return this;
  }
}

describe('the cause of a rise', () => {
  it('is none in a line that goes faster, also while the end of the faster time comes near', () => {
    const sale = new Sale().run(60);
    sale.change({ refill: limited({ now: 20, after: 10 }, sale.nowMs, 60) });
    const toldLineWide = new Set<string>();
    for (let second = 0; second < 75; second += 1) {
      sale.run(1);
      expect(sale.codes()).toEqual([]);
      for (const { code } of sale.eta.notices()) toldLineWide.add(code);
    }
    expect([...toldLineWide]).toContain('slowed');
  });

  it.each([20, 25])('is none after a pause in which the refill went from 10 to %i', (tokens) => {
    const sale = new Sale().run(60);
    const before = sale.etaSec;
    sale.change({ paused: true }).run(10);
    expect(sale.codes()).toEqual(['paused']);
    sale.change({ refill: perSec(tokens) }).run(10);
    expect(sale.codes()).toEqual(['paused']);
    sale.change({ paused: false });
    for (let second = 0; second < 65; second += 1) {
      sale.run(1);
      expect(sale.codes()).toEqual([]);
      expect(sale.codes(sale.nowMs - 5_000)).toEqual([]);
    }
    expect(sale.etaSec).toBeLessThan(before / 2);
  });

  it('counts the use measured before a pause once it goes on', () => {
    const sale = new Sale().run(120, 5);
    const before = sale.etaSec;
    sale.change({ paused: true }).run(60).change({ paused: false });
    expect(sale.etaSec).toBe(before);
    sale.run(3, 5);
    expect(sale.codes()).toEqual([]);
  });

  it('is slower letting in for those who were promised more, not for who has joined since', () => {
    const sale = new Sale().run(60).change({ refill: perSec(5) });
    expect(sale.codes()).toEqual(['slowed']);
    sale.run(5);
    expect(sale.codes()).toEqual(['slowed']);
    expect(sale.codes(sale.nowMs - 2_000)).toEqual([]);
    sale.run(70);
    expect(sale.codes()).toEqual([]);
  });

  it('is not told for a rise of a tenth or less', () => {
    const sale = new Sale().run(60).change({ refill: perSec(9.3) });
    expect(sale.eta.notices().map((notice) => notice.code)).toContain('slowed');
    expect(sale.codes()).toEqual([]);
  });

  it('is the standing still where a pause used up the faster time', () => {
    const sale = new Sale().run(60);
    sale.change({ refill: limited({ now: 50, after: 10 }, sale.nowMs, 30) }).run(3);
    const before = sale.etaSec;
    sale.change({ paused: true }).run(20).change({ paused: false });
    expect(sale.etaSec).toBeGreaterThan(1.1 * before);
    expect(sale.codes()).toEqual(['stood_still']);
  });
});

describe('a wait that nobody knows', () => {
  it('is never none while paused, whatever the bucket holds', () => {
    const sale = new Sale().run(60).change({ paused: true, tokensMicro: 100e6 });
    sale.position = 40;
    const eta = sale.eta.at(40, sale.nowMs);
    expect(eta).toMatchObject({ etaSec: 1, lowSec: 1, confidence: 0.2 });
    expect(eta.highSec).toBeGreaterThanOrEqual(1);
    expect(sale.codes()).toEqual(['paused']);
    expect(sale.eta.at(160, sale.nowMs).etaSec).toBeGreaterThanOrEqual(5);
  });

  it('is never none before an opening without a time, and counts up to one with a time', () => {
    const sale = new Sale().change({ phase: 'scheduled', tokensMicro: 100e6 });
    expect(sale.eta.at(5, sale.nowMs)).toMatchObject({ etaSec: 1, lowSec: 1, confidence: 0.2 });
    sale.change({ opensAtMs: sale.nowMs + 30_050 });
    expect(sale.eta.at(5, sale.nowMs)).toMatchObject({ etaSec: 30, confidence: 0.2 });
  });
});

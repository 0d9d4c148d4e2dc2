import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EtaInputs, EtaModel } from './eta.ts';
import { Flow, type FlowKind } from './flow.ts';
import { constant } from './timed-value.ts';

const openedMs = Date.UTC(2026, 0, 1, 14);
const perSec = (tokens: number) => constant(tokens * 1e6);

type Moves = Partial<Record<FlowKind, number>>;

/** A line whose people move as told, every second. */
class Line {
  readonly eta = new EtaModel({ timeZone: 'UTC' });
  readonly flow = new Flow();
  inputs: EtaInputs = {
    nowMs: openedMs,
    flow: this.flow,
    waiting: 5_000,
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

  set(change: Partial<EtaInputs>): this {
    this.inputs = { ...this.inputs, ...change };
    this.eta.refresh(this.inputs);
    return this;
  }

  run(seconds: number, moves: Moves): this {
    for (let second = 0; second < seconds; second += 1) {
      const nowMs = this.inputs.nowMs + 1000;
      for (const [kind, count] of Object.entries(moves)) this.flow.record(kind as FlowKind, nowMs, count);
      this.set({ nowMs });
    }
    return this;
  }

  at(position: number) {
    return this.eta.at(position, this.inputs.nowMs);
  }

  get codes(): string[] {
    return this.eta.notices().map((notice) => notice.code);
  }
}

const settled = () => new Line().run(120, { entered: 10 });

describe('EtaModel', () => {
  it('says nothing to those whom the bucket holds a token for, and the refill to the others', () => {
    const line = settled();
    expect(line.at(20)).toMatchObject({ etaSec: 0, confidence: 1, clamped: false });
    expect(line.at(21).etaSec).toBe(1);
    expect(line.at(1_020).etaSec).toBeGreaterThanOrEqual(97);
    expect(line.at(1_020).etaSec).toBeLessThanOrEqual(100);
  });

  it('never says less to a place further back, whatever people do', () => {
    const moves = fc.record({
      entered: fc.integer({ min: 0, max: 12 }),
      left: fc.integer({ min: 0, max: 20 }),
      silent: fc.integer({ min: 0, max: 6 }),
      unclaimed: fc.integer({ min: 0, max: 4 }),
      back: fc.integer({ min: 0, max: 3 }),
    });
    const tokensMicro = fc.integer({ min: -10, max: 100 }).map((tokens) => tokens * 1e6);
    fc.assert(
      fc.property(moves, tokensMicro, (drawn, tokens) => {
        const line = new Line().set({ tokensMicro: tokens }).run(90, drawn);
        let before = 0;
        for (let position = 1; position <= 5_000; position += 7) {
          const { etaSec, lowSec, highSec } = line.at(position);
          expect(etaSec).toBeGreaterThanOrEqual(before);
          expect(lowSec).toBeLessThanOrEqual(etaSec);
          expect(highSec).toBeGreaterThanOrEqual(etaSec);
          before = etaSec;
        }
      }),
      { numRuns: 15 },
    );
  });

  it('knows a new refill at the very next poll, and says why an estimate rose', () => {
    const line = settled();
    const before = line.at(2_000).etaSec;
    const faster = { refill: perSec(50), capacityMicro: 200e6, window: 200 };
    line.set({ ...faster, nowMs: line.inputs.nowMs + 50, changedAtMs: line.inputs.nowMs + 50 });
    expect(line.at(2_000).etaSec).toBeLessThan(before / 4.5);
    expect(line.codes).not.toContain('slowed');
    line.run(40, { entered: 50 });
    const nowMs = line.inputs.nowMs + 50;
    line.set({ refill: perSec(5), capacityMicro: 100e6, window: 100, nowMs, changedAtMs: nowMs });
    expect(line.at(2_000).etaSec).toBeGreaterThan(1.8 * before);
    expect(line.codes).toContain('slowed');
    line.run(70, { entered: 5 });
    expect(line.codes).toEqual([]);
  });

  it('is shorter where people in front leave, and gives the cause once they no longer do', () => {
    const line = new Line().run(120, { entered: 10, left: 10 });
    const still = settled().at(3_000).etaSec;
    const leaving = line.at(3_000).etaSec;
    expect(leaving).toBeLessThan(0.85 * still);
    line.run(45, { entered: 10 });
    expect(line.at(3_000).etaSec).toBeGreaterThan(leaving * 1.05);
    expect(line.codes).toContain('fewer_leave');
  });

  it('is shorter by those who will not be there when the window reaches them', () => {
    const absent = new Line().run(180, { entered: 10, silent: 2 }).at(3_000).etaSec;
    const present = new Line().run(180, { entered: 10 }).at(3_000).etaSec;
    expect(absent / present).toBeGreaterThan(0.75);
    expect(absent / present).toBeLessThan(0.88);
  });

  it('is longer where a full bucket overflows because people at the front are slow', () => {
    const line = settled().set({ tokensMicro: 100e6 });
    line.run(1, { entered: 0 }).run(120, { entered: 5 });
    expect(line.at(3_000).etaSec).toBeGreaterThan(1.6 * settled().at(3_000).etaSec);
  });

  it('takes little demand for what it is', () => {
    const line = new Line().set({ waiting: 3, tokensMicro: 100e6 }).run(300, { entered: 1 });
    line.set({ waiting: 2_000, nowMs: line.inputs.nowMs + 1_000 });
    expect(line.at(1_100).etaSec).toBeLessThanOrEqual(100);
    expect(line.at(1_100).etaSec).toBeGreaterThan(85);
  });

  it('includes the wait until the opening, and cuts a first guess at 600 s after it', () => {
    const nowMs = openedMs;
    const line = new Line().set({ nowMs: nowMs + 300, phase: 'prequeue', opensAtMs: nowMs + 60_300 });
    expect(line.at(1)).toMatchObject({ etaSec: 60, confidence: 0.2 });
    expect(line.at(1_020).etaSec).toBeGreaterThan(150);
    const cut = line.at(50_000);
    expect(cut).toMatchObject({ etaSec: 660, clamped: true });
    expect(cut.highSec).toBeGreaterThan(4_000);
    expect(line.codes).toEqual(['not_open']);
    line.set({ phase: 'open', nowMs: nowMs + 60_300 }).run(10, { entered: 10 });
    expect(line.at(50_000).clamped).toBe(false);
  });

  it('tells when a cut first guess gives way to a measured estimate', () => {
    const line = new Line().set({ waiting: 50_000 }).run(2, {});
    expect(line.at(50_000).clamped).toBe(true);
    line.run(5, { entered: 10 });
    expect(line.codes).toContain('measured');
  });

  it('falls back on the base formula where the refill will never reach a place', () => {
    const line = settled().set({
      refill: perSec(0),
      nowMs: openedMs + 121_000,
      changedAtMs: openedMs + 121_000,
    });
    expect(line.at(100).etaSec).toBeLessThanOrEqual(600);
    expect(line.at(100).etaSec).toBeGreaterThan(10);
    expect(new Line().set({ refill: perSec(0) }).at(101).etaSec).toBe(202);
  });

  it('stands still while paused, trusts itself less, and tells so', () => {
    const line = settled();
    const before = line.at(1_000).etaSec;
    line.set({ paused: true, changedAtMs: line.inputs.nowMs }).run(60, {});
    expect(line.at(1_000)).toMatchObject({ etaSec: before, confidence: 0.2 });
    expect(line.codes).toEqual(['paused']);
    line.set({ paused: false, changedAtMs: line.inputs.nowMs + 1, nowMs: line.inputs.nowMs + 1 });
    expect(line.at(1_000)).toMatchObject({ etaSec: before, confidence: 1 });
  });

  it('tells of people who came back in front, and leaves room for more of them', () => {
    const line = settled().run(30, { entered: 10, silent: 2 }).set({ away: 60 });
    const before = line.at(1_000).highSec;
    line.run(10, { entered: 10, back: 3 });
    expect(line.codes).toContain('returned');
    expect(line.at(1_000).highSec).toBeGreaterThan(before);
    line.run(61, { entered: 10 });
    expect(line.codes).not.toContain('returned');
  });

  it('is the same from poll to poll in a steady line, but for the time that has passed', () => {
    const line = settled();
    for (let second = 0; second < 60; second += 1) {
      const before = line.at(2_000).etaSec;
      line.run(1, { entered: 10 });
      expect(Math.abs(line.at(2_000).etaSec - before)).toBeLessThanOrEqual(1);
    }
    expect(line.eta.at(2_000, line.inputs.nowMs + 200).etaSec).toBeLessThanOrEqual(line.at(2_000).etaSec);
  });

  it('does not take an admission since the last refresh for a shorter wait', () => {
    const line = settled();
    const before = line.at(500).etaSec;
    line.flow.record('entered', line.inputs.nowMs + 10, 5);
    expect(line.at(495).etaSec).toBe(before);
  });

  it('says 0 once the line is closed', () => {
    expect(settled().set({ phase: 'closed', changedAtMs: 5 }).at(500)).toMatchObject({
      etaSec: 0,
      highSec: 0,
    });
  });
});

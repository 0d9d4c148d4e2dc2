import { describe, expect, it } from 'vitest';
import { Arrivals } from './arrivals.ts';

const record = (seq: number, tenths: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(seq);
  bytes.writeUInt32BE(tenths, 4);
  return bytes;
};

describe('arrivals', () => {
  it('say when a place was given out: with the record before it', () => {
    const arrivals = new Arrivals();
    arrivals.take(Buffer.concat([record(1, 5), record(40, 17), record(2_000, 30)]));
    expect([1, 39, 40, 1_999, 2_000, 9_999].map((seq) => arrivals.sinceBaseMs(seq))).toEqual([
      500, 500, 1_700, 1_700, 3_000, 3_000,
    ]);
  });

  it('know nothing of places before the first record', () => {
    const arrivals = new Arrivals();
    expect(arrivals.sinceBaseMs(1)).toBeUndefined();
    arrivals.take(record(10, 1));
    expect(arrivals.sinceBaseMs(9)).toBeUndefined();
  });

  it('are read on from where reading stopped, in the middle of a record too', () => {
    const all = Buffer.concat([record(1, 5), record(40, 17)]);
    const arrivals = new Arrivals();
    arrivals.take(all.subarray(0, 11));
    expect(arrivals.readBytes).toBe(8);
    arrivals.take(all.subarray(arrivals.readBytes));
    expect(arrivals.sinceBaseMs(40)).toBe(1_700);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlaceIndex } from './place-index.ts';

const gap = 2 ** 20;
/** Places of three lives of a counter that jumped, close to the edges of blocks among them. */
const seqs = fc
  .tuple(
    fc.integer({ min: 0, max: 2 }),
    fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.constantFrom(1023, 1024, 4095)),
  )
  .map(([jumps, seq]) => jumps * gap + seq);
const changes = fc.array(fc.tuple(seqs, fc.boolean()), { maxLength: 400 });

/** Holds an index against a set, at every place that was touched and beside it. */
function expectEqual(index: PlaceIndex, model: ReadonlySet<number>, touched: readonly number[]): void {
  const sorted = [...model].sort((a, b) => a - b);
  expect(index.count).toBe(model.size);
  expect(index.first()).toBe(sorted[0]);
  expect(index.slice(1, sorted.length + 1)).toEqual(sorted);
  const from = Math.floor(sorted.length / 2);
  expect(index.slice(from + 1, 3)).toEqual(sorted.slice(from, from + 3));
  expect(index.slice(sorted.length + 1, 5)).toEqual([]);
  for (const seq of touched.flatMap((each) => [each, each + 1, each + 1024, each + gap])) {
    expect(index.has(seq)).toBe(model.has(seq));
    expect(index.countBefore(seq)).toBe(sorted.filter((other) => other < seq).length);
  }
}

/** A bitmap as Redis keeps it: SETBIT counts from the most significant bit of the first byte. */
function bitmapOf(places: Iterable<number>, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (const seq of places) bytes[seq >> 3] = (bytes[seq >> 3] ?? 0) | (128 >> (seq & 7));
  return bytes;
}

describe('the index of places', () => {
  it('counts as a set would, whatever the order in which places come and go', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const index = new PlaceIndex();
        const model = new Set<number>();
        for (const [seq, waits] of list) {
          expect(index.set(seq, waits)).toBe(model.has(seq) !== waits);
          if (waits) model.add(seq);
          else model.delete(seq);
        }
        expectEqual(index, model, [...new Set(list.map(([seq]) => seq))].slice(0, 40));
      }),
      { numRuns: 60 },
    );
  });

  it('takes over chunks of a bitmap and goes on from there', () => {
    const places = fc.uniqueArray(fc.integer({ min: 0, max: 20_000 }), { maxLength: 300 });
    fc.assert(
      fc.property(places, changes, fc.constantFrom(128, 256, 1024), (loaded, list, chunk) => {
        const bytes = bitmapOf(loaded, 2_501 + (loaded.length % 7));
        const index = new PlaceIndex();
        for (let at = 0; at < bytes.length; at += chunk) index.load(at, bytes.subarray(at, at + chunk));
        const model = new Set(loaded);
        expectEqual(index, model, loaded.slice(0, 20));
        for (const [seq, waits] of list) {
          index.set(seq, waits);
          if (waits) model.add(seq);
          else model.delete(seq);
        }
        expectEqual(index, model, [...loaded.slice(0, 20), ...list.slice(0, 20).map(([seq]) => seq)]);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps count over 300 blocks that are added from the back to the front', () => {
    const index = new PlaceIndex();
    for (let block = 299; block >= 0; block -= 1) index.set(block * 1024 + 512, true);
    for (let block = 0; block < 300; block += 1) expect(index.countBefore(block * 1024 + 512)).toBe(block);
    expect(index.first()).toBe(512);
  });

  it('keeps count over 2,000 blocks that are added at the end', () => {
    const index = new PlaceIndex();
    for (let seq = 1; seq <= 2_000 * 1024; seq += 512) index.set(seq, true);
    expect(index.count).toBe(4_000);
    expect(index.countBefore(1_000 * 1024 + 1)).toBe(2_000);
    for (let seq = 1; seq <= 1_000 * 1024; seq += 512) index.set(seq, false);
    expect([index.first(), index.countBefore(1_500 * 1024 + 1)]).toEqual([1_000 * 1024 + 1, 1_000]);
  });

  it('is empty at first, and again when all have gone', () => {
    const index = new PlaceIndex();
    expect([index.count, index.first(), index.has(7), index.countBefore(7)]).toEqual([
      0,
      undefined,
      false,
      0,
    ]);
    expect(index.set(7, false)).toBe(false);
    index.set(7, true);
    index.set(7, false);
    expect([index.count, index.first()]).toEqual([0, undefined]);
  });

  it('does not keep the bytes that it was given', () => {
    const bytes = bitmapOf([1, 2, 3], 128);
    const index = new PlaceIndex();
    index.load(0, bytes);
    bytes.fill(255);
    expect([index.count, index.has(9)]).toEqual([3, false]);
  });
});

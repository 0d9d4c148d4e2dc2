import { describe, expect, it } from 'vitest';
import { PollBook } from './poll-book.ts';

const base = 1_000_000;

describe('a poll book', () => {
  it('counts polls and keeps the first and the last one, to a tenth of a second', () => {
    const book = new PollBook(base);
    for (const afterMs of [0, 2_345, 9_999]) book.polled(5_000, base + afterMs);
    expect(book.story(5_000)).toEqual({ polls: 3, firstMs: base, lastMs: base + 9_900, refusals: [] });
    expect(book.story(5_001)).toEqual({ polls: 0, firstMs: null, lastMs: null, refusals: [] });
  });

  it('keeps the last 20 refusals, newest first', () => {
    const book = new PollBook(base);
    for (let at = 0; at < 25; at += 1) book.refused(7, { atMs: base + at, reason: 'tokens' });
    const { refusals } = book.story(7);
    expect(refusals).toHaveLength(20);
    expect(refusals[0]?.atMs).toBe(base + 24);
    expect(refusals[19]?.atMs).toBe(base + 5);
  });

  it('says who was heard since a time, as bits that Redis would count', () => {
    const book = new PollBook(base);
    book.polled(1, base + 1_000);
    book.polled(9, base + 5_000);
    book.polled(2_050, base + 6_000);
    const bits = book.seenSince(base + 5_000);
    const seen = (seq: number): boolean => ((bits[seq >> 3] ?? 0) & (128 >> (seq & 7))) !== 0;
    expect([1, 9, 2_050, 2_051].map(seen)).toEqual([false, true, true, false]);
    expect(book.seenSince(base + 60_000).every((byte) => byte === 0)).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { parseEntry, parseSeqs } from './journal.ts';

describe('an entry of the journal', () => {
  it('says of an expiry whether it can be undone, and reads those of an older version', () => {
    expect(parseEntry('x 17 3,7-9')).toEqual({ kind: 'expired', nowMs: 17, seqs: [3, 7, 8, 9] });
    expect(parseEntry('x 17 3 600017')).toEqual({
      kind: 'expired',
      nowMs: 17,
      seqs: [3],
      restorableUntilMs: 600_017,
    });
  });

  it('names places that are given back', () => {
    expect(parseEntry('r 17 1-3')).toEqual({ kind: 'restored', nowMs: 17, seqs: [1, 2, 3] });
    expect(parseEntry('r 17 4 80')).toEqual({ kind: 'restored', nowMs: 17, seqs: [4], skipped: 80 });
  });

  it('names ends that Redis had forgotten, but none that this version does not understand', () => {
    expect(parseEntry('m e 3,7-8 90')).toEqual({
      kind: 'remembered',
      how: 'entered',
      seqs: [3, 7, 8],
      skipped: 90,
    });
    expect(parseEntry('m l 3 0')).toMatchObject({ how: 'left' });
    expect(parseEntry('m x 3 0')).toMatchObject({ how: 'expired' });
    expect(parseEntry('m z 3 0')).toEqual({ kind: 'unknown', changes: true });
  });

  it('carries questions, but none that this version does not understand', () => {
    expect(parseEntry('q ask_1 story 7 0')).toEqual({
      kind: 'asked',
      askId: 'ask_1',
      what: 'story',
      seq: 7,
      sinceMs: 0,
    });
    expect(parseEntry('q ask_1 weather 7 0')).toEqual({ kind: 'unknown', changes: false });
  });

  it('is ignored when a newer version wrote it, unless its letter says that it changed something', () => {
    expect(parseEntry('z 1 2 3')).toEqual({ kind: 'unknown', changes: false });
    expect(parseEntry('')).toEqual({ kind: 'unknown', changes: false });
    expect(parseEntry('Z 1 2 3')).toEqual({ kind: 'unknown', changes: true });
  });

  it('may have more words at its end than this version knows', () => {
    for (const entry of ['j 1 2 17', 'e 3 500 900 w', 'l 3 17', 'a s 17 3-4', 'b 3', 'r 17 4 80', 'm e 3 9'])
      expect(parseEntry(`${entry} more words`)).toEqual(parseEntry(entry));
  });

  it('lists no places where there are none', () => {
    expect(parseSeqs('')).toEqual([]);
    expect(parseSeqs(undefined)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { parseReports, receiptOf } from './receipt.ts';

const nowMs = 1_800_000_000_000;
const report = (gateway: string, worker: string, revision: number, agoMs = 100) => ({
  worker: `${gateway}/${worker}`,
  gateway,
  revision,
  lastMs: nowMs - agoMs,
});

describe('a receipt', () => {
  it('is read from the hash of reports', () => {
    expect(parseReports({ 'gw a/w1': '1800000000000 7 gw-a', 'gw-b/w2': '1799999999000 6 gw-b' })).toEqual([
      { worker: 'gw a/w1', gateway: 'gw-a', lastMs: nowMs, revision: 7 },
      { worker: 'gw-b/w2', gateway: 'gw-b', lastMs: nowMs - 1_000, revision: 6 },
    ]);
  });

  it('counts a gateway when all of its workers have the revision, or a later one', () => {
    const reports = [report('a', 'w1', 7), report('a', 'w2', 8), report('b', 'w1', 7)];
    expect(receiptOf(reports, 7, nowMs)).toEqual({ of: 2, inForce: 2, missing: [] });
  });

  it('names a gateway with one worker behind, and when its longest silent worker was heard', () => {
    const reports = [report('a', 'w1', 7), report('b', 'w1', 7, 50), report('b', 'w2', 6, 900)];
    expect(receiptOf(reports, 7, nowMs)).toEqual({
      of: 2,
      inForce: 1,
      missing: [{ gateway: 'b', lastSeen: new Date(nowMs - 900).toISOString() }],
    });
  });

  it('leaves out who was not heard for more than 3 s, also a single worker', () => {
    const reports = [report('a', 'w1', 7), report('a', 'w2', 6, 3_001), report('b', 'w1', 6, 5_000)];
    expect(receiptOf(reports, 7, nowMs)).toEqual({ of: 1, inForce: 1, missing: [] });
    expect(receiptOf([report('a', 'w1', 6, 3_000)], 7, nowMs).missing).toHaveLength(1);
  });

  it('is empty where no gateway runs', () => {
    expect(receiptOf([], 7, nowMs)).toEqual({ of: 0, inForce: 0, missing: [] });
  });
});

import { describe, expect, it } from 'vitest';
import type { StatusReply } from '../contract/visitor-api.ts';
import { EtaAccuracy } from './eta-accuracy.ts';

const reply = (etaSec: number, confidence = 1): StatusReply =>
  ({ eta_sec: etaSec, confidence }) as unknown as StatusReply;
/** Shows an estimate to a place and lets it enter after so many seconds. */
function live(accuracy: EtaAccuracy, seq: number, etaSec: number, realSec: number): void {
  accuracy.shown(seq, reply(etaSec), 0);
  accuracy.entered(seq, realSec * 1_000);
}

describe('the error of the estimates', () => {
  it('is none until somebody has entered', () => {
    const accuracy = new EtaAccuracy();
    accuracy.shown(1, reply(100), 0);
    expect(accuracy.errorRatio).toBe(0);
    accuracy.entered(2, 50_000);
    expect(accuracy.errorRatio).toBe(0);
  });

  it('comes near what it is for everybody', () => {
    const accuracy = new EtaAccuracy();
    for (let seq = 1; seq <= 200; seq += 1) live(accuracy, seq, 120, 100);
    expect(accuracy.errorRatio).toBeCloseTo(0.2, 3);
    for (let seq = 201; seq <= 400; seq += 1) live(accuracy, seq, 50, 100);
    expect(accuracy.errorRatio).toBeCloseTo(0.5, 3);
  });

  it('holds a place to the first estimate that it was shown, and counts it once', () => {
    const accuracy = new EtaAccuracy();
    accuracy.shown(1, reply(150), 0);
    accuracy.shown(1, reply(90), 50_000);
    accuracy.entered(1, 100_000);
    accuracy.entered(1, 101_000);
    expect(accuracy.errorRatio).toBeCloseTo(0.05 * 0.5, 6);
  });

  it('leaves out estimates below 30 s and those that nothing measured stands behind', () => {
    const accuracy = new EtaAccuracy();
    accuracy.shown(1, reply(29), 0);
    accuracy.shown(2, reply(100, 0.2), 0);
    for (const seq of [1, 2]) accuracy.entered(seq, 1_000_000);
    expect(accuracy.errorRatio).toBe(0);
  });

  it('goes on when hundreds were shown one who never entered', () => {
    const accuracy = new EtaAccuracy();
    for (let seq = 1; seq <= 600; seq += 1) accuracy.shown(seq, reply(60), seq);
    const laterMs = 200_000;
    accuracy.shown(1_000, reply(200), laterMs);
    accuracy.entered(1_000, laterMs + 100_000);
    expect(accuracy.errorRatio).toBeCloseTo(0.05, 6);
  });

  it('gives nobody up who may still enter', () => {
    const accuracy = new EtaAccuracy();
    for (let seq = 1; seq <= 500; seq += 1) accuracy.shown(seq, reply(60), 0);
    accuracy.shown(501, reply(60), 100_000);
    accuracy.entered(1, 120_000);
    expect(accuracy.errorRatio).toBeCloseTo(0.05 * 0.5, 6);
    accuracy.entered(501, 400_000);
    expect(accuracy.errorRatio).toBeCloseTo(0.05 * 0.5, 6);
  });
});

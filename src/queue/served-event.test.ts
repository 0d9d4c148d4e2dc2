import { describe, expect, it } from 'vitest';
import { nowMs, type ServedOptions, serve } from '../../test/helpers/served.ts';
import { etaInputs } from './eta-inputs.ts';
import { pollAfterSec } from './served-event.ts';
import { StaleEventError } from './store.ts';
import type { WaitingToken } from './waiting-token.ts';

const token = (seq: number, waitedMs = 60_000): WaitingToken => ({
  event: 'evt_a',
  life: 'life0001',
  epoch: 1,
  seq,
  joinedMs: nowMs - waitedMs,
  verified: false,
});
const statusOf = (seq: number, options: ServedOptions) => serve(options).served.status(token(seq));

describe('poll_after_sec', () => {
  it.each([
    [0, 2],
    [16, 2],
    [80, 10],
    [240, 30],
    [99_999, 30],
  ])('for a wait of %i s is %i s, give or take a fifth', (waitSec, sec) => {
    expect(pollAfterSec(waitSec, () => 0)).toBeCloseTo(sec * 0.8, 5);
    expect(pollAfterSec(waitSec, () => 0.5)).toBeCloseTo(sec, 5);
    expect(pollAfterSec(waitSec, () => 1)).toBeCloseTo(sec * 1.2, 5);
  });

  it('spreads a crowd evenly', () => {
    const told = Array.from({ length: 2_000 }, () => pollAfterSec(160));
    expect(Math.min(...told)).toBeGreaterThanOrEqual(16);
    expect(Math.max(...told)).toBeLessThanOrEqual(24);
    expect(told.reduce((sum, sec) => sum + sec, 0) / told.length).toBeCloseTo(20, 0);
  });
});

describe('a status', () => {
  it('says ready with no wait left, and that it was true now', () => {
    expect(statusOf(1, { waiting: 5 })).toMatchObject({
      status: 'ready',
      position: 1,
      eta_sec: 0,
      eta_low_sec: 0,
      eta_high_sec: 0,
      ready_for_entry: true,
      waiting_time: 60,
      phase: 'open',
      paused: false,
      as_of: new Date(nowMs).toISOString(),
    });
  });

  it('says neither stale nor message nor opens_at where there is none', () => {
    const reply = statusOf(1, { waiting: 1 });
    for (const name of ['stale', 'message', 'opens_at', 'notices']) expect(reply).not.toHaveProperty(name);
  });

  it('counts the people in front, and those who left no more', () => {
    const { served, replica } = serve({ waiting: 5_000, tokens: 0 });
    expect(served.status(token(4_000))).toMatchObject({ status: 'waiting', position: 4_000 });
    replica.apply(2, { kind: 'left', seq: 7, nowMs }, nowMs);
    replica.apply(3, { kind: 'away', reason: 'silent', nowMs, seqs: [8, 9] }, nowMs);
    expect(served.status(token(4_000))?.position).toBe(3_997);
    expect(served.status(token(9))).toMatchObject({ status: 'ready', position: 7 });
  });

  it('is ready for nobody, and marked, when the replica is stale', () => {
    const reply = statusOf(1, { waiting: 1, stale: true });
    expect(reply).toMatchObject({ status: 'waiting', ready_for_entry: false, stale: true });
    expect(nowMs - Date.parse(reply?.as_of ?? '')).toBeGreaterThanOrEqual(4_900);
  });

  it('takes a token away for a clock that is not sure, never adds one', () => {
    expect(statusOf(11, { waiting: 11, tokens: 11.001 })?.status).toBe('ready');
    expect(statusOf(11, { waiting: 11, tokens: 11 })?.status).toBe('waiting');
  });

  it('counts one who joined after the last entry that was read as waiting, behind all others', () => {
    expect(statusOf(103, { waiting: 100 })).toMatchObject({
      status: 'waiting',
      position: 103,
      ready_for_entry: false,
    });
  });

  it('knows no place that was never given', () => {
    const { served, replica } = serve({ waiting: 5 });
    replica.apply(2, { kind: 'joined', firstSeq: 100, count: 1, nowMs }, nowMs);
    expect(served.status(token(50))).toBeUndefined();
  });

  it('is ready for nobody while what Redis lost is being given back, and says that it may be off', () => {
    const meta = {
      recoverUntil: String(nowMs + 1_000),
      recoveries: `2 aaaa 9 3 900 ${nowMs - 500}`,
      epoch: '2',
    };
    expect(statusOf(1, { waiting: 3, meta })).toMatchObject({ status: 'waiting', position: 1, stale: true });
    const over = { ...meta, recoverUntil: String(nowMs) };
    expect(statusOf(1, { waiting: 3, meta: over })).toMatchObject({ status: 'ready', position: 1 });
  });

  it('of a place that Redis may have lost says waiting where it was, until its token has been heard', () => {
    const meta = { recoveries: `2 aaaa 9 3 900 ${nowMs - 500}`, epoch: '2' };
    const { served, replica } = serve({ waiting: 3, meta });
    replica.apply(2, { kind: 'joined', firstSeq: 901, count: 1, nowMs }, nowMs);
    const lost = { ...token(5), epoch: 1 };
    expect(served.status(lost)).toMatchObject({
      status: 'waiting',
      position: 4,
      ready_for_entry: false,
      stale: true,
    });
    expect(served.status({ ...lost, epoch: 2 })).toBeUndefined();
    replica.apply(3, { kind: 'restored', nowMs, seqs: [5], skipped: 0 }, nowMs);
    expect(served.status(lost)).toMatchObject({ status: 'ready', position: 4 });
    expect(served.status(token(901))?.position).toBe(5);
  });

  it.each(['entered', 'left', 'expired'] as const)('of a place that has %s has no position', (how) => {
    const { served, replica } = serve({ waiting: 5 });
    if (how === 'entered') {
      const bucket = { tokensMicro: 99e6, refilledAtUs: nowMs * 1000 };
      replica.apply(2, { kind: 'entered', seq: 3, wasAway: false, ...bucket }, nowMs);
    } else if (how === 'left') replica.apply(2, { kind: 'left', seq: 3, nowMs }, nowMs);
    else replica.apply(2, { kind: 'expired', seqs: [3], nowMs }, nowMs);
    expect(served.status(token(3))).toMatchObject({
      status: how,
      position: 0,
      poll_after_sec: 30,
      ready_for_entry: false,
    });
    expect(served.status(token(4))?.position).toBe(3);
  });

  it('of a closed event is expired, whatever was, except for how places ended before', () => {
    const { served, replica } = serve({ waiting: 5, meta: { phase: 'closed' } });
    replica.apply(2, { kind: 'left', seq: 3, nowMs }, nowMs);
    expect([served.status(token(1))?.status, served.status(token(3))?.status]).toEqual(['expired', 'left']);
  });

  it('tells of the opening, the pause and the operator’s message', () => {
    const opensAtMs = nowMs + 60_000;
    expect(statusOf(1, { waiting: 1, opensAtMs, prequeueFromMs: nowMs - 1 })).toMatchObject({
      status: 'waiting',
      phase: 'prequeue',
      opens_at: new Date(opensAtMs).toISOString(),
    });
    const told = statusOf(1, { waiting: 1, meta: { paused: '1', message: 'Doors at eight.' } });
    expect(told).toMatchObject({ status: 'waiting', paused: true, message: 'Doors at eight.' });
  });

  it('never says that there is no wait to somebody who may not enter', () => {
    const paused = statusOf(40, { waiting: 50, meta: { paused: '1' } });
    expect(paused).toMatchObject({ status: 'waiting', eta_sec: 1, eta_low_sec: 1, confidence: 0.2 });
    expect(paused?.eta_high_sec).toBeGreaterThanOrEqual(1);
    expect(paused?.notices?.map(({ code }) => code)).toEqual(['paused']);
    const tooSoon = serve({ waiting: 60, tiers: '1-=5000' }).served.status(token(40, 2_000));
    expect(tooSoon).toMatchObject({ status: 'waiting', eta_sec: 1 });
    expect(tooSoon?.eta_high_sec).toBeGreaterThanOrEqual(1);
    expect(statusOf(1, { waiting: 1, stale: true })?.eta_sec).toBe(1);
  });

  it('tells whoever is ready of no cause, and those who wait longer of theirs', () => {
    const { served, replica } = serve({ waiting: 2_000 });
    served.status(token(1));
    const refill = { from: 2e6, fromAtMs: 0, to: 2e6, toAtMs: 0, untilMs: 0, after: 2e6 };
    const changedAtMs = nowMs - 1;
    replica.settings = { ...replica.settings, refill, changedAtMs };
    served.eta.refresh({ ...etaInputs(replica, nowMs + 1_000, 20e6), changedAtMs: nowMs + 1_000 });
    expect(served.eta.notices().map(({ code }) => code)).toContain('slowed');
    expect(served.status(token(5))).not.toHaveProperty('notices');
  });

  it('says at once that the brake slows the line, counts with it, and stops when it is over', () => {
    const brake = (fromMs: number, untilMs: number) => ({
      brake: `1000 ${fromMs} 400 ${fromMs} ${untilMs} 1000`,
    });
    const free = statusOf(500, { waiting: 1_000 });
    const soon = statusOf(500, { waiting: 1_000, meta: brake(nowMs + 1_000, nowMs + 30_000) });
    expect(soon?.notices).toMatchObject([{ code: 'slowed' }]);
    expect(soon?.notices?.[0]?.text).toContain('more slowly for now');
    expect((soon?.eta_sec ?? 0) / (free?.eta_sec ?? 1)).toBeCloseTo(2.5, 1);
    expect(statusOf(1, { waiting: 1_000, meta: brake(nowMs - 1, nowMs + 1) })).not.toHaveProperty('notices');
    const over = statusOf(500, { waiting: 1_000, meta: brake(nowMs - 31_000, nowMs - 1_000) });
    expect(over).not.toHaveProperty('notices');
    expect(over?.eta_sec).toBe(free?.eta_sec);
  });

  it('tells of no opening where an operator has opened before the time', () => {
    const reply = statusOf(1, { waiting: 1, opensAtMs: nowMs + 60_000, meta: { phase: 'open' } });
    expect(reply).toMatchObject({ status: 'ready' });
    expect(reply).not.toHaveProperty('opens_at');
  });
});

describe('a served event', () => {
  it('serves on in UTC where its time zone is not known here', () => {
    expect(statusOf(1, { waiting: 1, timeZone: 'Mars/Olympus' })?.status).toBe('ready');
  });

  it('is not served without the key that it was made with', () => {
    expect(() => serve({ kid: 'k9' })).toThrow('k9');
  });

  it('gives no reference for transitions once another life is in its place', () => {
    const { served, replica } = serve();
    expect(served.ref).toMatchObject({ id: 'evt_a', incarnation: 'inc00001' });
    replica.settings = { ...replica.settings, life: 'life0002' };
    expect(() => served.ref).toThrow(StaleEventError);
  });
});

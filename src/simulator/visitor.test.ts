import { afterEach, describe, expect, it } from 'vitest';
import { isSolved } from '../contract/challenge.ts';
import { runCrowd } from './crowd.ts';
import {
  type FakeAnswer,
  type FakeCall,
  type FakeGateway,
  fakeError,
  fakeGranted,
  fakeJoined,
  fakeReady,
  fakeStatus,
  startFakeGateway,
} from './fake-gateway.ts';
import type { CrowdOptions } from './options.ts';
import type { Call } from './wire.ts';

let gateway: FakeGateway | undefined;
afterEach(() => gateway?.close());

/** Runs one visitor, unless told otherwise, against scripted answers: the n-th of a call, then the last for good. */
async function visit(script: Partial<Record<Call, FakeAnswer[]>>, options: Partial<CrowdOptions> = {}) {
  const defaults = { join: [fakeJoined('w1')], status: [fakeReady()], enter: [fakeGranted('r1')] };
  const asked: Partial<Record<Call, number>> = {};
  const answer = ({ call }: FakeCall): FakeAnswer => {
    const count = asked[call] ?? 0;
    asked[call] = count + 1;
    const answers = { ...defaults, ...script }[call] ?? [];
    return answers[Math.min(count, answers.length - 1)] ?? fakeError(404, 'NOT_FOUND');
  };
  gateway = await startFakeGateway(answer);
  const settings = {
    gateway: gateway.url,
    event: 'evt_x',
    runId: 'r',
    visitors: 1,
    thinkMaxMs: 0,
    forMs: 3_000,
  };
  const report = await runCrowd({ ...settings, ...options });
  const { calls } = gateway;
  return { report, calls, of: (call: Call) => calls.filter((each) => each.call === call) };
}

const entered = { entered: 1 };

/** The refusal of a join that needs a proof of work. */
const challenged = fakeError(403, 'CHALLENGE_REQUIRED', {
  challenge: { seed: '1.4.seed', difficulty: 4, expires_in_sec: 90 },
});

describe('a visitor who is asked for a proof of work', () => {
  it('does it, and joins again', async () => {
    const { report, of } = await visit({ join: [challenged, fakeJoined('w1')] });
    expect(report.outcomes).toMatchObject(entered);
    const [first, second] = of('join');
    expect(first?.proof).toBeUndefined();
    const identity = `key:${second?.headers['idempotency-key']}`;
    expect(second?.proof?.seed).toBe('1.4.seed');
    expect(isSolved(second?.proof ?? { seed: '', nonce: '' }, identity, 4)).toBe(true);
  });

  it('does not go on for ever', async () => {
    const { report, of } = await visit({ join: [challenged] });
    expect(report.outcomes).toMatchObject({ refused: 1 });
    expect(of('join').length).toBe(6);
  });

  it('is not lost where the gateway is busy each time that it brings one', async () => {
    const busy = fakeError(503, 'UNAVAILABLE', {}, { 'retry-after': '0.01' });
    const turns = Array.from({ length: 6 }, () => [challenged, busy]).flat();
    const { report, of } = await visit({ join: [...turns, challenged, fakeJoined('w1')] });
    expect(report.outcomes).toMatchObject(entered);
    expect(of('join').length).toBe(14);
  });
});

describe('a visitor', () => {
  it('joins, polls as told, and enters as soon as ready', async () => {
    const waits = [0.12, 0.05, 0.2];
    const status = [...waits.slice(1).map((poll_after_sec) => fakeStatus({ poll_after_sec })), fakeReady()];
    const { report, calls } = await visit({ join: [fakeJoined('w/1', waits[0])], status });
    expect(calls.map(({ call }) => call)).toEqual(['join', 'status', 'status', 'status', 'enter']);
    expect(new Set(calls.slice(1).map(({ token }) => token))).toEqual(new Set(['w/1']));
    for (const [index, waitSec] of waits.entries()) {
      const waitedMs = (calls[index + 1]?.atMs ?? 0) - (calls[index]?.atMs ?? 0);
      expect(waitedMs).toBeGreaterThanOrEqual(waitSec * 1000 - 1);
      expect(waitedMs).toBeLessThan(waitSec * 1000 + 250);
    }
    expect(report.outcomes).toMatchObject(entered);
    expect(report.admissions.total).toBe(1);
  });

  it('is anonymous until the enter, and comes from an address of their own', async () => {
    const { of } = await visit({});
    expect(of('join')[0]?.headers).toMatchObject({
      'idempotency-key': 'simulated-visitor-r-0',
      'x-forwarded-for': '10.0.0.1',
    });
    expect(of('join')[0]?.headers.authorization).toBeUndefined();
    expect(of('enter')[0]?.headers).toMatchObject({
      authorization: 'Bearer load-test-bypass-token',
      'x-load-test': 'true',
      'x-user-id': 'sim-r-0',
      'x-forwarded-for': '10.0.0.1',
    });
  });

  it('comes back no earlier than Retry-After says, in joins and polls', async () => {
    const busy = (code: string, status: number) => fakeError(status, code, {}, { 'retry-after': '0.3' });
    const { report, of } = await visit({
      join: [busy('OVERLOADED', 503), fakeJoined('w1')],
      status: [busy('RATE_LIMITED', 429), fakeReady()],
    });
    for (const call of ['join', 'status'] as const) {
      const [first, second] = of(call);
      const waitedMs = (second?.atMs ?? 0) - (first?.atMs ?? 0);
      expect(waitedMs).toBeGreaterThanOrEqual(299);
      expect(waitedMs).toBeLessThan(800);
    }
    expect(report).toMatchObject({
      errors: { OVERLOADED: 1, RATE_LIMITED: 1 },
      retries: 2,
      outcomes: entered,
    });
  });

  it('tries again, with the same key, when the connection breaks', async () => {
    const { report, of } = await visit({
      join: ['cut', fakeJoined('w1')],
      status: ['cut', fakeReady()],
      enter: ['cut', fakeGranted('r1')],
    });
    const keys = of('join').map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual(['simulated-visitor-r-0', 'simulated-visitor-r-0']);
    expect(Object.values(report.connectionErrors)).toEqual([3]);
    expect(report.outcomes).toMatchObject(entered);
  });

  it('gives up at last', async () => {
    const { report } = await visit({ join: ['cut'] }, { giveUpAfterMs: 300 });
    expect(report.outcomes.gaveUp).toBe(1);
  });

  it('polls on after a refused enter, and says how far it was explained', async () => {
    const denied = (reason: string) =>
      fakeError(403, 'NOT_READY', { admission: 'denied', reason, retry_after_sec: 0.1 });
    const { report, of } = await visit({ enter: [denied('tokens'), denied('paused'), fakeGranted('r1')] });
    expect(of('status')).toHaveLength(3);
    expect((of('status')[1]?.atMs ?? 0) - (of('enter')[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(99);
    expect(report.refusalsAfterReady).toMatchObject({
      total: 2,
      byReason: { tokens: { unexplained: 1 }, paused: { explained: 1 } },
    });
    expect(report.errors).toEqual({});
  });

  it.each<[string, object]>([
    ['expired', { status: 'expired', position: 0 }],
    ['left', { status: 'left', position: 0 }],
    ['closed', { status: 'closed', position: 0 }],
    ['enteredUnseen', { status: 'entered', position: 0 }],
  ])('ends as %s when a poll says so', async (outcome, status) => {
    const { report } = await visit({ status: [fakeStatus(status)] });
    expect(report.outcomes).toMatchObject({ [outcome]: 1 });
  });

  it('goes on asking about an expired place that may be restored', async () => {
    const restorable_until = new Date(Date.now() + 60_000).toISOString();
    const gone = fakeStatus({ status: 'expired', position: 0, poll_after_sec: 0.05, restorable_until });
    const { report } = await visit({ status: [gone, fakeStatus(), fakeReady()] });
    expect(report.outcomes).toMatchObject(entered);
  });

  it('counts a token that the gateway does not know as lost', async () => {
    const { report } = await visit({ status: [fakeError(404, 'TOKEN_NOT_FOUND')] });
    expect(report).toMatchObject({ outcomes: { lost: 1 }, errors: { TOKEN_NOT_FOUND: 1 } });
  });

  it('notices a position that rises without a cause, and none that has one', async () => {
    const at = (position: number, code?: string) =>
      fakeStatus({ position, ...(code === undefined ? {} : { notices: [{ code, text: '' }] }) });
    const status = [at(5), at(4), at(6), at(7, 'returned_in_front'), at(3), fakeReady()];
    const { report } = await visit({ status });
    expect(report.positionRises).toBe(1);
  });
});

describe('kinds of visitors', () => {
  it('a no-show joins and is not heard of again, or vanishes when ready', async () => {
    const early = await visit({}, { noShow: 1, noShowAt: 'join' });
    expect(early.calls.map(({ call }) => call)).toEqual(['join']);
    await gateway?.close();
    const late = await visit({}, { noShow: 1, noShowAt: 'ready' });
    expect(late.calls.map(({ call }) => call)).toEqual(['join', 'status']);
    expect(late.report.outcomes.vanished).toBe(1);
  });

  it('one who never enters goes on polling', async () => {
    const { report, of } = await visit(
      { status: [fakeStatus({ ready_for_entry: true })] },
      { neverEnter: 1, forMs: 1_500 },
    );
    expect(of('status').length).toBeGreaterThan(3);
    expect(of('enter')).toEqual([]);
    expect(report.outcomes.unfinished).toBe(1);
  });

  it('a leaver leaves when out of patience', async () => {
    const left = { status: 200, body: { status: 'left', message: 'bye' } };
    const { report, of } = await visit(
      { status: [fakeStatus()], leave: [left] },
      { leave: 1, leaveWithinMs: 200 },
    );
    expect(of('leave')[0]?.token).toBe('w1');
    expect(report.outcomes.left).toBe(1);
  });
});

describe('racing copies', () => {
  it('of one person carry one identity: a key, or a subject', async () => {
    const anonymous = await visit({}, { doubleClick: 1, joinCopies: 3, visitors: 30 });
    const keys = anonymous
      .of('join')
      .map(({ headers }) => headers['idempotency-key'] ?? headers['x-user-id']);
    expect(keys).toHaveLength(90);
    expect(new Set(keys).size).toBe(30);
    expect(
      anonymous.of('join').filter(({ headers }) => headers['x-user-id'] !== undefined).length,
    ).toBeGreaterThan(9);
  });

  it('that get one place are no duplicate, also when one is told that it has a place', async () => {
    const known = fakeError(409, 'DUPLICATE_REQUEST', { waiting_token: 'w1' });
    const { report } = await visit({ join: [known, fakeJoined('w1')] }, { doubleClick: 1 });
    expect(report).toMatchObject({ duplicates: { places: 0 }, errors: {}, outcomes: entered });
  });

  it('that get two places are a duplicate', async () => {
    const { report } = await visit({ join: [fakeJoined('w1'), fakeJoined('w2')] }, { doubleClick: 1 });
    expect(report.duplicates).toEqual({ places: 1, grants: 0 });
  });

  it('of an enter that get two reservation tokens are a double grant', async () => {
    const twice = await visit({ enter: [fakeGranted('r1'), fakeGranted('r2')] }, { enterCopies: 2 });
    expect(twice.report.duplicates).toEqual({ places: 0, grants: 1 });
    await gateway?.close();
    const once = await visit({ enter: [fakeGranted('r1')] }, { enterCopies: 4 });
    expect(once.report.duplicates.grants).toBe(0);
    expect(once.report.admissions.total).toBe(1);
    expect(once.report.requests.enter).toBe(4);
  });
});

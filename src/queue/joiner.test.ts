import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { joinBatchMax, joinLaneMs, joinLanes, joinQueueMax } from '../contract/limits.ts';
import { Joiner } from './joiner.ts';
import { type JoinReply, StaleEventError } from './store.ts';

interface Sent {
  readonly lane: number;
  readonly batchNo: number;
  readonly count: number;
  readonly atMs: number;
  answer(reply?: Partial<Extract<JoinReply, { word: 'joined' }>>): Promise<void>;
  reply(reply: JoinReply): Promise<void>;
  fail(error?: Error): Promise<void>;
}

/** A joiner whose batches the test answers; members here are one byte each. */
function begin(options: { processes?: number } = {}) {
  const sent: Sent[] = [];
  const state = { reachable: true, lastSeq: 0 };
  const settled = () => vi.advanceTimersByTimeAsync(0);
  const joiner = new Joiner({
    send: (lane, batchNo, members) =>
      new Promise((resolve, reject) => {
        sent.push({
          lane,
          batchNo,
          count: members.length,
          atMs: performance.now(),
          answer(reply = {}) {
            const firstSeq = state.lastSeq + 1;
            state.lastSeq += members.length - (reply.exceptions?.length ?? 0);
            resolve({ word: 'joined', firstSeq, nowMs: 1_000, waitingBefore: 100, exceptions: [], ...reply });
            return settled().then(() => {});
          },
          reply(reply) {
            resolve(reply);
            return settled().then(() => {});
          },
          fail(error = new Error('Command timed out')) {
            reject(error);
            return settled().then(() => {});
          },
        });
      }),
    processes: () => options.processes ?? 1,
    reachable: () => state.reachable,
  });
  const joinMany = (count: number) => Array.from({ length: count }, () => joiner.join({}));
  const last = (): Sent => {
    const found = sent.at(-1);
    if (!found) throw new Error('nothing was sent');
    return found;
  };
  return { joiner, sent, state, joinMany, last };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('joins', () => {
  it('that come within 2 ms go together and get places in their order', async () => {
    const test = begin();
    const joins = test.joinMany(3);
    await pass(1);
    joins.push(...test.joinMany(2));
    expect(test.sent).toHaveLength(0);
    await pass(1);
    expect(test.sent.map(({ batchNo, count }) => [batchNo, count])).toEqual([[1, 5]]);
    await test.last().answer();
    expect(await Promise.all(joins)).toEqual(
      [1, 2, 3, 4, 5].map((seq) => ({ word: 'joined', seq, joinedMs: 1_000, position: 100 + seq })),
    );
  });

  it('wait while a batch is under way, and go together after it', async () => {
    const test = begin();
    const first = test.joinMany(1);
    await pass(2);
    const next = test.joinMany(joinBatchMax + 200);
    await pass(joinLaneMs - 3);
    expect(test.sent).toHaveLength(1);
    await test.last().answer();
    expect((await first[0])?.word).toBe('joined');
    await pass(2);
    expect(test.sent.map(({ batchNo, count }) => [batchNo, count])).toEqual([
      [1, 1],
      [2, joinBatchMax],
    ]);
    await test.last().answer();
    await pass(2);
    await test.last().answer();
    const seqs = (await Promise.all(next)).map((result) => ('seq' in result ? result.seq : 0));
    expect(seqs).toEqual(Array.from({ length: joinBatchMax + 200 }, (_, index) => index + 2));
  });

  it('go in another lane where the reply is long in coming, as many as there are, and in their order', async () => {
    const test = begin();
    const joins = [];
    for (let ms = 0; ms < 1_000; ms += 10) {
      joins.push(...test.joinMany(3));
      await pass(10);
    }
    expect(test.sent.map(({ lane }) => lane)).toEqual(Array.from({ length: joinLanes }, (_, lane) => lane));
    expect(test.sent.map(({ batchNo }) => batchNo)).toEqual(test.sent.map((_, index) => index + 1));
    for (const [index, { atMs }] of test.sent.slice(1).entries())
      expect(atMs - (test.sent[index]?.atMs ?? 0)).toBeGreaterThanOrEqual(joinLaneMs);
    // The lane that is free again takes all who came meanwhile.
    await test.sent[2]?.fail();
    await test.sent[5]?.answer({ firstSeq: 1_000 });
    await pass(2);
    expect(test.last()).toMatchObject({ lane: 5, batchNo: joinLanes + 1 });
    expect(test.sent.reduce((sum, { count }) => sum + count, 0)).toBe(joins.length);
    await pass(25);
    expect(test.last()).toMatchObject({ lane: 2, batchNo: 3, count: test.sent[2]?.count });
    for (const one of [...test.sent.slice(0, 5), ...test.sent.slice(6)]) await one.answer();
    expect((await Promise.all(joins)).every(({ word }) => word === 'joined')).toBe(true);
    // One batch at a time again.
    void test.joinMany(1);
    await pass(2);
    void test.joinMany(1);
    await pass(joinLaneMs - 5);
    expect(test.sent).toHaveLength(joinLanes + 3);
  });

  it('are sent at most 1,000 ÷ processes times a second', async () => {
    const test = begin({ processes: 50 });
    for (let ms = 0; ms < 1_000; ms += 1) {
      void test.joiner.join({});
      await pass(1);
      if (test.sent.length > 0) void test.last().answer();
    }
    expect(test.sent.length).toBeGreaterThan(17);
    expect(test.sent.length).toBeLessThanOrEqual(21);
    for (const [index, { atMs }] of test.sent.slice(1).entries()) {
      expect(atMs - (test.sent[index]?.atMs ?? 0)).toBeGreaterThanOrEqual(50);
    }
  });

  it('that got no place of their own are told apart from those around them', async () => {
    const test = begin();
    const joins = test.joinMany(6);
    await pass(2);
    const exceptions = [0, 1, 2, 3].map((what) => ({ member: what + 1, what, seq: 40 + what, joinedMs: 5 }));
    await test.last().answer({ exceptions });
    expect(await Promise.all(joins)).toEqual([
      { word: 'joined', seq: 1, joinedMs: 1_000, position: 101 },
      { word: 'same', seq: 40, joinedMs: 5 },
      { word: 'duplicate', seq: 41, joinedMs: 5 },
      { word: 'conflict', seq: 42, joinedMs: 5 },
      { word: 'full' },
      { word: 'joined', seq: 2, joinedMs: 1_000, position: 102 },
    ]);
  });

  it.each([{ word: 'closed' as const }, { word: 'scheduled' as const, opensAtMs: 9_000 }])(
    'all hear that the event is $word',
    async (reply) => {
      const test = begin();
      const joins = test.joinMany(2);
      await pass(2);
      await test.last().reply(reply);
      expect(await Promise.all(joins)).toEqual([reply, reply]);
    },
  );
});

describe('a batch whose answer was lost', () => {
  it('is sent again under its number, with the same members, and nobody is told before', async () => {
    const test = begin();
    const joins = test.joinMany(3);
    await pass(2);
    const late = test.joinMany(2);
    await test.last().fail();
    await pass(25);
    expect(test.sent.map(({ batchNo, count }) => [batchNo, count])).toEqual([
      [1, 3],
      [1, 3],
    ]);
    await test.last().answer();
    expect((await Promise.all(joins)).map(({ word }) => word)).toEqual(['joined', 'joined', 'joined']);
    await pass(2);
    expect(test.last().batchNo).toBe(2);
    await test.last().answer();
    expect((await Promise.all(late)).map(({ word }) => word)).toEqual(['joined', 'joined']);
  });

  it('is given up when its time is over; the next one has another number', async () => {
    const test = begin();
    const joins = test.joinMany(2);
    await pass(2);
    for (let sent = 0; sent < test.sent.length && sent < 200; sent += 1) {
      await test.sent[sent]?.fail();
      await pass(25);
    }
    expect((await Promise.all(joins)).map(({ word }) => word)).toEqual(['unavailable', 'unavailable']);
    expect(performance.now()).toBeLessThan(1_700);
    expect(new Set(test.sent.map(({ batchNo }) => batchNo))).toEqual(new Set([1]));
    const next = test.joinMany(1);
    await pass(2);
    expect(test.last().batchNo).toBe(2);
    await test.last().answer();
    expect((await next[0])?.word).toBe('joined');
  });

  it.each([
    "OOM command not allowed when used memory > 'maxmemory'. script: 5f9, on @user_script:197.",
    'MISCONF Errors writing to the AOF file: No space left on device script: 5f9, on @user_script:197.',
    'NOREPLICAS Not enough good replicas to write. script: 5f9, on @user_script:197.',
  ])('is not sent again where Redis refuses to write, and is told at once: %s', async (refusal) => {
    const { sent, joinMany, last } = begin();
    const results = joinMany(3);
    await vi.advanceTimersByTimeAsync(2);
    await last().fail(new Error(refusal));
    expect(await Promise.all(results)).toEqual(Array(3).fill({ word: 'unavailable' }));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent).toHaveLength(1);
  });

  it('is not sent again to another incarnation', async () => {
    const test = begin();
    const joins = test.joinMany(2);
    await pass(2);
    await test.last().fail(new StaleEventError('evt_a'));
    expect((await Promise.all(joins)).map(({ word }) => word)).toEqual(['stale', 'stale']);
    await pass(100);
    expect(test.sent).toHaveLength(1);
  });
});

describe('nobody waits longer than 1.6 s', () => {
  it.each([0, 700, 1_400, 1_590])('also who came %i ms after a batch that hangs', async (afterMs) => {
    const test = begin();
    void test.joiner.join({});
    await pass(2);
    await pass(afterMs);
    const cameMs = performance.now();
    let toldMs = 0;
    const join = test.joiner.join({}).then((result) => {
      toldMs = performance.now();
      return result;
    });
    // The hanging batch fails after the client's 1.5 s; the next one hangs as well.
    await pass(Math.max(0, 1_498 - afterMs));
    await test.last().fail();
    await pass(3_000);
    expect((await join).word).toBe('unavailable');
    expect(toldMs - cameMs).toBeLessThanOrEqual(1_601);
  });

  it('and is told at once where Redis is out of reach or too many wait', async () => {
    const test = begin();
    test.state.reachable = false;
    expect(await test.joiner.join({})).toEqual({ word: 'unavailable' });
    test.state.reachable = true;
    void test.joinMany(joinQueueMax);
    expect(await test.joiner.join({})).toEqual({ word: 'overloaded' });
    expect(test.sent).toHaveLength(0);
  });
});

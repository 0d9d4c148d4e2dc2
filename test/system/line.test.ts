import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JoinReply } from '../../src/contract/visitor-api.ts';
import { Keyring } from '../../src/queue/keyring.ts';
import type { Line, Outcome } from '../../src/queue/line-types.ts';
import { eventsKey, keysOf } from '../../src/queue/scripts.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { eventually } from '../helpers/eventually.ts';
import {
  as,
  joinAt,
  no,
  nobody,
  type Operator,
  openLine,
  openOperator,
  untilStatus,
  yes,
} from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

let server: TestRedis;
let operator: Operator;
let lines: readonly [Line, Line];
const warnings: string[] = [];

beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  lines = [await openLine(server.port, { warnings }), await openLine(server.port, { warnings })];
});
afterAll(async () => {
  await Promise.all(lines.map((line) => line.close()));
  operator.close();
  await server.stop();
});

const lineOf = (index: number): Line => lines[index % 2] ?? lines[0];
const seqOf = (event: EventRef): Promise<string | null> => operator.redis.hget(event.keys.meta, 'seq');
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** The tokens named by replies and by refusals as a duplicate. */
function tokensOf(outcomes: readonly Outcome<JoinReply>[]): Set<unknown> {
  return new Set(outcomes.map((one) => (one.ok ? one.reply.waiting_token : one.body?.waiting_token)));
}

describe('one person, one place', () => {
  it('gives one place to 50 concurrent joins of a verified subject over both gateways', async () => {
    const event = await operator.event();
    const asks = range(50).map((index) => lineOf(index).join({ eventId: event.id, caller: as('alice') }));
    const outcomes = await Promise.all(asks);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(tokensOf(outcomes).size).toBe(1);
    expect(await seqOf(event)).toBe('1');
  });

  it('gives one place to 50 concurrent joins of a claimed user, and its token to the first alone', async () => {
    const event = await operator.event();
    const ask = { eventId: event.id, userId: 'bob', caller: nobody };
    const outcomes = await Promise.all(range(50).map((index) => lineOf(index).join(ask)));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    const refusals = outcomes.filter((one) => !one.ok).map(no);
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['DUPLICATE_REQUEST']));
    expect(refusals.every(({ body }) => body?.waiting_token === undefined)).toBe(true);
    expect(await seqOf(event)).toBe('1');
  });

  it('gives the same place again to 50 concurrent joins with one long Idempotency-Key', async () => {
    const event = await operator.event();
    const ask = { eventId: event.id, idempotencyKey: '0123456789abcdef', caller: nobody };
    const outcomes = await Promise.all(range(50).map((index) => lineOf(index).join(ask)));
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect(tokensOf(outcomes).size).toBe(1);
    expect(await seqOf(event)).toBe('1');
  });

  it('refuses an anonymous repeat under a short key, and shows no token', async () => {
    const event = await operator.event();
    const ask = { eventId: event.id, idempotencyKey: '0123456789abcde', caller: nobody };
    yes(await lines[0].join(ask));
    const { code, body } = no(await lines[1].join(ask));
    expect([code, body?.waiting_token]).toEqual(['DUPLICATE_REQUEST', undefined]);
  });

  it('replays a short key to the verified subject who used it', async () => {
    const event = await operator.event();
    const ask = { eventId: event.id, idempotencyKey: 'a', caller: as('carol') };
    expect(yes(await lines[1].join(ask)).waiting_token).toBe(yes(await lines[0].join(ask)).waiting_token);
  });

  it('answers a key that is used with another body with a conflict', async () => {
    const event = await operator.event();
    const ask = { eventId: event.id, idempotencyKey: '0123456789abcdef', caller: nobody };
    yes(await lines[0].join({ ...ask, userId: 'dave' }));
    expect(no(await lines[1].join({ ...ask, userId: 'eve' })).code).toBe('IDEMPOTENCY_CONFLICT');
    expect(await seqOf(event)).toBe('1');
  });

  it('keeps verified subjects and claimed users apart, in names as in keys', async () => {
    const event = await operator.event();
    const key = '0123456789abcdef';
    const tokens = [
      await joinAt(lines[0], event, { caller: as('frank'), idempotencyKey: key }),
      await joinAt(lines[1], event, { userId: 'frank' }),
      await joinAt(lines[1], event, { idempotencyKey: key }),
      await joinAt(lines[0], event, { idempotencyKey: `sub:frank:${key}` }),
      await joinAt(lines[0], event, { caller: as('sub'), idempotencyKey: `frank:${key}` }),
      await joinAt(lines[0], event, { caller: as('frank:0'), idempotencyKey: key.slice(1) }),
    ];
    expect(new Set(tokens).size).toBe(6);
    expect(await seqOf(event)).toBe('6');
  });

  it('frees a person whose place has ended', async () => {
    const event = await operator.event();
    const token = await joinAt(lines[0], event, { caller: as('grace') });
    yes(await lines[1].leave(token));
    expect(await joinAt(lines[1], event, { caller: as('grace') })).not.toBe(token);
  });
});

describe('enter', () => {
  it('grants each of 20 places once, however many copies race, always with the same reservation token', async () => {
    const event = await operator.event();
    const tokens = await Promise.all(range(20).map((index) => joinAt(lineOf(index), event)));
    const tries = tokens.flatMap((token, place) =>
      range(10).map((copy) => lineOf(copy).enter(token, as(`visitor ${place}`))),
    );
    const replies = (await Promise.all(tries)).map(yes);
    const passes = range(20).map(
      (place) => new Set(replies.slice(place * 10, place * 10 + 10).map((reply) => reply.reservation_token)),
    );
    expect(passes.map(({ size }) => size)).toEqual(range(20).map(() => 1));
    expect(new Set(passes.flatMap((set) => [...set])).size).toBe(20);
    expect(replies.every(({ ttl_sec }) => ttl_sec > 25 && ttl_sec <= 30)).toBe(true);
    expect(await operator.redis.zcard(event.keys.granted)).toBe(20);
    expect(Number(await operator.redis.hget(event.keys.meta, 'waiting'))).toBe(0);
  });

  it('lets nobody else enter a place that was joined by a verified subject', async () => {
    const event = await operator.event();
    const token = await joinAt(lines[0], event, { caller: as('heidi') });
    expect(no(await lines[1].enter(token, as('mallory'))).code).toBe('NOT_YOURS');
    expect(no(await lines[1].enter(token, { authenticated: true })).code).toBe('NOT_YOURS');
    yes(await lines[1].enter(token, as('heidi')));
  });

  it('binds an anonymous place to the subject who enters', async () => {
    const event = await operator.event();
    const token = await joinAt(lines[0], event);
    yes(await lines[0].enter(token, as('ivan')));
    expect(no(await lines[1].enter(token, as('mallory'))).code).toBe('NOT_YOURS');
  });

  it('grants one place a subject, whoever took the others', async () => {
    const event = await operator.event();
    const tokens = await Promise.all(range(8).map(() => joinAt(lines[0], event)));
    const tries = await Promise.all(tokens.map((token, index) => lineOf(index).enter(token, as('judy'))));
    expect(tries.filter(({ ok }) => ok)).toHaveLength(1);
    expect(tries.filter(({ ok }) => !ok).every((one) => no(one).code === 'ALREADY_ENTERED')).toBe(true);
  });

  it('asks for a token of the caller before anything else', async () => {
    const event = await operator.event();
    expect(no(await lines[0].enter(await joinAt(lines[0], event), nobody)).code).toBe('UNAUTHENTICATED');
  });

  it('says when it is not yet the turn, and where the place stands', async () => {
    const event = await operator.event({ capacity: 1, refillPerSec: 0.01, window: 50 });
    const tokens = await Promise.all(range(30).map(() => joinAt(lines[0], event)));
    const last = tokens[29] ?? '';
    const { code, body } = no(await lines[0].enter(last, as('kim')));
    expect([code, body?.admission, body?.reason, body?.position]).toEqual([
      'NOT_READY',
      'denied',
      'tokens',
      30,
    ]);
  });
});

describe('leave', () => {
  it('answers the same again, and every gateway shows it', async () => {
    const event = await operator.event();
    const token = await joinAt(lines[0], event);
    const first = yes(await lines[0].leave(token));
    expect(yes(await lines[1].leave(token))).toEqual(first);
    expect(first.status).toBe('left');
    await untilStatus(lines[0], token, 'left');
    await untilStatus(lines[1], token, 'left');
    expect(no(await lines[1].enter(token, as('leo'))).code).toBe('TOKEN_EXPIRED');
  });

  it('refuses a place that has entered', async () => {
    const event = await operator.event();
    const token = await joinAt(lines[0], event);
    yes(await lines[0].enter(token, as('mia')));
    expect(no(await lines[0].leave(token)).code).toBe('ALREADY_ENTERED');
  });
});

describe('tokens', () => {
  it('refuses forged and foreign ones without any Redis command', async () => {
    const event = await operator.event();
    const token = await joinAt(lines[0], event);
    const other = await startRedis();
    const foreignKeys = [{ kid: 'k1', secret: Buffer.alloc(32, 8) }];
    const idle = await openLine(other.port, { eventsAutoCreate: true });
    const elsewhere = await openLine(other.port, { eventsAutoCreate: true, waitingTokenKeys: foreignKeys });
    const foreign = await joinAt(elsewhere, event);
    await elsewhere.close();
    const upkeep = new Set(['get', 'time', 'hmget', 'xread', 'hlen', 'client', 'hello', 'info']);
    const commands = (): string[] =>
      Object.entries(idle.gauges().redisCommands).flatMap(([name, count]) =>
        upkeep.has(name) ? [] : [`${name} ${count}`],
      );
    const before = commands();
    const forged = [
      foreign,
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      token.slice(0, -1),
      't1.k9.AAAA.AAAA',
      `t1.k1.${'A'.repeat(600)}.A`,
      'x',
      '',
    ];
    for (const each of forged) {
      expect(no(await idle.status(each)).code).toBe('TOKEN_NOT_FOUND');
      expect(no(await idle.enter(each, as('mallory'))).code).toBe('TOKEN_NOT_FOUND');
      expect(no(await idle.leave(each)).code).toBe('TOKEN_NOT_FOUND');
      expect(no(await idle.subscribe(each, () => {})).code).toBe('TOKEN_NOT_FOUND');
    }
    // One that we signed in a version that is not known here is worth keeping: whoever holds it asks again.
    const newer = 't2.k1.whatever-it-will-be';
    const mac = new Keyring([{ kid: 'k1', secret: Buffer.alloc(32, 7) }]).mac('k1', newer);
    const kept = { code: 'UNAVAILABLE', retryAfterSec: 5 };
    expect(await idle.status(`${newer}.${mac}`)).toMatchObject(kept);
    expect(await idle.leave(`${newer}.${mac}`)).toMatchObject(kept);
    expect(no(await idle.status(`${newer}.AAAA`)).code).toBe('TOKEN_NOT_FOUND');
    expect(commands()).toEqual(before);
    await idle.close();
    await other.stop();
  });

  it('answers a poll of a served event without any Redis command', async () => {
    const event = await operator.event({ refillPerSec: 0.01, capacity: 1 });
    const token = await joinAt(lines[0], event);
    await untilStatus(lines[0], token, 'ready');
    const stats = async (): Promise<number> =>
      Number(/total_commands_processed:(\d+)/.exec(await operator.redis.info('stats'))?.[1]);
    const measure = async (act: () => void): Promise<number> => {
      const before = await stats();
      act();
      return (await stats()) - before;
    };
    const idle = await measure(() => {});
    const polled = await measure(() => {
      for (let poll = 0; poll < 1_000; poll += 1) lines[0].status(token);
    });
    expect(polled - idle).toBeLessThan(100);
  });
});

describe('phases', () => {
  it('refuses before the prequeue, keeps the order in it, and opens by the time in Redis', async () => {
    const nowMs = Date.now();
    const prequeueFromMs = nowMs + 1_500;
    const opensAtMs = nowMs + 5_000;
    const event = await operator.event({ prequeueFromMs, opensAtMs });
    const early = no(await lines[0].join({ eventId: event.id, caller: nobody }));
    expect([early.code, early.body?.opens_at]).toEqual(['QUEUE_NOT_OPEN', new Date(opensAtMs).toISOString()]);
    const join = await eventually(async () =>
      yes(await lines[0].join({ eventId: event.id, caller: nobody })),
    );
    expect(join).toMatchObject({ opens_at: new Date(opensAtMs).toISOString(), position_hint: 1 });
    await eventually(async () => {
      const { phase, status } = yes(await lines[0].status(join.waiting_token));
      expect([phase, status]).toEqual(['prequeue', 'waiting']);
    });
    const { body } = no(await lines[0].enter(join.waiting_token, as('nina')));
    expect(body?.reason).toBe('not_open');
    await untilStatus(lines[1], join.waiting_token, 'ready', 10_000);
    expect(Date.now()).toBeGreaterThanOrEqual(opensAtMs - 5);
    yes(await lines[1].enter(join.waiting_token, as('nina')));
  });

  it('refuses joins of a closed event, and its places have expired', async () => {
    const event = await operator.event();
    const token = await joinAt(lines[0], event);
    await operator.store.setPhase(event, { action: 'close', changeId: 'close', audit: '{}' });
    expect(no(await lines[0].join({ eventId: event.id, caller: nobody })).code).toBe('QUEUE_CLOSED');
    expect(no(await lines[1].enter(token, as('olga'))).code).toBe('TOKEN_EXPIRED');
    expect(await untilStatus(lines[1], token, 'expired')).toMatchObject({ phase: 'closed', position: 0 });
  });

  it('refuses joins above max waiting', async () => {
    const event = await operator.event({ maxWaiting: 3 });
    const outcomes = await Promise.all(
      range(10).map((index) => lineOf(index).join({ eventId: event.id, caller: nobody })),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(3);
    expect(outcomes.filter((one) => !one.ok).every((one) => no(one).code === 'QUEUE_FULL')).toBe(true);
  });

  it('shows a pause on both gateways and lets nobody in', async () => {
    const event = await operator.event();
    const token = await joinAt(lines[0], event);
    for (const line of lines) await untilStatus(line, token, 'ready');
    await operator.store.setPhase(event, { action: 'pause', changeId: 'pause', audit: '{}' });
    for (const line of lines) {
      expect(await untilStatus(line, token, 'waiting')).toMatchObject({
        paused: true,
        ready_for_entry: false,
      });
    }
    expect(no(await lines[0].enter(token, as('paul'))).body?.reason).toBe('paused');
    expect((await lines[0].join({ eventId: event.id, caller: nobody })).ok).toBe(true);
  });
});

describe('unknown events', () => {
  it('are refused without writing a key', async () => {
    const members = await operator.redis.scard(eventsKey);
    expect(no(await lines[0].join({ eventId: 'evt_nowhere', caller: nobody })).code).toBe('EVENT_NOT_FOUND');
    expect(await operator.redis.keys('tacos:{evt_nowhere}:*')).toEqual([]);
    expect(await operator.redis.scard(eventsKey)).toBe(members);
  });

  it('are made once where that is allowed, and none of 60 racing first joins is lost', async () => {
    const makers = await Promise.all([0, 1].map(() => openLine(server.port, { eventsAutoCreate: true })));
    const eventId = 'evt_made_by_visitors';
    const asks: Promise<Outcome<JoinReply>>[] = [];
    for (const index of range(60)) {
      asks.push((makers[index % 2] as Line).join({ eventId, caller: nobody }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const replies = (await Promise.all(asks)).map(yes);
    expect(new Set(replies.map(({ waiting_token }) => waiting_token)).size).toBe(60);
    expect(await operator.redis.hmget(keysOf(eventId).meta, 'seq', 'kind')).toEqual(['60', 'auto']);
    await Promise.all(makers.map((line) => line.close()));
  });

  it('are found by the other gateway without a call, and its token is good there', async () => {
    const event = await operator.event();
    await eventually(() => lines.every((line) => line.gauges().events.some((one) => one.event === event.id)));
    const token = await joinAt(lines[0], event);
    expect(yes(await lines[1].status(token)).position).toBe(1);
  });
});

it('warned of nothing', () => {
  expect(warnings).toEqual([]);
});

import { describe, expect, it, vi } from 'vitest';
import { keyring, nowMs, type ServedOptions, serve } from '../../test/helpers/served.ts';
import type { RedisClient } from '../redis/client.ts';
import { JoinDesk } from './join-desk.ts';
import type { JoinRequest } from './line-types.ts';
import { type JoinException, type JoinReply, StaleEventError, type Store } from './store.ts';
import { readWaitingToken } from './waiting-token.ts';

const alice = { subject: 'alice', authenticated: true };
const longKey = '0123456789abcdef';

/** A desk behind which the script answers so, with what it was sent. */
function begin(answer: JoinReply | Error, options: ServedOptions & { status?: string } = {}) {
  const { status = 'ready', ...rest } = options;
  const { served } = serve({ waiting: 7, ...rest });
  const join = vi.fn<Store['join']>();
  if (answer instanceof Error) join.mockRejectedValue(answer);
  else join.mockResolvedValue(answer);
  const desk = new JoinDesk({
    served,
    store: { join } as unknown as Store,
    keyring,
    sender: 'gw/w1',
    redis: { status } as unknown as RedisClient,
  });
  const ask = (request: Partial<JoinRequest> = {}) => desk.join({ eventId: 'evt_a', caller: {}, ...request });
  const members = () => join.mock.calls.map(([, batch]) => batch.members.toString('hex'));
  return { served, join, ask, members };
}
const joined = (exceptions: readonly JoinException[] = []): JoinReply => ({
  word: 'joined',
  firstSeq: 8,
  nowMs,
  waitingBefore: 7,
  exceptions,
});
const except = (what: number): JoinReply => joined([{ member: 0, what, seq: 3, joinedMs: nowMs - 5_000 }]);

describe('a join', () => {
  it('gets a token of its place, its reference, position and when to poll', async () => {
    const { served, ask } = begin(joined());
    const outcome = await ask();
    if (!outcome.ok) throw new Error(outcome.code);
    const { waiting_token, ...rest } = outcome.reply;
    expect(readWaitingToken(keyring, waiting_token)).toEqual({
      kid: 'k1',
      event: 'evt_a',
      life: 'life0001',
      epoch: 1,
      seq: 8,
      joinedMs: nowMs,
      verified: false,
    });
    expect(rest).toMatchObject({
      reference: served.secret.reference(8),
      position_hint: 8,
      status: 'waiting',
    });
    expect(rest.poll_after_sec).toBeGreaterThanOrEqual(1.6);
    expect(rest).not.toHaveProperty('opens_at');
  });

  it('before the opening is told when that is', async () => {
    const opensAtMs = nowMs + 60_000;
    const { ask } = begin(joined(), { opensAtMs, prequeueFromMs: nowMs - 1 });
    expect(await ask()).toMatchObject({ ok: true, reply: { opens_at: new Date(opensAtMs).toISOString() } });
  });

  it('of somebody signed in is theirs, whatever name they claim', async () => {
    const { served, ask } = begin(joined());
    const outcome = await ask({ caller: alice, userId: 'bob' });
    const token = outcome.ok ? readWaitingToken(keyring, outcome.reply.waiting_token) : undefined;
    expect(token).toMatchObject({ verified: true, person: served.secret.digest('sub:alice') });
  });

  it('of a claimed name carries it, unverified', async () => {
    const { served, ask } = begin(joined());
    const outcome = await ask({ userId: 'alice' });
    const token = outcome.ok ? readWaitingToken(keyring, outcome.reply.waiting_token) : undefined;
    expect(token).toMatchObject({ verified: false, person: served.secret.digest('user:alice') });
  });

  it('names subjects, users and keys so that none can be taken for another', async () => {
    const { ask, members } = begin(joined());
    await ask({ caller: alice });
    await ask({ userId: 'alice' });
    await ask({ userId: 'sub:alice' });
    await ask({ idempotencyKey: 'alice' });
    for (const [subject, idempotencyKey] of [
      ['alice', 'x:k'],
      ['alice:x', 'k'],
    ] as const) {
      await ask({ caller: { subject }, idempotencyKey });
    }
    await ask({ idempotencyKey: 'sub:alice:x:k' });
    const digests = members().flatMap((hex) => {
      const flags = Number.parseInt(hex.slice(0, 2), 16);
      const person = flags & 1 ? [hex.slice(2, 34)] : [];
      return flags & 2 ? [...person, hex.slice(2 + 32 * (flags & 1), 34 + 32 * (flags & 1))] : person;
    });
    // alice is there twice: alone and with her key.
    expect(digests).toHaveLength(9);
    expect(new Set(digests).size).toBe(8);
  });

  it('under a key says what the body was: event and user', async () => {
    const { ask, members } = begin(joined());
    for (const userId of ['bob', 'bob', 'eve']) await ask({ idempotencyKey: longKey, userId });
    await ask({ idempotencyKey: longKey });
    const bodies = members().map((hex) => hex.slice(-8));
    expect(bodies[0]).toBe(bodies[1]);
    expect(new Set(bodies).size).toBe(3);
  });

  it('is sent under a name that no other desk has, in batches numbered from 1', async () => {
    const [one, other] = [begin(joined()), begin(joined())];
    await one.ask();
    await one.ask();
    await other.ask();
    const sent = one.join.mock.calls.map(([, batch]) => batch);
    expect(sent.map(({ batchNo }) => batchNo)).toEqual([1, 2]);
    expect(sent[0]?.sender).toMatch(/^gw\/w1\/[0-9a-f]{8}\/0$/);
    expect(sent[1]?.sender).toBe(sent[0]?.sender);
    expect(other.join.mock.calls[0]?.[1].sender).not.toBe(sent[0]?.sender);
  });

  it('counts as present until its first poll is overdue', async () => {
    const { ask, join } = begin(joined(), { waiting: 5_000, refillPerSec: 1 });
    const outcome = await ask();
    const dueMs = join.mock.calls[0]?.[1].dueMs ?? 0;
    expect(dueMs).toBe(45_000);
    expect(outcome.ok && (outcome.reply.poll_after_sec + 8) * 1_000).toBeLessThan(dueMs);
  });
});

describe('a repeated join', () => {
  it('under the same key is answered for the same place, with fresh hints', async () => {
    const { ask, served } = begin(except(0));
    for (const request of [{ idempotencyKey: longKey }, { idempotencyKey: 'k', caller: alice }]) {
      const outcome = await ask(request);
      if (!outcome.ok) throw new Error(outcome.code);
      expect(outcome.reply).toMatchObject({ position_hint: 3, reference: served.secret.reference(3) });
      expect(readWaitingToken(keyring, outcome.reply.waiting_token)).toMatchObject({
        seq: 3,
        joinedMs: nowMs - 5_000,
      });
    }
  });

  it('under a short key of nobody known gets no token', async () => {
    const outcome = await begin(except(0)).ask({ idempotencyKey: longKey.slice(1) });
    expect(outcome).toEqual({ ok: false, code: 'DUPLICATE_REQUEST' });
  });

  it('of the same subject is refused with the token of the place, of a claimed name without', async () => {
    const hers = await begin(except(1)).ask({ caller: alice });
    if (hers.ok) throw new Error('joined');
    expect([hers.code, readWaitingToken(keyring, String(hers.body?.waiting_token))?.seq]).toEqual([
      'DUPLICATE_REQUEST',
      3,
    ]);
    expect(await begin(except(1)).ask({ userId: 'alice' })).toEqual({ ok: false, code: 'DUPLICATE_REQUEST' });
  });

  it('under a key with another body is a conflict', async () => {
    expect(await begin(except(2)).ask({ idempotencyKey: longKey })).toEqual({
      ok: false,
      code: 'IDEMPOTENCY_CONFLICT',
    });
  });
});

describe('a refusal', () => {
  it('of a full line says when to come again', async () => {
    expect(await begin(except(3)).ask()).toEqual({ ok: false, code: 'QUEUE_FULL', retryAfterSec: 30 });
  });

  it('of a person who has entered is final', async () => {
    expect(await begin(except(4)).ask({ caller: alice })).toEqual({
      ok: false,
      code: 'ALREADY_ENTERED',
      message: 'You have already entered this event.',
    });
  });

  it('before the prequeue says when it opens, and how long that is', async () => {
    const opensAtMs = nowMs + 61_500;
    expect(await begin({ word: 'scheduled', opensAtMs }).ask()).toEqual({
      ok: false,
      code: 'QUEUE_NOT_OPEN',
      retryAfterSec: 62,
      body: { opens_at: new Date(opensAtMs).toISOString() },
    });
  });

  it('of a closed event is final', async () => {
    expect(await begin({ word: 'closed' }).ask()).toEqual({ ok: false, code: 'QUEUE_CLOSED' });
  });

  it('comes at once where Redis is out of reach, and where the event has changed', async () => {
    const away = begin(joined(), { status: 'reconnecting' });
    expect(await away.ask()).toEqual({ ok: false, code: 'UNAVAILABLE', retryAfterSec: 2 });
    expect(away.join).not.toHaveBeenCalled();
    const stale = begin(new StaleEventError('evt_a'));
    expect(await stale.ask()).toEqual({ ok: false, code: 'UNAVAILABLE', retryAfterSec: 2 });
  });
});

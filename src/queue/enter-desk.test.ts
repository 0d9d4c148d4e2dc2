import { decodeJwt } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { nowMs, serve } from '../../test/helpers/served.ts';
import { EnterDesk } from './enter-desk.ts';
import { ReservationKeys } from './reservation-token.ts';
import type { EnterReply, Store } from './store.ts';
import type { WaitingToken } from './waiting-token.ts';

const signer = new ReservationKeys([{ kid: 'r1', secret: Buffer.alloc(32, 3) }]);
const alice = { subject: 'alice', authenticated: true };

/** A desk behind which the script answers so. */
function begin(
  answer: EnterReply,
  options: { authRequired?: boolean; waiting?: number; refillPerSec?: number } = {},
) {
  const { served } = serve({ waiting: options.waiting ?? 5, refillPerSec: options.refillPerSec ?? 10 });
  const enter = vi.fn<Store['enter']>().mockResolvedValue(answer);
  const desk = new EnterDesk({
    store: { enter } as unknown as Store,
    signer,
    authRequired: options.authRequired ?? true,
  });
  const token = (rest: Partial<WaitingToken> = {}): WaitingToken => ({
    event: 'evt_a',
    life: 'life0001',
    epoch: 1,
    seq: 3,
    joinedMs: nowMs - 60_000,
    verified: false,
    ...rest,
  });
  return { desk, served, enter, token };
}
const granted = (agoMs = 0): EnterReply => ({ word: 'granted', grantedMs: nowMs - agoMs, nowMs });

describe('who may use a place', () => {
  it('is nobody without a token of their own, where that is needed', async () => {
    const { desk, served, token, enter } = begin(granted());
    expect(await desk.enter(served, token(), {})).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
    expect(enter).not.toHaveBeenCalled();
    const open = begin(granted(), { authRequired: false });
    expect((await open.desk.enter(open.served, open.token(), {})).ok).toBe(true);
  });

  it('is only the subject who joined, where somebody verified joined', async () => {
    const { desk, served, token, enter } = begin(granted());
    const hers = token({ verified: true, person: served.secret.digest('sub:alice') });
    for (const caller of [{ subject: 'mallory' }, { authenticated: true }]) {
      expect(await desk.enter(served, hers, caller)).toMatchObject({ ok: false, code: 'NOT_YOURS' });
    }
    expect(await desk.enter(served, token({ verified: true }), alice)).toMatchObject({ code: 'NOT_YOURS' });
    expect(enter).not.toHaveBeenCalled();
    expect((await desk.enter(served, hers, alice)).ok).toBe(true);
  });

  it('is not bound to a name that was merely claimed', async () => {
    const { desk, served, token } = begin(granted());
    const claimed = token({ person: served.secret.digest('user:alice') });
    expect((await desk.enter(served, claimed, { subject: 'bob' })).ok).toBe(true);
  });

  it('is told to the script by a digest, and by none where no subject is known', async () => {
    const { desk, served, token, enter } = begin(granted());
    await desk.enter(served, token(), alice);
    await desk.enter(served, token(), { authenticated: true });
    expect(enter.mock.calls.map(([, place]) => place.subject)).toEqual([
      served.secret.digest('sub:alice'),
      '',
    ]);
  });
});

describe('a grant', () => {
  it('is a pass for this event, place and subject, the same whenever it is repeated', async () => {
    const { desk, served, token } = begin(granted(4_300));
    const outcome = await desk.enter(served, token(), alice);
    if (!outcome.ok) throw new Error(outcome.code);
    expect(outcome.reply).toMatchObject({ admission: 'granted', ttl_sec: 26 });
    expect(decodeJwt(outcome.reply.reservation_token)).toEqual({
      iss: 'tacos',
      event_id: 'evt_a',
      sub: 'alice',
      jti: served.secret.passId(3),
      iat: Math.floor((nowMs - 4_300) / 1000),
      exp: Math.ceil((nowMs - 4_300) / 1000) + 30,
    });
    const later = begin({ word: 'granted', grantedMs: nowMs - 4_300, nowMs: nowMs + 20_000 });
    const again = await later.desk.enter(later.served, later.token(), alice);
    expect(again).toMatchObject({
      ok: true,
      reply: { reservation_token: outcome.reply.reservation_token, ttl_sec: 6 },
    });
  });

  it('of a caller without a subject is made out to the place’s reference', async () => {
    const { desk, served, token } = begin(granted());
    const outcome = await desk.enter(served, token(), { authenticated: true });
    expect(outcome.ok && decodeJwt(outcome.reply.reservation_token).sub).toBe(served.secret.reference(3));
  });
});

describe('a refusal', () => {
  it.each([
    ['entered', 'ALREADY_ENTERED'],
    ['subject_entered', 'ALREADY_ENTERED'],
    ['left', 'TOKEN_EXPIRED'],
    ['expired', 'TOKEN_EXPIRED'],
    ['closed', 'TOKEN_EXPIRED'],
    ['not_yours', 'NOT_YOURS'],
    ['unknown', 'TOKEN_NOT_FOUND'],
  ] as const)('"%s" of the script is %s', async (word, code) => {
    const { desk, served, token } = begin({ word });
    expect(await desk.enter(served, token(), alice)).toMatchObject({ ok: false, code });
  });

  it('because it is not the turn says why, and when to come again', async () => {
    const { desk, served, token } = begin({ word: 'denied', reason: 'tokens', position: 42, cause: '' });
    const outcome = await desk.enter(served, token(), alice);
    expect(outcome).toMatchObject({
      code: 'NOT_READY',
      body: { admission: 'denied', reason: 'tokens', detail: 'tokens', position: 42 },
    });
    if (outcome.ok) throw new Error('granted');
    expect(outcome.body?.retry_after_sec).toBe(outcome.retryAfterSec);
    expect(outcome.retryAfterSec).toBeGreaterThanOrEqual(1);
  });

  it.each([
    ['tokens', 'settings_changed', 'settings_changed'],
    ['window', 'returned_in_front', 'returned_in_front'],
    ['waited', 'settings_changed', 'settings_changed'],
    ['paused', 'settings_changed', 'paused'],
    ['not_open', 'settings_changed', 'not_open'],
    ['tokens', '', 'tokens'],
  ])('for %s with the cause "%s" gives the reason %s', async (reason, cause, shown) => {
    const { desk, served, token } = begin({ word: 'denied', reason, position: 42, cause });
    expect(await desk.enter(served, token(), alice)).toMatchObject({
      body: { reason: shown, detail: reason },
    });
  });

  it('never tells a visitor to wait for longer than they count as present', async () => {
    const far = { waiting: 2_000, refillPerSec: 1 };
    const { desk, served, token, enter } = begin(
      { word: 'denied', reason: 'window', position: 1_999, cause: '' },
      far,
    );
    const outcome = await desk.enter(served, token({ seq: 1_999 }), alice);
    const dueMs = enter.mock.calls[0]?.[1].dueMs ?? 0;
    expect(!outcome.ok && (outcome.retryAfterSec ?? 0) * 1_000).toBeLessThan(dueMs);
    expect(dueMs).toBe(45_000);
  });
});

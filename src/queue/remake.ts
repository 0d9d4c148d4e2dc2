/**
 * An event of which nothing is left but its visitors' tokens: Redis was wiped, and every process that served it is gone. A
 * token is signed, so it proves the event, its life and how far the line had come. What it does not say (the settings, who
 * had entered) is lost: the event comes back paused, with the settings of a new one, for an operator to set and resume.
 */
import {
  claimSecDefault,
  expireFarSecDefault,
  expireNearSecDefault,
  presenceSecDefault,
  recoveryGapUnknownSeqs,
  refillPerSecDefault,
} from '../contract/limits.ts';
import type { RedisClient } from '../redis/client.ts';
import { putAmongEvents } from './events.ts';
import type { RecoveryStore } from './recovery-store.ts';
import { keysOf } from './scripts.ts';
import { newEventFields } from './settings.ts';
import type { Store } from './store.ts';
import type { WaitingToken } from './waiting-token.ts';

/**
 * A deleted event is marked as such for so long, ms (lua/delete_event.lua); nobody joins it after that, so of an event whose
 * token is younger it is known whether it was deleted.
 */
const markedMs = 86_400_000;

export interface Remake {
  readonly redis: RedisClient;
  readonly store: Store;
  readonly recovery: RecoveryStore;
  readonly worker: string;
  /** IANA zone of events that name none. */
  readonly timeZone: string;
}

/** Whether a token is one by which an event can be made again, asked at a Redis time, ms: young enough to know. */
export function mayRemake(token: WaitingToken, nowMs: number): boolean {
  const ageMs = nowMs - token.joinedMs;
  return token.kid !== undefined && ageMs >= 0 && ageMs <= markedMs;
}

/** Makes an event again by a token by which it may be (`mayRemake`); false where it must not be, as it was deleted. */
export async function remakeByToken(tools: Remake, token: WaitingToken): Promise<boolean> {
  const { redis, store, recovery, worker, timeZone } = tools;
  const { fields } = newEventFields({
    life: token.life,
    incarnation: '',
    kid: token.kid ?? '',
    name: '',
    kind: 'operator',
    timeZone,
    opensAtMs: 0,
    prequeueFromMs: 0,
    maxWaiting: 0,
    refillPerSec: refillPerSecDefault,
    capacity: undefined,
    presenceMs: presenceSecDefault * 1000,
    claimMs: claimSecDefault * 1000,
    expireNearMs: expireNearSecDefault * 1000,
    expireFarMs: expireFarSecDefault * 1000,
  });
  const times = { base: String(token.joinedMs), createdAt: String(token.joinedMs), changedAt: '0' };
  const marks = { v: '1', revision: '1', paused: '1' };
  const keys = keysOf(token.event);
  const word = await recovery.recover(
    { id: token.event, keys, incarnation: '' },
    {
      worker,
      known: { life: token.life, incarnation: '', n: 0, epoch: token.epoch, revision: 1, seq: token.seq },
      gap: recoveryGapUnknownSeqs,
      fields: { ...fields, ...times, ...marks },
    },
  );
  if (word !== 'recovered') return word === 'done';
  await putAmongEvents(redis, token.event);
  const incarnation = (await redis.hget(keys.meta, 'incarnation')) ?? '';
  await store.noteAudit(
    { id: token.event, keys, incarnation },
    { noteId: `remade:${incarnation}`, record: JSON.stringify(recordOf(token.event, incarnation)) },
  );
  return true;
}

const recordOf = (event: string, incarnation: string) => ({
  auditId: `aud_${incarnation}`,
  event,
  actor: 'system',
  role: 'system',
  client: 'gateway',
  action: 'queue.recover',
  summary:
    'made again from visitors’ tokens, paused: set its rate and name, then resume; who had entered is not known',
  reason: '',
  rows: [{ name: 'paused', unit: 'flag', before: null, after: true }],
});

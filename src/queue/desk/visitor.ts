/** One visitor's story: where they stand, from the replica, and what the gateways remember of them, asked for. */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { TacosError } from '../../contract/errors.ts';
import { type StatusReply, statusReplySchema } from '../../contract/visitor-api.ts';
import type { VisitorStory } from '../../contract/visitors.ts';
import type { RedisClient } from '../../redis/client.ts';
import { isReady } from '../admission.ts';
import type { Store } from '../store.ts';
import type { DeskEvent } from './desk-event.ts';
import { seenWithinMs } from './receipt.ts';
import { joinedMsOf } from './rows.ts';
import { placeOfPerson } from './visitor-names.ts';

/** Gateways answer within about 150 ms; who has not by then is counted as missing, ms. */
const patienceMs = 500;
const everyMs = 25;
const refusalsMax = 20;

const answerSchema = z.object({
  polls: z.number(),
  firstMs: z.number().nullable(),
  lastMs: z.number().nullable(),
  refusals: z.array(z.object({ atMs: z.number(), reason: z.string() })),
  status: statusReplySchema.nullable(),
});
type Answer = z.infer<typeof answerSchema>;

const iso = (ms: number): string => new Date(ms).toISOString();

/** @throws TacosError VISITOR_NOT_FOUND */
export async function visitorStory(
  event: DeskEvent,
  parts: { readonly redis: RedisClient; readonly store: Store },
  name: string,
): Promise<VisitorStory> {
  const seq = await event.resolve(name);
  const state = seq === undefined ? 'unknown' : event.replica.state(seq);
  if (seq === undefined || state === 'unknown')
    throw new TacosError('VISITOR_NOT_FOUND', { hint: `tacos queue positions ${event.id}` });
  const rows = event.rowParts();
  const person = await placeOfPerson(event, parts.redis, name);
  const joinedMs = person?.seq === seq ? person.joinedMs : joinedMsOf(rows, seq);
  const enteredMs =
    state === 'entered' ? await parts.redis.zscore(event.ref.keys.granted, String(seq)) : null;
  const { answers, of } = await askGateways(event, parts.store, { seq, joinedMs });
  const { replica } = event;
  const away = replica.away.get(seq);
  const inLine = state === 'waiting' || state === 'away' || state === 'ahead';
  const position = replica.position(seq);
  const ready = state === 'waiting' && isReady(rows.view, position, rows.nowMs - joinedMs);
  const statusBody = bodyOf(answers);
  const known = inLine ? (ready ? 'ready' : 'waiting') : state;
  const firsts = answers.flatMap(({ firstMs }) => firstMs ?? []);
  const lasts = answers.flatMap(({ lastMs }) => lastMs ?? []);
  return {
    event: event.id,
    visitor: rows.referenceOf(seq),
    status: statusBody?.status ?? known,
    position: inLine ? position : null,
    joinedAt: iso(joinedMs),
    firstPollAt: firsts.length > 0 ? iso(Math.min(...firsts)) : null,
    lastPollAt: lasts.length > 0 ? iso(Math.max(...lasts)) : null,
    polls: answers.reduce((sum, { polls }) => sum + polls, 0),
    // lua/enter.lua notes with half a millisecond that it was to a subject.
    enteredAt: enteredMs === null ? null : iso(Math.floor(Number(enteredMs))),
    awaySince: away ? iso(away.sinceMs) : null,
    awayReason: away ? (away.unclaimed ? 'unclaimed' : 'silent') : null,
    refusals: answers
      .flatMap(({ refusals }) => refusals)
      .sort((a, b) => b.atMs - a.atMs)
      .slice(0, refusalsMax)
      .map(({ atMs, reason }) => ({ at: iso(atMs), reason })),
    answered: { workers: answers.length, of },
    statusBody,
  };
}

/** Asks all workers that were heard lately, and waits until all have answered or the patience is over. */
async function askGateways(
  event: DeskEvent,
  store: Store,
  place: { seq: number; joinedMs: number },
): Promise<{ answers: Answer[]; of: number }> {
  const { nowMs } = event.rowParts();
  const live = (await event.reports()).filter(({ lastMs }) => nowMs - lastMs <= seenWithinMs);
  if (live.length === 0) return { answers: [], of: 0 };
  const askId = randomBytes(9).toString('base64url');
  const untilMs = performance.now() + patienceMs;
  await store.ask(event.ref, { askId, what: 'story', seq: place.seq, sinceMs: Math.floor(place.joinedMs) });
  for (;;) {
    await sleep(everyMs);
    const answers = await store.answers(event.ref, askId);
    if (answers.length >= live.length || performance.now() >= untilMs) {
      return { answers: answers.flatMap(({ payload }) => parse(payload) ?? []), of: live.length };
    }
  }
}

/** The body of a gateway that is up to date, where there is one. */
function bodyOf(answers: readonly Answer[]): StatusReply | null {
  const bodies = answers.flatMap(({ status }) => status ?? []);
  return bodies.find(({ stale }) => stale !== true) ?? bodies[0] ?? null;
}

function parse(payload: Buffer): Answer | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(payload.toString())).data;
  } catch {
    return undefined;
  }
}

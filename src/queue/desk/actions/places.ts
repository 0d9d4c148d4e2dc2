/** Actions on places: end some or all of them, remove one visitor, empty a test event, delete an event. */
import type { ParsedAction } from '../../../contract/actions.ts';
import { badRequest, type Draft, draftOf, type Guard, peopleOf, type Seen } from './draft.ts';

type Expire = Extract<ParsedAction, { type: 'queue.expire' }>;

/** What an expiry says, checked. @throws TacosError BAD_REQUEST unless exactly one way is chosen */
export function checkExpire(action: Expire): void {
  const ways = [action.visitors, action.silentForSec, action.all === true ? true : undefined];
  if (ways.filter((way) => way !== undefined).length !== 1)
    throw badRequest('Say exactly one of: these visitors, who is silent for a time, all.');
}

/** `found` = how many it would end, and their seqs where they were named one by one. */
export function expire(
  seen: Seen,
  action: Expire,
  found: { readonly people: number; readonly seqs?: readonly number[] },
): Draft {
  const { people, seqs } = found;
  const notPaused: Guard = {
    code: 'NOT_PAUSED',
    text: `all places can be ended only while the event is paused: tacos queue pause ${seen.id}`,
    canOverride: false,
  };
  const { silentForSec, all } = action;
  const who = all
    ? 'everybody'
    : silentForSec === undefined
      ? 'named visitors'
      : `who is silent for ${silentForSec} s`;
  return draftOf(seen, {
    level: 'S3',
    undoSec: 600,
    people,
    moves: true,
    waitingAfter: Math.max(0, seen.waiting - people),
    rows: placeRows(seen, people),
    refusals: all && !seen.settings.paused ? [notPaused] : [],
    // Silence is looked at again place by place when it is done, so nobody now does not mean nobody then.
    unchanged: people === 0 && silentForSec === undefined,
    irreversible: ['After 10 minutes these places cannot be given back.'],
    // How many it was is known once it is done: the record's `people` says it.
    summary: `expired ${who}`,
    operation: {
      kind: 'job',
      job: {
        kind: 'expire',
        ...(all ? { all } : {}),
        ...(silentForSec === undefined ? {} : { silentForMs: Math.round(silentForSec * 1000) }),
        ...(seqs === undefined ? {} : { seqs }),
      },
    },
  });
}

/** Ends one visitor's place for good; `ref` is what the operator called them. */
export function remove(
  seen: Seen,
  found: { readonly seq: number; readonly inLine: boolean; readonly ref: string },
): Draft {
  const people = found.inLine ? 1 : 0;
  return draftOf(seen, {
    level: 'S2',
    people,
    moves: true,
    waitingAfter: Math.max(0, seen.waiting - people),
    rows: placeRows(seen, people),
    unchanged: !found.inLine,
    irreversible: ['The place is not given back; the visitor may join again, at the end of the line.'],
    // What people joined with, such as a user's id, stays out of the trail.
    summary: `removed ${/^(v_|#)/.test(found.ref) ? found.ref : 'a visitor named by id'}`,
    operation: { kind: 'job', job: { kind: 'remove', seqs: [found.seq] } },
  });
}

export function flush(seen: Seen): Draft {
  const people = peopleOf(seen);
  const isTest = seen.settings.kind === 'test';
  return draftOf(seen, {
    level: 'S3',
    people,
    rows: placeRows(seen, people),
    refusals: isTest ? [] : [guard('NOT_A_TEST', 'only events made with --test can be flushed')],
    irreversible: ['Every place and every grant of this test event is forgotten.'],
    summary: 'flushed',
    operation: { kind: 'flush' },
  });
}

export function deleteEvent(seen: Seen): Draft {
  const people = peopleOf(seen);
  const canGo = seen.settings.kind === 'test' || seen.phase === 'closed';
  const refusal = guard(
    'NOT_CLOSED',
    `only closed events and tests can be deleted: tacos queue close ${seen.id}`,
  );
  return draftOf(seen, {
    level: 'S3',
    people,
    rows: [{ name: 'event', unit: 'text', before: seen.id, after: null }],
    refusals: canGo ? [] : [refusal],
    irreversible: ['The event, its line, its settings and its own audit trail are deleted.'],
    summary: `event ${seen.id} deleted`,
    operation: { kind: 'delete' },
  });
}

const guard = (code: string, text: string): Guard => ({ code, text, canOverride: false });
const placeRows = (seen: Seen, ended: number): Draft['rows'] => [
  { name: 'places', unit: 'people', before: peopleOf(seen), after: Math.max(0, peopleOf(seen) - ended) },
];

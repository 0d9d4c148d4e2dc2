/** Keys and arguments of every script by name, in the order of its header (the loader compares the two). */
import type { RedisClient } from '../redis/client.ts';

/** What exists per event in Redis, as the last part of `tacos:{event}:…`. */
export const eventKeyNames = [
  'meta',
  'waiting',
  'away',
  'due',
  'ended',
  'people',
  'bucket',
  'granted',
  'subjects',
  'admits',
  'reporters',
  'senders',
  'turns',
  'returned',
  'tombs',
  'rejoined',
  'versions',
  'arrivals',
  'answers',
  'notes',
  'survivors',
  'journal',
  'audit',
  'sale',
  'counts',
  'mark',
] as const;
export type EventKeyName = (typeof eventKeyNames)[number];
export type EventKeys = Readonly<Record<EventKeyName, string>>;

/** All keys of an event. They share the hash tag `{event}`, so a transition stays in one slot. */
export function keysOf(event: string): EventKeys {
  return Object.fromEntries(eventKeyNames.map((name) => [name, `tacos:{${event}}:${name}`])) as EventKeys;
}

/** The set of all event ids, in a slot of its own: written after the event, so it may miss one for a moment. */
export const eventsKey = 'tacos:events';

export const scripts = {
  create_event: {
    keys: ['meta', 'bucket', 'versions', 'mark', 'journal', 'audit'],
    args: ['fields', 'tokens', 'audit', 'nowUs'],
  },
  recover: {
    keys: ['meta', 'bucket', 'turns', 'versions', 'reporters', 'survivors', 'mark', 'journal', 'audit'],
    args: [
      'incarnation',
      'run',
      'newIncarnation',
      'worker',
      'known',
      'fields',
      'gap',
      'overdraft',
      'freezeMs',
      'holdMs',
      'nowUs',
    ],
  },
  merge: {
    keys: [
      'meta',
      'waiting',
      'away',
      'due',
      'ended',
      'bucket',
      'granted',
      'subjects',
      'admits',
      'survivors',
      'journal',
      'audit',
    ],
    args: ['incarnation', 'worker', 'through', 'records', 'dueMs', 'repeatMs', 'nowUs'],
  },
  give_back: {
    keys: ['meta', 'waiting', 'away', 'due', 'ended', 'people', 'subjects', 'journal'],
    args: ['incarnation', 'records', 'dueMs', 'nowUs'],
  },
  set_settings: {
    keys: ['meta', 'bucket', 'turns', 'versions', 'journal', 'audit'],
    args: ['incarnation', 'ifRevision', 'changeId', 'fields', 'timed', 'audit', 'nowUs'],
  },
  set_phase: {
    keys: ['meta', 'bucket', 'turns', 'versions', 'journal', 'audit'],
    args: ['incarnation', 'action', 'ifRevision', 'deadlineMs', 'message', 'changeId', 'audit', 'nowUs'],
  },
  advance: {
    keys: ['meta', 'bucket', 'away', 'versions', 'journal', 'audit'],
    args: ['incarnation', 'nowUs'],
  },
  set_brake: {
    keys: ['meta', 'bucket', 'journal', 'audit'],
    args: ['incarnation', 'worker', 'permille', 'leadMs', 'forMs', 'why', 'audit', 'nowUs'],
  },
  start_job: {
    keys: ['meta', 'bucket', 'tombs', 'journal', 'audit'],
    args: ['incarnation', 'kind', 'auditId', 'scope', 'undoSec', 'changeId', 'audit', 'nowUs'],
  },
  step_job: {
    keys: [
      'meta',
      'waiting',
      'away',
      'due',
      'ended',
      'people',
      'bucket',
      'turns',
      'tombs',
      'rejoined',
      'journal',
    ],
    args: ['incarnation', 'limit', 'dueMs', 'nowUs'],
  },
  flush: {
    keys: [
      'meta',
      'waiting',
      'away',
      'due',
      'ended',
      'people',
      'bucket',
      'granted',
      'subjects',
      'admits',
      'senders',
      'turns',
      'returned',
      'tombs',
      'rejoined',
      'arrivals',
      'journal',
      'audit',
    ],
    args: ['incarnation', 'newIncarnation', 'changeId', 'audit', 'nowUs'],
  },
  delete_event: { keys: eventKeyNames, args: ['incarnation', 'nowUs'] },
  ask: {
    keys: ['meta', 'answers', 'journal'],
    args: ['incarnation', 'askId', 'what', 'seq', 'sinceMs', 'nowUs'],
  },
  note_audit: { keys: ['meta', 'notes', 'audit'], args: ['incarnation', 'noteId', 'record', 'nowUs'] },
  set_sale: {
    keys: ['meta', 'sale', 'audit'],
    args: ['incarnation', 'word', 'saleId', 'fields', 'audit', 'nowUs'],
  },
  join: {
    keys: [
      'meta',
      'waiting',
      'away',
      'due',
      'people',
      'senders',
      'rejoined',
      'arrivals',
      'subjects',
      'journal',
    ],
    args: ['incarnation', 'sender', 'batchNo', 'dueMs', 'members', 'nowUs'],
  },
  enter: {
    keys: [
      'meta',
      'waiting',
      'away',
      'ended',
      'due',
      'bucket',
      'granted',
      'subjects',
      'admits',
      'returned',
      'journal',
    ],
    args: ['incarnation', 'seq', 'joinedMs', 'subject', 'dueMs', 'overdraft', 'repeatMs', 'nowUs'],
  },
  leave: { keys: ['meta', 'waiting', 'away', 'ended', 'journal'], args: ['incarnation', 'seq', 'nowUs'] },
  presence: {
    keys: ['meta', 'waiting', 'away', 'due', 'reporters', 'turns', 'returned', 'journal', 'counts'],
    args: ['incarnation', 'reporter', 'gateway', 'revision', 'records', 'counts', 'nowUs'],
  },
  start_grace: { keys: ['meta', 'bucket', 'turns'], args: ['incarnation', 'nowUs'] },
  step_aside: {
    keys: ['meta', 'waiting', 'away', 'due', 'bucket', 'reporters', 'turns', 'returned', 'journal'],
    args: ['incarnation', 'worker', 'leaseMs', 'limit', 'nowUs'],
  },
  expire: {
    keys: ['meta', 'waiting', 'away', 'due', 'ended', 'journal'],
    args: ['incarnation', 'limit', 'nowUs'],
  },
  prune: {
    keys: [
      'meta',
      'waiting',
      'away',
      'ended',
      'people',
      'granted',
      'admits',
      'senders',
      'returned',
      'tombs',
      'rejoined',
      'answers',
      'notes',
    ],
    args: ['incarnation', 'repeatMs', 'limit', 'nowUs'],
  },
  drop_line: {
    keys: [
      'meta',
      'waiting',
      'away',
      'due',
      'people',
      'granted',
      'subjects',
      'admits',
      'senders',
      'turns',
      'returned',
      'tombs',
      'rejoined',
      'arrivals',
    ],
    args: ['incarnation', 'keepMs', 'nowUs'],
  },
  drop_event: {
    keys: eventKeyNames,
    args: ['incarnation', 'idleMs', 'nowUs'],
  },
} as const satisfies Record<string, { keys: readonly EventKeyName[]; args: readonly string[] }>;

export type ScriptName = keyof typeof scripts;
type ArgName<S extends ScriptName> = (typeof scripts)[S]['args'][number];
/** Arguments by name; `nowUs` is for tests and empty (the Redis clock) otherwise. */
export type ScriptArgs<S extends ScriptName> = Record<
  Exclude<ArgName<S>, 'nowUs'>,
  string | number | Buffer
> & {
  readonly nowUs?: number;
};

/** A script's reply: a word first, then what the header says. */
export type ScriptReply = readonly [word: string, ...rest: (number | string)[]];

type ScriptMethods = Record<ScriptName, (...args: (string | number | Buffer)[]) => Promise<ScriptReply>>;

/** Runs a script of an event. The connection must have been opened with `scripts`. */
export function runScript<S extends ScriptName>(
  redis: RedisClient,
  name: S,
  keys: EventKeys,
  args: ScriptArgs<S>,
): Promise<ScriptReply> {
  const shape = scripts[name];
  const named = args as Readonly<Record<string, string | number | Buffer | undefined>>;
  const values: (string | number | Buffer)[] = shape.keys.map((key) => keys[key]);
  for (const arg of shape.args) values.push(named[arg] ?? '');
  return (redis as unknown as ScriptMethods)[name](...values);
}

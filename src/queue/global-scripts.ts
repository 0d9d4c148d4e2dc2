/** Keys and scripts of what belongs to no single event; all in one slot, `{tacos}`. */
import type { RedisClient } from '../redis/client.ts';

export const globalKeys = {
  /** hash  perSec (micro, empty = none), revision, changes, event:<id> -> "claim (micro) taken at (ms; 0 = as in force)" */
  budget: 'tacos:{tacos}:budget',
  /** stream  field record: audit entries of all events, copied from theirs, and of the budget */
  audit: 'tacos:{tacos}:audit',
  /** hash  event -> id of its last audit record that was copied */
  auditSeen: 'tacos:{tacos}:audit-seen',
  /** hash  screen id -> JSON {event, name, role, write, at} */
  watchers: 'tacos:{tacos}:watchers',
  /** string  admin process that tells of alarms; expires unless it renews */
  alarmTeller: 'tacos:{tacos}:alarm-teller',
  /** hash  "event alarm" -> JSON of the alarm that was told to be on */
  alarmsTold: 'tacos:{tacos}:alarms-told',
  /** stream  field entry: faults and alarms that came and went (desk/fault-log.ts), capped */
  faults: 'tacos:{tacos}:faults',
  /** hash  revision, changes, hold (JSON) of the gateways' autoscaler; intentId, intent, owner, leaseUntil: a change under way */
  hpa: 'tacos:{tacos}:hpa',
  /** set  events with a sale whose steps are to be run; one that has none left is taken out by whoever sees it */
  sales: 'tacos:{tacos}:sales',
  /** string  admin process that runs the steps of sales; expires unless it renews */
  saleRunner: 'tacos:{tacos}:sale-runner',
} as const;
export type GlobalKeyName = keyof typeof globalKeys;

export const globalScripts = {
  copy_audit: { keys: ['audit', 'auditSeen'], args: ['event', 'after', 'last', 'records'] },
  set_budget: { keys: ['budget', 'audit'], args: ['perSec', 'ifRevision', 'changeId', 'audit', 'nowUs'] },
  claim_budget: { keys: ['budget'], args: ['event', 'refill', 'default', 'override', 'expect', 'nowUs'] },
  settle_budget: { keys: ['budget'], args: ['claims', 'graceMs', 'nowUs'] },
  begin_hpa: { keys: ['hpa'], args: ['owner', 'changeId', 'ifRevision', 'intent', 'leaseMs', 'nowUs'] },
  end_hpa: { keys: ['hpa', 'audit'], args: ['changeId', 'audit', 'hold', 'nowUs'] },
} as const satisfies Record<string, { keys: readonly GlobalKeyName[]; args: readonly string[] }>;

export type GlobalScriptName = keyof typeof globalScripts;
/** Arguments by name; those left out are empty. */
export type GlobalScriptArgs<S extends GlobalScriptName> = Readonly<
  Partial<Record<(typeof globalScripts)[S]['args'][number], string | number>>
>;

type GlobalReply = readonly [word: string, ...rest: (number | string)[]];
type GlobalMethods = Record<GlobalScriptName, (...args: (string | number)[]) => Promise<GlobalReply>>;

/** Runs one of them. The connection must have been opened with `globalScripts` among its scripts. */
export function runGlobal<S extends GlobalScriptName>(
  redis: RedisClient,
  name: S,
  args: GlobalScriptArgs<S>,
): Promise<GlobalReply> {
  const shape = globalScripts[name];
  const named = args as Readonly<Record<string, string | number | undefined>>;
  const values: (string | number)[] = shape.keys.map((key) => globalKeys[key]);
  for (const arg of shape.args) values.push(named[arg] ?? '');
  return (redis as unknown as GlobalMethods)[name](...values);
}

/** Keeps the record of what belongs to no event, or to one that is gone, with those of all. `atMs`: Redis time. */
export async function noteGlobal(redis: RedisClient, record: string, atMs: number): Promise<void> {
  const at = String(Math.round(atMs));
  await redis.xadd(globalKeys.audit, '*', 'record', record, 'revision', '0', 'at', at);
}

/**
 * The admin API's wire: what operators' tools read and send. JSON is lowerCamel, times RFC 3339 UTC,
 * durations ...Sec or ...Ms, rates ...PerSec, never a pre-formatted string.
 */
import { z } from 'zod';
import { phaseSchema } from './visitor-api.ts';

export const apiVersion = 'tacos/v1' as const;

export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** A value with its schedule: what is in force now, where a ramp goes, when it ends and what comes then. */
export const timedValueSchema = z.object({
  now: z.number(),
  target: z.number(),
  rampEndsAt: z.string().optional(),
  until: z.string().optional(),
  after: z.number().optional(),
});
export type TimedValueView = z.infer<typeof timedValueSchema>;

export const bucketViewSchema = z.object({
  tokens: z.number(),
  capacity: timedValueSchema,
  /** True while capacity follows the refill: max(100, 4 s of refill). */
  capacityIsDefault: z.boolean(),
  refillPerSec: timedValueSchema,
  window: z.number().int(),
  revision: z.number().int(),
});
export type BucketView = z.infer<typeof bucketViewSchema>;

export const eventViewSchema = z.object({
  event: z.string(),
  name: z.string(),
  kind: z.enum(['operator', 'auto', 'test']),
  phase: phaseSchema,
  paused: z.boolean(),
  opensAt: z.string().optional(),
  prequeueFrom: z.string().optional(),
  timeZone: z.string(),
  maxWaiting: z.number().int(),
  waiting: z.number().int(),
  away: z.number().int(),
  refillPerSec: z.number(),
  capacity: z.number(),
  revision: z.number().int(),
  createdAt: z.string(),
  admitPerSec: z.number(),
  etaTailSec: z.number(),
  /** Worst active alarm, if any. */
  alarm: z.enum(['warn', 'crit']).nullable(),
});
export type EventView = z.infer<typeof eventViewSchema>;

/** How far a change has come, from the gateways' own acknowledgements. */
export const receiptSchema = z.object({
  inForce: z.number().int(),
  of: z.number().int(),
  afterMs: z.number(),
  missing: z.array(z.object({ gateway: z.string(), lastSeen: z.string() })),
});
export type Receipt = z.infer<typeof receiptSchema>;

/** Header of every answer: the server's own name of where it runs, which decides how careful clients must be. */
export const environmentHeader = 'tacos-environment';

/** Server-sent events of `/stream`: a heartbeat at least this often, ms; the client may call its link late after it. */
export const heartbeatMs = 2_000;

/** Data of the stream's `heartbeat` events. */
export const heartbeatSchema = z.object({
  /** How old the data is now: since the journal was last read, s. */
  ageSec: z.number(),
  /** Number of the last snapshot sent. */
  seq: z.number().int(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

export const bucketItemSchema = bucketViewSchema.extend({ event: z.string() });
export type BucketItem = z.infer<typeof bucketItemSchema>;

/** What an operator may set of one event beside the bucket, as in force. */
export const settingsViewSchema = z.object({
  event: z.string(),
  revision: z.number().int(),
  window: z.number().int(),
  /** True while the window follows the refill: max(100, 4 s of refill). */
  windowIsDefault: z.boolean(),
  /** Positions first..last (0 = to the window's end) enter once they have waited so long. */
  tiers: z.array(z.object({ first: z.number().int(), last: z.number().int(), waitSec: z.number() })),
  presenceSec: z.number(),
  claimSec: z.number(),
  expireNearSec: z.number(),
  expireFarSec: z.number(),
  /** 0 = no limit. */
  maxWaiting: z.number().int(),
  /** Proof of work of a join, leading zero bits; 0 = none, as of servers that know of none. */
  challengeBits: z.number().int().default(0),
  message: z.object({ text: z.string(), until: z.string().optional() }).nullable(),
});
export type SettingsView = z.infer<typeof settingsViewSchema>;

/** One earlier version of an event's bucket, for `bucket history` and `bucket restore`. */
export const versionViewSchema = z.object({
  event: z.string(),
  revision: z.number().int(),
  at: z.string(),
  refillPerSec: z.number(),
  capacity: z.number(),
  capacityIsDefault: z.boolean(),
  /** Set where the value was to last until a time only. */
  until: z.string().optional(),
  auditId: z.string(),
  actor: z.string(),
  summary: z.string(),
});
export type VersionView = z.infer<typeof versionViewSchema>;

/** Admissions a second that all events together may use. */
export const budgetViewSchema = z.object({
  /** null = no budget is set. */
  perSec: z.number().nullable(),
  /** Sum of the refills in force of events that may admit now. */
  usedPerSec: z.number(),
  revision: z.number().int(),
  events: z.array(z.object({ event: z.string(), refillPerSec: z.number() })),
});
export type BudgetView = z.infer<typeof budgetViewSchema>;

/** Who the caller is, as the server sees it. */
export const whoamiSchema = z.object({
  name: z.string(),
  role: z.enum(roles),
  /** `local` for tokens of the server's own list, else the issuer. */
  issuer: z.string(),
  expiresAt: z.string().optional(),
});
export type Whoami = z.infer<typeof whoamiSchema>;

export const versionReplySchema = z.object({
  version: z.string(),
  environment: z.string(),
  /** Oldest CLI that this server is tested with. */
  minCliVersion: z.string().optional(),
  /** Issuers for `tacos auth login`, each with its public client id. */
  logins: z.array(z.object({ issuer: z.string(), clientId: z.string(), scope: z.string() })).optional(),
});
export type VersionReply = z.infer<typeof versionReplySchema>;

const wrapper = {
  apiVersion: z.literal(apiVersion),
  kind: z.string(),
  asOf: z.string(),
  warnings: z.array(z.string()),
};

/** Wrapper of every list. Documents with a `kind` of their own (QueueSnapshot, Change) come bare. */
export const listReplySchema = <T extends z.ZodType>(item: T) =>
  z.object({ ...wrapper, items: z.array(item) });

/** Wrapper of every single item. */
export const itemReplySchema = <T extends z.ZodType>(item: T) => z.object({ ...wrapper, item });

export const eventListSchema = listReplySchema(eventViewSchema);
export type EventList = z.infer<typeof eventListSchema>;
export const eventItemReplySchema = itemReplySchema(eventViewSchema);
export type EventItemReply = z.infer<typeof eventItemReplySchema>;
export const settingsReplySchema = itemReplySchema(settingsViewSchema);
export const versionListSchema = listReplySchema(versionViewSchema);
export const budgetReplySchema = itemReplySchema(budgetViewSchema);
export const whoamiReplySchema = itemReplySchema(whoamiSchema);
export const bucketItemReplySchema = itemReplySchema(bucketItemSchema);
export type BucketItemReply = z.infer<typeof bucketItemReplySchema>;

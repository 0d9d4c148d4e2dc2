/**
 * The admin API's wire: what operators' tools read and send. JSON is lowerCamel, times RFC 3339 UTC,
 * durations ...Sec or ...Ms, rates ...PerSec, never a pre-formatted string.
 */
import { z } from 'zod';
import { capacityMax, refillPerSecMax, refillPerSecMin } from './limits.ts';
import { eventIdSchema, phaseSchema } from './visitor-api.ts';

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

export const queueSnapshotSchema = z.object({
  kind: z.literal('QueueSnapshot'),
  /** Redis time of the journal position that the snapshot was computed from. */
  asOf: z.string(),
  event: z.string(),
  name: z.string(),
  /** Running number of this feed: rises by one with every snapshot that differs from the last. */
  seq: z.number().int(),
  phase: phaseSchema,
  paused: z.boolean(),
  opensAt: z.string().optional(),
  /** Zone of the event, in which operators' screens show times. */
  timeZone: z.string().optional(),
  waiting: z.number().int(),
  away: z.number().int(),
  joinedTotal: z.number().int(),
  admittedTotal: z.number().int(),
  leftTotal: z.number().int(),
  expiredTotal: z.number().int(),
  /** Over the last 10 s, 1 min, 5 min, 15 min. */
  admitPerSec: z.number(),
  admitPerSec1m: z.number(),
  admitPerSec5m: z.number(),
  admitPerSec15m: z.number(),
  joinPerSec: z.number(),
  leavePerSec: z.number(),
  bucket: bucketViewSchema,
  /** Wait of somebody who joins now. */
  etaTailSec: z.number(),
  etaTailLowSec: z.number(),
  etaTailHighSec: z.number(),
  confidence: z.number(),
  revision: z.number().int(),
  gateways: z.object({ seen: z.number().int(), inForce: z.number().int() }),
  redis: z.object({
    cpuPercent: z.number().nullable(),
    opsPerSec: z.number().nullable(),
    usedMemoryBytes: z.number().nullable(),
  }),
  /** How old the data is: since the journal was last read, s. */
  ageSec: z.number(),
  stale: z.boolean(),
  /** The latest change, so that every watcher sees it within one frame. */
  lastChange: z
    .object({
      auditId: z.string(),
      at: z.string(),
      actor: z.string(),
      action: z.string(),
      summary: z.string(),
      reason: z.string(),
    })
    .nullable(),
});
export type QueueSnapshot = z.infer<typeof queueSnapshotSchema>;

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
});
export type EventView = z.infer<typeof eventViewSchema>;

const refillSchema = z.number().min(refillPerSecMin).max(refillPerSecMax);
const capacitySchema = z.number().int().min(1).max(capacityMax);
const reasonSchema = z.string().min(8).max(500);

export const createEventSchema = z.object({
  event: eventIdSchema,
  name: z.string().max(128).default(''),
  /** RFC 3339; absent = open at once. */
  opensAt: z.iso.datetime({ offset: true }).optional(),
  prequeueFrom: z.iso.datetime({ offset: true }).optional(),
  timeZone: z.string().max(64).optional(),
  /** 0 = no limit. */
  maxWaiting: z.number().int().min(0).max(100_000_000).default(0),
  capacity: capacitySchema.optional(),
  refillPerSec: refillSchema.optional(),
  test: z.boolean().default(false),
  reason: reasonSchema.optional(),
});
export type CreateEvent = z.input<typeof createEventSchema>;

/** PATCH /admin/v1/events/{id}/bucket. If-Match: "<revision>" makes it refuse with VERSION_CONFLICT when passed by. */
export const bucketChangeSchema = z
  .object({
    capacity: capacitySchema.optional(),
    refillPerSec: refillSchema.optional(),
    /** Linear from the value in force now to the new one. */
    rampSec: z.number().positive().max(86_400).optional(),
    /** Back to the value before after this time. */
    forSec: z.number().positive().max(86_400).optional(),
    /** Absent = none given; kept as such in the audit trail. */
    reason: reasonSchema.optional(),
    dryRun: z.boolean().default(false),
  })
  .refine(
    (change) => change.capacity !== undefined || change.refillPerSec !== undefined,
    'capacity or refillPerSec is needed',
  );
export type BucketChange = z.input<typeof bucketChangeSchema>;

/** How far a change has come, from the gateways' own acknowledgements. */
export const receiptSchema = z.object({
  inForce: z.number().int(),
  of: z.number().int(),
  afterMs: z.number(),
  missing: z.array(z.object({ gateway: z.string(), lastSeen: z.string() })),
});
export type Receipt = z.infer<typeof receiptSchema>;

export const changeReplySchema = z.object({
  kind: z.literal('Change'),
  event: z.string(),
  applied: z.boolean(),
  auditId: z.string().optional(),
  revision: z.number().int(),
  before: bucketViewSchema,
  after: bucketViewSchema,
  warnings: z.array(z.string()),
  receipt: receiptSchema.optional(),
});
export type ChangeReply = z.infer<typeof changeReplySchema>;

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

export const versionReplySchema = z.object({ version: z.string(), environment: z.string() });
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
export const bucketItemReplySchema = itemReplySchema(bucketItemSchema);
export type BucketItemReply = z.infer<typeof bucketItemReplySchema>;

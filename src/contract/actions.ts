/**
 * Everything operators can do, as data. One way for all of it: POST /admin/v1/plans says what an action would do,
 * POST /admin/v1/actions does it, with the plan's hash, an If-Match and an Idempotency-Key.
 */
import { z } from 'zod';
import { receiptSchema } from './admin-api.ts';
import { changeRowSchema, rowUnits } from './audit.ts';
import { hpaQuerySchema } from './hpa.ts';
import { capacityMax, challengeBitsMax, hpaReplicasMax, refillPerSecMax, refillPerSecMin } from './limits.ts';
import { loadRunNameSchema, loadRunSpecSchema } from './loadtest.ts';
import { eventIdSchema } from './visitor-api.ts';
import { visitorRefPattern } from './visitors.ts';

const refillSchema = z.number().min(refillPerSecMin).max(refillPerSecMax);
const capacitySchema = z.number().int().min(1).max(capacityMax);
const timeSchema = z.iso.datetime({ offset: true });
const daySec = 86_400;
/** Seconds. Below a millisecond it would be rounded to none at all, which means another thing. */
const durationSchema = z.number().min(0.001).max(daySec);
/** Text that visitors see: one line, no control characters. */
const textSchema = z
  .string()
  .min(1)
  .max(280)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  .regex(/^[^\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u, 'no control characters');
const visitorRefSchema = z
  .string()
  .regex(visitorRefPattern, 'v_ and 8 characters, #position, user:ID or sub:ID');
const tierSchema = z.object({
  first: z.number().int().min(1),
  /** 0 = to the window's end. */
  last: z.number().int().min(0),
  waitSec: z.number().min(0).max(3_600),
});

export const createEventSchema = z.object({
  name: z.string().max(128).default(''),
  /** Absent = open at once. */
  opensAt: timeSchema.optional(),
  prequeueFrom: timeSchema.optional(),
  timeZone: z.string().max(64).optional(),
  /** 0 = no limit. */
  maxWaiting: z.number().int().min(0).max(100_000_000).default(0),
  capacity: capacitySchema.optional(),
  refillPerSec: refillSchema.optional(),
  test: z.boolean().default(false),
});
export type CreateEvent = z.input<typeof createEventSchema>;

const bucketSet = z.object({
  type: z.literal('bucket.set'),
  capacity: capacitySchema.optional(),
  refillPerSec: refillSchema.optional(),
  /** Linear from the value in force now to the new one. */
  rampSec: durationSchema.optional(),
  /** Back to the value before after this time. */
  forSec: durationSchema.optional(),
});
const settingsSet = z.object({
  type: z.literal('settings.set'),
  /** null = back to the default, max(100, 4 s of refill). */
  window: z.number().int().min(1).max(capacityMax).nullable().optional(),
  tiers: z.array(tierSchema).max(16).optional(),
  presenceSec: z.number().min(5).max(600).optional(),
  claimSec: z.number().min(5).max(3_600).optional(),
  maxWaiting: z.number().int().min(0).max(100_000_000).optional(),
  /** Leading zero bits of the work that a join must prove; 0 = none. */
  challengeBits: z.number().int().min(0).max(challengeBitsMax).optional(),
});
const eventSet = z.object({
  type: z.literal('event.set'),
  name: z.string().max(128).optional(),
  opensAt: timeSchema.optional(),
  prequeueFrom: timeSchema.optional(),
  timeZone: z.string().max(64).optional(),
});

const replicasSchema = z.number().int().min(1).max(hpaReplicasMax);
/** Changes the autoscaler of the gateways; `namespace` and `name` must be those that the server steers. */
const hpaPatch = hpaQuerySchema.extend({
  type: z.literal('hpa.patch'),
  min: replicasSchema.optional(),
  max: replicasSchema.optional(),
  targetCpuPercent: z.number().int().min(1).max(1_000).optional(),
  /** The floor comes back by itself after this time. Without `min`: no pod fewer than run now. */
  holdSec: durationSchema.optional(),
  /** Takes fields over from whoever applied them last; without it that is a refusal. */
  takeOver: z.boolean().default(false),
});

const queueMessage = z.object({
  type: z.literal('queue.message'),
  /** null = clear. */
  text: textSchema.nullable(),
  forSec: durationSchema.optional(),
});

/** What a step of a sale may do. */
const saleStep = z.object({
  /** Of this sale: letters, digits, dots and dashes. */
  id: z.string().regex(/^[\w.-]{1,32}$/),
  at: timeSchema,
  action: z.discriminatedUnion('type', [
    eventSet,
    bucketSet,
    settingsSet,
    queueMessage,
    /** Refused where the server does not lead an HPA. Not rolled back with the sale: with `holdSec` it ends by itself. */
    hpaPatch.pick({ type: true, min: true, holdSec: true }).required({ min: true }),
  ]),
});
export type SaleStep = z.output<typeof saleStep>;

/** The plan of a whole sale: kept in Redis beside the event, and run by the admin API. */
export const saleApplySchema = z.object({
  type: z.literal('sale.apply'),
  opensAt: timeSchema,
  prequeueFrom: timeSchema.optional(),
  endsAt: timeSchema,
  visitors: z.number().int().min(1).max(100_000_000),
  steps: z.array(saleStep).max(400),
});

export const actionSchema = z.discriminatedUnion('type', [
  createEventSchema.extend({ type: z.literal('event.create') }),
  eventSet,
  z.object({ type: z.literal('event.delete') }),
  bucketSet,
  /** Refill and capacity as the event was made with. */
  z.object({ type: z.literal('bucket.reset') }),
  z.object({ type: z.literal('bucket.restore'), toRevision: z.number().int().min(1) }),
  settingsSet,
  /** At once, or at a time. */
  z.object({ type: z.literal('queue.open'), at: timeSchema.optional() }),
  /** `keep`: joins end, the line is kept and paused. `soldOut`: closed for everybody, with this text. */
  z.object({
    type: z.literal('queue.close'),
    keep: z.boolean().default(false),
    soldOut: textSchema.optional(),
  }),
  z.object({ type: z.literal('queue.pause') }),
  z.object({ type: z.literal('queue.resume') }),
  /** No more joins; closed when empty, after `deadlineSec`, or at once with `now`. */
  z.object({
    type: z.literal('queue.drain'),
    now: z.boolean().default(false),
    deadlineSec: durationSchema.optional(),
  }),
  z.object({
    type: z.literal('queue.expire'),
    /** Exactly one of the three. */
    visitors: z.array(visitorRefSchema).min(1).max(500).optional(),
    silentForSec: z.number().min(10).max(daySec).optional(),
    all: z.boolean().optional(),
  }),
  z.object({ type: z.literal('queue.remove'), visitor: visitorRefSchema }),
  /** Test events only: ends every place and forgets every grant. */
  z.object({ type: z.literal('queue.flush') }),
  queueMessage,
  saleApplySchema,
  /** Ends the sale: no further step is run, and the values before it come back. */
  z.object({ type: z.literal('sale.rollback') }),
  /** null = no budget. */
  z.object({
    type: z.literal('budget.set'),
    perSec: z.number().min(refillPerSecMin).max(1_000_000).nullable(),
  }),
  hpaPatch,
  /** Load on that event by the k6-operator; at protected servers only test events take it. */
  loadRunSpecSchema.extend({ type: z.literal('loadtest.start') }),
  /** Ends it if it runs, and deletes what it was made of. */
  z.object({ type: z.literal('loadtest.stop'), name: loadRunNameSchema }),
  z.object({ type: z.literal('undo'), auditId: z.string().regex(/^aud_[A-Za-z0-9]{1,32}$/) }),
]);
/** As sent; defaults not filled in. */
export type Action = z.input<typeof actionSchema>;
/** As parsed. */
export type ParsedAction = z.output<typeof actionSchema>;
export type ActionType = ParsedAction['type'];

/** Actions that say something about no event, or name it otherwise. */
export const eventlessActions: readonly ActionType[] = ['budget.set', 'hpa.patch', 'loadtest.stop', 'undo'];

/** S1 small and reversible, S2 reversible and felt by visitors, S3 cannot be fully undone. */
export const levels = ['S1', 'S2', 'S3'] as const;
export type Level = (typeof levels)[number];

const targetFields = {
  /** Event ids; `all` = every event that is not closed (pause and resume only); none for eventless actions. */
  events: z.union([z.array(eventIdSchema).max(100), z.literal('all')]).default([]),
  action: actionSchema,
  /** Past a guard rail, where the plan says that it can be; role admin. */
  override: z.boolean().default(false),
};

export const planRequestSchema = z.object(targetFields);
export type PlanRequest = z.input<typeof planRequestSchema>;
export type ParsedPlanRequest = z.output<typeof planRequestSchema>;

/** A consequence that a model foresees. `model` names it, so that no figure stands without one. */
export const consequenceSchema = z.object({
  code: z.string(),
  unit: z.enum(rowUnits),
  before: z.number().nullable(),
  after: z.number().nullable(),
  /** `forecast` the discrete-event model, `sum` plain addition, `share` proportion, `count` people counted now. */
  model: z.enum(['forecast', 'sum', 'share', 'count']),
});
export type Consequence = z.infer<typeof consequenceSchema>;

/** What would happen to one event. */
export const eventPlanSchema = z.object({
  /** null = of no single event. */
  event: z.string().nullable(),
  /** What it changes where that is no event, such as hpa/gateway; typed to confirm an S3, as an event's id is. */
  subject: z.string().optional(),
  /** Version that it was planned on. */
  revision: z.number().int(),
  rows: z.array(changeRowSchema),
  consequences: z.array(consequenceSchema),
  warnings: z.array(z.string()),
  /** Guard rails in the way; with `canOverride` an admin may pass by `override`. */
  refusals: z.array(z.object({ code: z.string(), text: z.string(), canOverride: z.boolean() })),
  /** People whose place or wait it touches. */
  people: z.number().int(),
  /** Already so: applying changes nothing. */
  unchanged: z.boolean(),
});
export type EventPlan = z.infer<typeof eventPlanSchema>;

export const planSchema = z.object({
  kind: z.literal('Plan'),
  /** Of the action and the versions it was planned on: sent back with the action, so that nothing else is applied. */
  hash: z.string(),
  asOf: z.string(),
  /** Of the data that it was made from, s. Above 5 no consent is possible. */
  dataAgeSec: z.number(),
  action: z.string(),
  level: z.enum(levels),
  items: z.array(eventPlanSchema),
  /** How long `undo` will work, s; 0 = it will not. */
  undoSec: z.number(),
  /** What cannot be brought back, one sentence each. */
  irreversible: z.array(z.string()),
  warnings: z.array(z.string()),
});
export type Plan = z.infer<typeof planSchema>;

/** Fewest characters of a reason. */
export const reasonCharsMin = 8;

export const actRequestSchema = z.object({
  ...targetFields,
  planHash: z.string().max(64).optional(),
  /** Absent = none given; kept as such in the audit trail. S2 and S3 want one in protected environments. */
  reason: z.string().trim().min(reasonCharsMin).max(500).optional(),
  ticket: z.string().max(64).optional(),
  /** S3: the event's id, typed. For several events, all of them, separated by commas. */
  confirm: z.string().max(8_000).optional(),
});
export type ActRequest = z.input<typeof actRequestSchema>;
export type ParsedActRequest = z.output<typeof actRequestSchema>;

/** What became of one event. */
export const changeResultSchema = z.object({
  event: z.string().nullable(),
  auditId: z.string().nullable(),
  /** False where it was so already. */
  applied: z.boolean(),
  revision: z.number().int(),
  rows: z.array(changeRowSchema),
  receipt: receiptSchema.optional(),
  /** People whose place was ended or given back; for a message: who has seen it so far. */
  people: z.number().int().optional(),
  undoUntil: z.string().optional(),
  /** Why it was not applied here while others were, such as VERSION_CONFLICT. */
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type ChangeResult = z.infer<typeof changeResultSchema>;

/** Answer of an action: one result an event. */
export const changeReplySchema = z.object({
  kind: z.literal('Change'),
  asOf: z.string(),
  action: z.string(),
  results: z.array(changeResultSchema),
  warnings: z.array(z.string()),
});
export type ChangeReply = z.infer<typeof changeReplySchema>;

/** Age of data above which neither server nor client takes a consent, s. */
export const consentDataAgeSecMax = 5;
/** Settings changes are undone within this time, s; places within that. */
export const undoSettingsSec = 900;
export const undoPlacesSec = 600;

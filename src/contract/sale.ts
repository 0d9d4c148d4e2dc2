/** A sale as one file, and how far it has come. `tacos schema Sale` prints the file's schema. */
import { z } from 'zod';
import type { SaleStep } from './actions.ts';
import { apiVersion, itemReplySchema } from './admin-api.ts';
import { capacityMax, hpaReplicasMax, refillPerSecMax, refillPerSecMin } from './limits.ts';
import { eventIdSchema } from './visitor-api.ts';

/** Most steps of one sale. */
export const saleStepsMax = 100;

const durationText = z
  .string()
  .regex(/^(\d+(\.\d+)?(ms|s|m|h))+$/, 'a duration such as 90s, 10m, 1h30m')
  .describe('90s, 10m, 1h30m');
const timeSchema = z.iso.datetime({
  offset: true,
  message: 'a time with its offset, such as "2027-05-01T20:00:00+09:00"',
});

/** One step as the file has it: any of refill, capacity, window, message, hpa, at one time. */
export const saleStepSchema = z
  .strictObject({
    at: z
      .union(
        [timeSchema, z.string().regex(/^[+-]?(\d+(\.\d+)?(ms|s|m|h))+$/)],
        'a time with its offset, or -10m, 0s, 5m',
      )
      .describe(
        'a time with its offset; or how long after the opening, before it with a minus: -10m, 0s, 5m',
      ),
    refill: z.number().min(refillPerSecMin).max(refillPerSecMax).optional().describe('admissions per second'),
    capacity: z.number().int().min(1).max(capacityMax).optional().describe('tokens that the bucket holds'),
    ramp: durationText.optional().describe('get to refill and capacity in a straight line over this time'),
    for: durationText
      .optional()
      .describe('back to the values before after this time; of refill, capacity and message'),
    window: z
      .number()
      .int()
      .min(1)
      .max(capacityMax)
      .optional()
      .describe('places from the front that may enter'),
    message: z.string().min(1).max(280).optional().describe('told to everybody who waits'),
    hpa: z
      .strictObject({
        min: z.number().int().min(1).max(hpaReplicasMax).describe('least gateways from now on'),
        hold: durationText.optional().describe('for so long'),
      })
      .optional()
      .describe('floor of the gateways; only where the admin API leads the HPA'),
  })
  .describe('what changes at a time');
export type SaleStepFile = z.infer<typeof saleStepSchema>;

/** The file. */
export const saleFileSchema = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal('Sale'),
  event: eventIdSchema,
  opensAt: timeSchema.describe('when people may enter, with its offset'),
  prequeueFrom: timeSchema.optional().describe('people may join from then on'),
  lasts: durationText.describe('so long after the opening keys, certificates and this plan must hold'),
  visitors: z.number().int().min(1).max(100_000_000).describe('people who are expected'),
  joinRate: z
    .number()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe('joins per second at the peak; default: all within 10 s'),
  noShow: z.number().min(0).max(1).optional().describe('share that never enters; default 0'),
  steps: z.array(saleStepSchema).max(saleStepsMax),
});
export type SaleFile = z.infer<typeof saleFileSchema>;

/** States of a sale: its steps are run; all of them are; it was rolled back. */
export const saleStates = ['running', 'done', 'stopped'] as const;

/** What became of a step. `skipped`: its time was over before anybody could run it, or the sale was rolled back before. */
export const stepOutcomeSchema = z.object({
  state: z.enum(['done', 'failed', 'skipped']),
  at: z.string(),
  /** After its time, s. */
  lateSec: z.number(),
  auditId: z.string().optional(),
  /** Why it failed or was skipped. */
  text: z.string().optional(),
});
export type StepOutcome = z.infer<typeof stepOutcomeSchema>;

/** How far a sale has come. */
export const saleViewSchema = z.object({
  saleId: z.string(),
  event: z.string(),
  state: z.enum(saleStates),
  appliedAt: z.string(),
  stoppedAt: z.string().optional(),
  /** Who applied it, and why. */
  actor: z.string(),
  reason: z.string(),
  opensAt: z.string(),
  endsAt: z.string(),
  visitors: z.number().int(),
  steps: z.array(
    z.object({
      step: z.string(),
      at: z.string(),
      text: z.string(),
      state: z.enum(['pending', 'done', 'failed', 'skipped']),
      outcome: stepOutcomeSchema.optional(),
    }),
  ),
});
export type SaleView = z.infer<typeof saleViewSchema>;
export const saleReplySchema = itemReplySchema(saleViewSchema);

const figure = z.number().nullable();

/** What `tacos sale plan` prints: the steps, and what the model foresees; times in s, null = not within a day. */
export const salePlanSchema = z.object({
  event: z.string(),
  opensAt: z.string(),
  endsAt: z.string(),
  visitors: z.number(),
  steps: z.array(z.object({ step: z.string(), at: z.string(), text: z.string() })),
  forecast: z.object({
    emptyInSec: figure,
    waitP50Sec: figure,
    waitP95Sec: figure,
    longestWaitSec: figure,
    peakWaiting: z.number(),
    admitted: z.number(),
    peakRefillPerSec: z.number(),
  }),
  /** Why the server would not take it. */
  refusals: z.array(z.string()),
});
export type SalePlanView = z.infer<typeof salePlanSchema>;

/** A step in words: `refill 200/s, ramp 120 s`. */
export function stepText({ action }: SaleStep): string {
  const sec = (name: string, value: number | undefined): string[] =>
    value === undefined ? [] : [`${name} ${value} s`];
  switch (action.type) {
    case 'event.set':
      return `opens at ${action.opensAt}${action.prequeueFrom === undefined ? '' : `, prequeue from ${action.prequeueFrom}`}`;
    case 'bucket.set':
      return [
        ...(action.refillPerSec === undefined ? [] : [`refill ${action.refillPerSec}/s`]),
        ...(action.capacity === undefined ? [] : [`capacity ${action.capacity}`]),
        ...sec('ramp', action.rampSec),
        ...sec('for', action.forSec),
      ].join(', ');
    case 'settings.set':
      return `window ${action.window ?? 'default'}`;
    case 'queue.message':
      return [`message "${action.text ?? ''}"`, ...sec('for', action.forSec)].join(', ');
    case 'hpa.patch':
      return `at least ${action.min} ${action.min === 1 ? 'gateway' : 'gateways'}`;
  }
}

/** What `tacos sale check` asks the server to look at, taken from the file. */
export const saleCheckRequestSchema = z.object({
  opensAt: timeSchema,
  endsAt: timeSchema,
  visitors: z.number().int().min(1).max(100_000_000),
  joinPerSec: z.number().min(0).max(10_000_000),
  /** Highest rate that the steps lead to; absent = the event's own. */
  refillPerSec: z.number().max(refillPerSecMax).optional(),
  /** Floors of the gateways that the steps ask for, and when. */
  floors: z
    .array(z.object({ at: timeSchema, min: z.number().int().min(1).max(10_000) }))
    .max(saleStepsMax)
    .optional(),
});
export type SaleCheckRequest = z.infer<typeof saleCheckRequestSchema>;

const milliseconds = z.number().nullable();

/** What may go wrong below a line; `gateways-behind`: they had not read the journal to its end, and told nobody to come in. */
export const saleFaultKinds = [
  'failover',
  'redis-away',
  'recovery',
  'gateway-lost',
  'gateways-behind',
] as const;

/** What is known of a sale afterwards; only figures that have a source. */
export const saleReportSchema = z.object({
  event: z.string(),
  /** The sale that it is about; null = none was applied to the event. */
  sale: saleViewSchema.nullable(),
  /** Of the event's whole life. */
  joined: z.number().int(),
  admitted: z.number().int(),
  waiting: z.number().int(),
  /** From join to entry, of those that the journal still tells of. */
  waits: z.object({
    people: z.number().int(),
    /** Of all admissions, 0 to 1. */
    share: z.number(),
    p50Ms: milliseconds,
    p95Ms: milliseconds,
    maxMs: milliseconds,
  }),
  /** Who left by themselves, and who was silent too long or ended by an operator; as far as the journal reaches. */
  left: z.number().int(),
  expired: z.number().int(),
  /** Mean error of the waits shown, share of the real ones, of a sample of all who entered; null = none was judged. */
  etaErrorRatio: z.number().nullable(),
  /** Whom the gateways refused at this event, by what was asked and with which code; most first. */
  refusals: z.array(z.object({ operation: z.string(), code: z.string(), count: z.number().int() })),
  /** Since the sale was applied, as the admin API saw them; `until` = `at` for what has no length, null = not over. */
  faults: z.array(
    z.object({
      kind: z.enum(saleFaultKinds),
      at: z.string(),
      until: z.string().nullable(),
      text: z.string(),
    }),
  ),
  /** The same of alarms, each with its worst severity; `until` null = it is on. */
  alarms: z.array(
    z.object({
      id: z.string(),
      severity: z.string(),
      text: z.string(),
      since: z.string(),
      until: z.string().nullable(),
    }),
  ),
  /** Figures that a report should have, and where they are instead. */
  missing: z.array(z.string()),
});
export type SaleReport = z.infer<typeof saleReportSchema>;
export const saleReportReplySchema = itemReplySchema(saleReportSchema);

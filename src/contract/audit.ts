/** The audit trail's wire: who changed what, when and why, and what came of it. */
import { z } from 'zod';
import { itemReplySchema, listReplySchema, receiptSchema, roles } from './admin-api.ts';

/** Value of a setting before or after a change; numbers in the unit of the row. */
export const plainValueSchema = z.union([z.number(), z.string(), z.boolean(), z.null()]);
export type PlainValue = z.infer<typeof plainValueSchema>;

/** Units of rows: what a number counts. `time` = RFC 3339, `text` and `flag` are no numbers. */
export const rowUnits = [
  'perSec',
  'tokens',
  'places',
  'people',
  'pods',
  'sec',
  'percent',
  'time',
  'text',
  'flag',
] as const;

/** One setting that a change touches. */
export const changeRowSchema = z.object({
  /** Name as on the wire, such as refillPerSec, capacity, phase. */
  name: z.string(),
  unit: z.enum(rowUnits),
  before: plainValueSchema,
  after: plainValueSchema,
});
export type ChangeRow = z.infer<typeof changeRowSchema>;

/** What a plan said would be, and what was, a while later. */
export const outcomeSchema = z.object({
  /** When it was looked at. */
  at: z.string(),
  rows: z.array(
    z.object({ name: z.string(), unit: z.enum(rowUnits), predicted: z.number(), actual: z.number() }),
  ),
});
export type Outcome = z.infer<typeof outcomeSchema>;

export const auditEntrySchema = z.object({
  auditId: z.string(),
  at: z.string(),
  /** null = of no single event, such as the budget. */
  event: z.string().nullable(),
  /** `system` for what time did: an opening, the end of a limited change. */
  actor: z.string(),
  role: z.enum([...roles, 'system']),
  /** Program, version, user and host that sent it. */
  client: z.string(),
  /** As in `actions.ts`, such as bucket.set; for the system: bucket.return, bucket.brake, queue.open, queue.close. */
  action: z.string(),
  summary: z.string(),
  reason: z.string(),
  ticket: z.string().optional(),
  planHash: z.string().optional(),
  /** Version of the event's settings after it; 0 where it made none. */
  revision: z.number().int(),
  rows: z.array(changeRowSchema),
  /** People whose place it ended or gave back. */
  people: z.number().int().optional(),
  /** `tacos undo` works until then. */
  undoUntil: z.string().optional(),
  /** Audit id that this one undid, or by which this one was undone. */
  undoes: z.string().optional(),
  undoneBy: z.string().optional(),
  receipt: receiptSchema.optional(),
  outcome: outcomeSchema.optional(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditListSchema = listReplySchema(auditEntrySchema);
export const auditReplySchema = itemReplySchema(auditEntrySchema);

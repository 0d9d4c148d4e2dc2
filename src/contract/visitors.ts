/** Visitors as operators see them: by reference, never by token. */
import { z } from 'zod';
import { itemReplySchema, listReplySchema } from './admin-api.ts';
import { placeStatuses, statusReplySchema } from './visitor-api.ts';

/** What a row of the line is marked with. */
export const placeNotes = ['TOP10', 'READY', 'SILENT', 'AWAY', 'UNCLAIMED'] as const;

export const positionRowSchema = z.object({
  /** null = away: stepped around, the place is kept. */
  position: z.number().int().nullable(),
  /** `v_` and 8 characters: what the visitor can read out to support. */
  visitor: z.string(),
  etaSec: z.number().nullable(),
  confidence: z.number().nullable(),
  /** To the second. */
  joinedAt: z.string(),
  waitedSec: z.number(),
  /** Since the last sign of life, to about two seconds; null = not known. */
  heardSec: z.number().nullable(),
  note: z.enum(placeNotes).nullable(),
  /** How the visitor hears of the line; absent = not known. */
  client: z.enum(['poll', 'stream']).optional(),
});
export type PositionRow = z.infer<typeof positionRowSchema>;

export const positionListSchema = listReplySchema(positionRowSchema).extend({
  event: z.string(),
  waiting: z.number().int(),
  away: z.number().int(),
});
export type PositionList = z.infer<typeof positionListSchema>;

export { positionsPageMax } from './limits.ts';

/** One visitor's story. Figures of polls come from the gateways' memory: since those gateways started. */
export const visitorStorySchema = z.object({
  event: z.string(),
  visitor: z.string(),
  status: z.enum(placeStatuses),
  position: z.number().int().nullable(),
  joinedAt: z.string(),
  firstPollAt: z.string().nullable(),
  lastPollAt: z.string().nullable(),
  polls: z.number().int(),
  /** null = has not entered, or no longer known: it is kept while the entry can be repeated. Absent from older servers. */
  enteredAt: z.string().nullable().optional(),
  awaySince: z.string().nullable(),
  awayReason: z.enum(['silent', 'unclaimed']).nullable(),
  /** The last 20, newest first. */
  refusals: z.array(z.object({ at: z.string(), reason: z.string() })),
  /** Gateway processes that answered, of those seen: what the others know is missing. */
  answered: z.object({ workers: z.number().int(), of: z.number().int() }),
  /** The body that a status call would get now; null where no gateway answered. */
  statusBody: statusReplySchema.nullable(),
});
export type VisitorStory = z.infer<typeof visitorStorySchema>;
export const visitorReplySchema = itemReplySchema(visitorStorySchema);

/**
 * How operators name a visitor: a reference `v_…`, a position as `#12`, or `user:ID` / `sub:ID` for the id that
 * the visitor joined with. Never a waiting token.
 */
export const visitorRefPattern = /^(v_[a-z0-9]{8}|#\d{1,9}|(user|sub):\S{1,128})$/;

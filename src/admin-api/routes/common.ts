/** What the routes of all nouns share. */
import { z } from 'zod';
import { apiVersion } from '../../contract/admin-api.ts';
import { errorReplySchema, eventIdSchema } from '../../contract/visitor-api.ts';

/** Path parameters of every route below an event. */
export const eventParams = z.object({ id: eventIdSchema });

/** What a route refuses beyond what all of its kind do: the error body, by status. */
export const refusals = (...statuses: readonly number[]) =>
  Object.fromEntries(statuses.map((status) => [status, errorReplySchema]));

/** The schema of an answer that has an ETag: its version, for If-Match. */
export const tagged = <T extends z.ZodType>(schema: T): T =>
  schema.meta({
    headers: { etag: { type: 'string', pattern: '^"\\d+"$', description: 'For If-Match.' } },
  }) as T;

/** Headings of the description. */
export const tags = { queues: ['queues'], changes: ['changes'], server: ['server'] };

/** A single item as it goes over the wire; `asOf` = now unless said. */
export const itemOf = <T>(kind: string, item: T, more: { asOf?: string; warnings?: string[] } = {}) => ({
  apiVersion,
  kind,
  asOf: more.asOf ?? new Date().toISOString(),
  item,
  warnings: more.warnings ?? [],
});

/** A list as it goes over the wire, as of now. */
export const listOf = <T>(kind: string, items: T[]) => ({
  apiVersion,
  kind,
  asOf: new Date().toISOString(),
  items,
  warnings: [] as string[],
});

/** The version of an event's settings as an entity tag. */
export const etagOf = (revision: number): string => `"${revision}"`;

/** What the routes of all nouns share. */
import { z } from 'zod';
import { apiVersion } from '../../contract/admin-api.ts';
import { eventIdSchema } from '../../contract/visitor-api.ts';

/** Path parameters of every route below an event. */
export const eventParams = z.object({ id: eventIdSchema });

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

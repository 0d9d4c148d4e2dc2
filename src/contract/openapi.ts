/** What the OpenAPI documents of both APIs say beside the plain schemas of their routes. */
import { z } from 'zod';

/** A header of an answer. */
export interface HeaderDescription {
  readonly description: string;
  /** Whether every such answer has it; default true. */
  readonly required?: boolean;
}

/** Headers by their names, in small letters. */
export type HeaderDescriptions = Readonly<Record<string, HeaderDescription>>;

/** The part of a document that is looked at here. */
interface Document {
  readonly paths?: object;
}

interface Response {
  headers?: Record<string, object>;
}

const requestId: HeaderDescriptions = { 'x-request-id': { description: 'Trace id of the request.' } };
const retryAfter: HeaderDescriptions = {
  'retry-after': { description: 'When to ask again, whole seconds.' },
};

/** Headers that a status brings, whatever the route. */
const ofStatus: Readonly<Record<string, HeaderDescriptions>> = {
  401: { 'www-authenticate': { description: 'How to sign in.' } },
  429: retryAfter,
  503: retryAfter,
};

/**
 * The document with the headers of every answer: the trace id, those that statuses bring, and those of `common`. Headers
 * that a route describes itself stay.
 */
export function describeHeaders<T extends Document>(document: T, common: HeaderDescriptions = {}): T {
  for (const item of Object.values(document.paths ?? {})) {
    for (const { responses = {} } of Object.values(item as Record<string, { responses?: object }>)) {
      for (const [status, response] of Object.entries(responses as Record<string, Response>)) {
        response.headers = {
          ...response.headers,
          ...asHeaders({ ...requestId, ...common, ...ofStatus[status] }),
        };
      }
    }
  }
  return document;
}

function asHeaders(descriptions: HeaderDescriptions): Record<string, object> {
  const entries = Object.entries(descriptions).map(([name, { description, required = true }]) => [
    name,
    { description, required, schema: { type: 'string', minLength: 1 } },
  ]);
  return Object.fromEntries(entries);
}

/** The answer in a type of its own, while the route's other answers are JSON. */
export const contentOf = (type: string, schema: z.ZodType, description: string) => ({
  description,
  content: { [type]: { schema } },
});

/** An event of a server-sent stream: its name, and the JSON that its data is. */
export function streamEvent(name: string, data: z.ZodType) {
  const { $schema: _, ...contentSchema } = z.toJSONSchema(data, { io: 'output' });
  return z.object({
    id: z.string().optional(),
    event: z.literal(name),
    data: z.string().meta({ contentMediaType: 'application/json', contentSchema }),
  });
}

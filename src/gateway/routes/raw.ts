/**
 * Routes whose operations read and check the request themselves, so that all ways into the gateway refuse alike: Fastify
 * hands the bytes over, and its schemas only describe.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { errorReplySchema } from '../../contract/visitor-api.ts';
import { type Answer, jsonType } from '../http/answer.ts';
import type { BodyRequest } from '../operations.ts';
import type { IdRequest } from '../requests/asking.ts';

/** Switches the checks of Fastify off, for the routes of this plugin. */
export function takeRawRequests(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.setValidatorCompiler(() => (value: unknown) => ({ value }));
}

/** The success schema with the error schema for each status that may come instead. */
export const replies = (status: number, schema: z.ZodType, refusals: readonly number[]) => ({
  [status]: schema,
  ...Object.fromEntries(refusals.map((each) => [each, errorReplySchema])),
});

/** A request as operations take it. */
export const bodyRequest = ({ headers, body, id }: FastifyRequest): BodyRequest => ({
  headers,
  body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  traceId: id,
});

/** A request for one thing, named in the path as `:id`, as operations take it. */
export const idRequest = ({ headers, params, id: traceId }: FastifyRequest): IdRequest => ({
  headers,
  id: (params as { readonly id: string }).id,
  traceId,
});

/** Sends an answer by Fastify. */
export function sendAnswer(reply: FastifyReply, { status, body, headers }: Answer): FastifyReply {
  for (let at = 0; at < headers.length; at += 2) reply.header(headers[at] ?? '', headers[at + 1]);
  return reply.code(status).header('content-type', jsonType).send(body);
}

/**
 * The queue's routes in Fastify: for the OpenAPI page, and for requests that the thin path leaves alone. Schemas here
 * only describe; the operations check, with the same schemas, so that both ways refuse alike.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { idempotencyKeyCharsMax } from '../../contract/limits.ts';
import { contentOf, streamEvent } from '../../contract/openapi.ts';
import {
  challengeQuerySchema,
  challengeReplySchema,
  enterBodySchema,
  enterReplySchema,
  joinBodySchema,
  joinReplySchema,
  leaveReplySchema,
  statusReplySchema,
  tokenQuerySchema,
} from '../../contract/visitor-api.ts';
import { apiPrefix, type HttpContext, openStream } from '../hot-path.ts';
import { searchOf } from '../http/query.ts';
import type { Operations } from '../operations.ts';
import { bodyRequest, replies, sendAnswer, takeRawRequests } from './raw.ts';

const tags = ['queue'];
const bearer = [{ bearer: [] }];
const bearerOrNobody = [{}, ...bearer];

const idempotencySchema = z.object({
  'idempotency-key': z.string().min(1).max(idempotencyKeyCharsMax).optional(),
});

export async function queueRoutes(app: FastifyInstance, context: HttpContext): Promise<void> {
  const { operations } = context;
  const bySearch = (ask: Operations['status']) => async (request: FastifyRequest, reply: FastifyReply) =>
    sendAnswer(reply, await ask(searchOf(request.raw.url ?? ''), request.id, request.raw));
  takeRawRequests(app);

  app.post(
    `${apiPrefix}/queue/join`,
    {
      schema: {
        tags,
        summary: 'Take a place in the line of an event',
        security: bearerOrNobody,
        headers: idempotencySchema,
        body: joinBodySchema,
        response: replies(202, joinReplySchema, [400, 401, 403, 404, 409, 413, 415, 429, 503]),
      },
    },
    async (request, reply) => sendAnswer(reply, await operations.join(bodyRequest(request))),
  );
  app.get(
    `${apiPrefix}/queue/status`,
    {
      schema: {
        tags,
        summary: 'Where a place stands; every call is a sign of life',
        querystring: tokenQuerySchema,
        response: replies(200, statusReplySchema, [400, 404, 429, 503]),
      },
    },
    bySearch(operations.status),
  );
  app.get(
    `${apiPrefix}/queue/challenge`,
    {
      schema: {
        tags,
        summary: 'The proof of work that a join of an event needs; difficulty 0 = none',
        querystring: challengeQuerySchema,
        response: replies(200, challengeReplySchema, [400, 404, 429, 503]),
      },
    },
    bySearch(operations.challenge),
  );
  app.post(
    `${apiPrefix}/queue/enter`,
    {
      schema: {
        tags,
        summary: 'Ask to go in',
        security: bearer,
        body: enterBodySchema,
        response: replies(200, enterReplySchema, [400, 401, 403, 404, 409, 410, 413, 415, 429, 503]),
      },
    },
    async (request, reply) => sendAnswer(reply, await operations.enter(bodyRequest(request))),
  );
  app.delete(
    `${apiPrefix}/queue/leave`,
    {
      schema: {
        tags,
        summary: 'Give a place up',
        querystring: tokenQuerySchema,
        response: replies(200, leaveReplySchema, [400, 404, 409, 429, 503]),
      },
    },
    bySearch(operations.leave),
  );
  addStreamRoute(app, context);
}

function addStreamRoute(app: FastifyInstance, context: HttpContext): void {
  const meter = context.meters.route('GET', `${apiPrefix}/queue/stream`);
  app.get(
    `${apiPrefix}/queue/stream`,
    {
      exposeHeadRoute: false,
      // The exchange counts itself, as on the thin path.
      config: { isCountedElsewhere: true },
      schema: {
        tags,
        summary: 'The status as Server-Sent Events, for clients that prefer push',
        description: 'Events named `status`, each with the JSON of a status answer.',
        querystring: tokenQuerySchema,
        response: {
          ...replies(200, statusReplySchema, [400, 404, 429, 503]),
          200: contentOf('text/event-stream', streamEvent('status', statusReplySchema), 'Server-sent events'),
        },
      },
    },
    async (request, reply) => {
      reply.hijack();
      const { raw, id: traceId } = request;
      const startedMs = performance.now() - reply.elapsedTime;
      const exchange = { request: raw, response: reply.raw, meter, traceId, startedMs, span: undefined };
      await openStream(context, exchange);
    },
  );
}

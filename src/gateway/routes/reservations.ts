/** Reservations: for those who were let in and show their pass. Schemas only describe; the operations check. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { idempotencyKeyCharsMax } from '../../contract/limits.ts';
import {
  cancelBodySchema,
  cancelReplySchema,
  confirmBodySchema,
  confirmReplySchema,
  reservationReplySchema,
  reserveBodySchema,
  reserveReplySchema,
} from '../../contract/reservations.ts';
import { apiPrefix } from '../hot-path.ts';
import type { ReservationOperations } from '../requests/reservation-operations.ts';
import { bodyRequest, idRequest, replies, sendAnswer, takeRawRequests } from './raw.ts';

const tags = ['reservations'];
const security = [{ bearer: [] }];
const key = z.string().min(1).max(idempotencyKeyCharsMax);
/** Headers of a route that needs a key, and of one that takes it. */
export const keyNeeded = z.object({ 'idempotency-key': key });
export const keyTaken = z.object({
  /** An empty one counts as none. */
  'idempotency-key': z.string().max(idempotencyKeyCharsMax).optional(),
});
const params = z.object({ id: z.string() });
const idPath = `${apiPrefix}/reservations/:id`;

export async function reservationRoutes(
  app: FastifyInstance,
  { operations }: { readonly operations: ReservationOperations },
): Promise<void> {
  takeRawRequests(app);
  app.post(
    `${apiPrefix}/reservations`,
    {
      schema: {
        tags,
        summary: 'Hold seats with the reservation token of an enter',
        description:
          'The token serves one Idempotency-Key. The same key with the same body gets the same answer for 5 minutes, ' +
          'with the header Idempotency-Replayed; after a 5xx, send the same again with the same key.',
        security,
        headers: keyNeeded,
        body: reserveBodySchema,
        response: replies(201, reserveReplySchema, [400, 401, 403, 404, 409, 413, 415, 429, 502, 503, 504]),
      },
    },
    async (request, reply) => sendAnswer(reply, await operations.reserve(bodyRequest(request))),
  );
  app.get(
    idPath,
    {
      schema: {
        tags,
        summary: 'A reservation of your own',
        security,
        params,
        response: replies(200, reservationReplySchema, [400, 401, 403, 404, 429, 502, 503, 504]),
      },
    },
    async (request, reply) => sendAnswer(reply, await operations.get(idRequest(request))),
  );
  addChangeRoutes(app, operations);
}

function addChangeRoutes(app: FastifyInstance, operations: ReservationOperations): void {
  const refusals = [400, 401, 403, 404, 409, 410, 412, 413, 415, 429, 502, 503, 504];
  app.post(
    `${idPath}/confirm`,
    {
      schema: {
        tags,
        summary: 'Make a paid reservation an order',
        security,
        params,
        headers: keyTaken,
        body: confirmBodySchema,
        response: replies(200, confirmReplySchema, refusals),
      },
    },
    async (request, reply) =>
      sendAnswer(reply, await operations.confirm({ ...bodyRequest(request), ...idRequest(request) })),
  );
  app.post(
    `${idPath}/cancel`,
    {
      schema: {
        tags,
        summary: 'Give the held seats back',
        description: 'The body may be left out.',
        security,
        params,
        headers: keyTaken,
        body: cancelBodySchema,
        response: replies(200, cancelReplySchema, refusals),
      },
    },
    async (request, reply) =>
      sendAnswer(reply, await operations.cancel({ ...bodyRequest(request), ...idRequest(request) })),
  );
}

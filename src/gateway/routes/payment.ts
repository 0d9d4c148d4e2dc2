/** Payment: an intent for a reservation, and how it stands. Schemas only describe; the operations check. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import {
  intentBodySchema,
  intentReplySchema,
  paymentReplySchema,
  processBodySchema,
  processReplySchema,
} from '../../contract/reservations.ts';
import { apiPrefix } from '../hot-path.ts';
import type { PaymentOperations } from '../requests/payment-operations.ts';
import { bodyRequest, idRequest, replies, sendAnswer, takeRawRequests } from './raw.ts';
import { keyNeeded, keyTaken } from './reservations.ts';

const tags = ['payment'];
const security = [{ bearer: [] }];
const refusals = [400, 401, 403, 404, 409, 410, 412, 413, 415, 429, 502, 503, 504];

export interface PaymentRouteOptions {
  readonly operations: PaymentOperations;
  /** Whether payments may be ended by hand. Never in production. */
  readonly isSimulation: boolean;
}

export async function paymentRoutes(
  app: FastifyInstance,
  { operations, isSimulation }: PaymentRouteOptions,
): Promise<void> {
  takeRawRequests(app);
  app.post(
    `${apiPrefix}/payment/intent`,
    {
      schema: {
        tags,
        summary: 'Begin to pay for a reservation',
        description: 'How it ends is told by a webhook, and by the status.',
        security,
        headers: keyNeeded,
        body: intentBodySchema,
        response: replies(201, intentReplySchema, refusals),
      },
    },
    async (request, reply) => sendAnswer(reply, await operations.createIntent(bodyRequest(request))),
  );
  app.get(
    `${apiPrefix}/payment/:id/status`,
    {
      schema: {
        tags,
        summary: 'How a payment of your own stands',
        security,
        params: z.object({ id: z.string() }),
        response: replies(200, paymentReplySchema, [400, 401, 403, 404, 429, 502, 503, 504]),
      },
    },
    async (request, reply) => sendAnswer(reply, await operations.status(idRequest(request))),
  );
  if (!isSimulation) return;
  app.post(
    `${apiPrefix}/payment/process`,
    {
      schema: {
        tags,
        summary: 'End a simulated payment; not in production',
        security,
        headers: keyTaken,
        body: processBodySchema,
        response: replies(200, processReplySchema, refusals),
      },
    },
    async (request, reply) => sendAnswer(reply, await operations.process(bodyRequest(request))),
  );
}

/** Sign-up and sign-in. */
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { loginBodySchema, registerBodySchema, signedInReplySchema } from '../../contract/reservations.ts';
import type { Outcome } from '../../queue/line-types.ts';
import type { Accounts } from '../auth/accounts.ts';
import { apiPrefix } from '../hot-path.ts';
import { type Answer, outcomeAnswer, refusalAnswer } from '../http/answer.ts';
import { parseBody } from '../http/body.ts';
import type { BodyRequest } from '../operations.ts';
import type { RateGate } from '../rate-limit/rate-gate.ts';
import { bodyRequest, replies, sendAnswer, takeRawRequests } from './raw.ts';

const tags = ['auth'];

export interface AuthRoutesOptions {
  readonly accounts: Accounts;
  readonly gate: RateGate;
}

export async function authRoutes(app: FastifyInstance, { accounts, gate }: AuthRoutesOptions): Promise<void> {
  takeRawRequests(app);
  // Guessing passwords is limited by address.
  app.addHook('onRequest', async (request, reply) => {
    const refusal = gate.byAddress(request.headers);
    return refusal === undefined ? undefined : sendAnswer(reply, refusalAnswer(refusal, request.id));
  });
  app.post(
    `${apiPrefix}/auth/register`,
    {
      schema: {
        tags,
        summary: 'Sign up',
        body: registerBodySchema,
        response: replies(201, signedInReplySchema, [400, 409, 413, 415, 429, 503]),
      },
    },
    async (request, reply) =>
      sendAnswer(reply, await run(bodyRequest(request), 201, registerBodySchema, accounts.register)),
  );
  app.post(
    `${apiPrefix}/auth/login`,
    {
      schema: {
        tags,
        summary: 'Sign in',
        body: loginBodySchema,
        response: replies(200, signedInReplySchema, [400, 401, 413, 415, 429, 503]),
      },
    },
    async (request, reply) =>
      sendAnswer(reply, await run(bodyRequest(request), 200, loginBodySchema, accounts.login)),
  );
}

async function run<T>(
  { headers, body, traceId }: BodyRequest,
  status: number,
  schema: z.ZodType<T>,
  act: (body: T) => Promise<Outcome<unknown>>,
): Promise<Answer> {
  const parsed = parseBody(headers, body, schema);
  if (!parsed.ok) return refusalAnswer(parsed, traceId);
  return outcomeAnswer(status, await act(parsed.value), traceId);
}

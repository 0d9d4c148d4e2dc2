/** What the visitor API does, free of sockets: both ways of HTTP into the gateway, the thin path and Fastify, end here. */
import type { IncomingHttpHeaders } from 'node:http';
import {
  challengeQuerySchema,
  enterBodySchema,
  joinBodySchema,
  type StatusReply,
} from '../contract/visitor-api.ts';
import type { Outcome } from '../queue/line-types.ts';
import type { Asker, FrontDesk } from './front-desk.ts';
import { type Answer, answer, outcomeAnswer, refusalAnswer } from './http/answer.ts';
import { checkShape, parseBody } from './http/body.ts';
import { tokenOf } from './http/query.ts';
import { statusJson } from './http/status-json.ts';

/** A request with a body. */
export interface BodyRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly traceId: string;
}

/** Each gives the whole answer, refusals included; what they throw is a bug. */
export interface Operations {
  join(request: BodyRequest): Promise<Answer>;
  /** `search` = the query string, of the event whose challenge is asked for. */
  challenge(search: string, traceId: string, asker: Asker): Promise<Answer>;
  /** `search` = the query string as it came. No promise while the line answers from memory. */
  status(search: string, traceId: string, asker: Asker): Answer | Promise<Answer>;
  enter(request: BodyRequest): Promise<Answer>;
  leave(search: string, traceId: string, asker: Asker): Promise<Answer>;
}

export function createOperations(desk: FrontDesk): Operations {
  async function join({ headers, body, traceId }: BodyRequest): Promise<Answer> {
    const parsed = parseBody(headers, body, joinBodySchema);
    if (!parsed.ok) return refusalAnswer(desk.refused('join', parsed), traceId);
    return outcomeAnswer(202, await desk.join(parsed.value, headers), traceId);
  }

  async function challenge(search: string, traceId: string, asker: Asker): Promise<Answer> {
    const query = { event_id: new URLSearchParams(search).get('event_id') ?? undefined };
    const checked = checkShape(query, challengeQuerySchema);
    if (!checked.ok) return refusalAnswer(checked, traceId);
    return outcomeAnswer(200, await desk.challenge(checked.value.event_id, asker), traceId);
  }

  function status(search: string, traceId: string, asker: Asker): Answer | Promise<Answer> {
    const token = tokenOf(search);
    if (typeof token !== 'string') return refusalAnswer(desk.refused('status', token), traceId);
    const outcome = desk.status(token, asker);
    if (outcome instanceof Promise) return outcome.then((later) => statusAnswer(later, traceId));
    return statusAnswer(outcome, traceId);
  }

  async function enter({ headers, body, traceId }: BodyRequest): Promise<Answer> {
    const parsed = parseBody(headers, body, enterBodySchema);
    if (!parsed.ok) return refusalAnswer(desk.refused('enter', parsed), traceId);
    return outcomeAnswer(200, await desk.enter(parsed.value.waiting_token, headers), traceId);
  }

  async function leave(search: string, traceId: string, asker: Asker): Promise<Answer> {
    const token = tokenOf(search);
    if (typeof token !== 'string') return refusalAnswer(desk.refused('leave', token), traceId);
    return outcomeAnswer(200, await desk.leave(token, asker), traceId);
  }

  return { join, challenge, status, enter, leave };
}

function statusAnswer(outcome: Outcome<StatusReply>, traceId: string): Answer {
  return outcome.ok ? answer(200, statusJson(outcome.reply)) : refusalAnswer(outcome, traceId);
}

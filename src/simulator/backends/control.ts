/**
 * The control port of the simulated services, for tests and demonstrations. JSON over HTTP, on 127.0.0.1:
 *
 * | request                                    | does                                                           |
 * |--------------------------------------------|----------------------------------------------------------------|
 * | POST /latency {ms, service?}               | every call from outside waits so long before its work begins   |
 * | POST /fail {percent, service?}             | so many calls from outside are answered UNAVAILABLE, undone    |
 * | GET /stats                                 | seats of each event, holds, calls of each method, payments     |
 * | GET /sold?event=EVT                        | who bought which seats: order, reservation, user, seat ids     |
 *
 * `service` is reservation, inventory or payment; without it all three are meant.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { z } from 'zod';
import { type Fault, type Faults, type ServiceName, serviceNames } from './faults.ts';
import type { HallCounts } from './hall.ts';
import type { Halls } from './halls.ts';
import type { PaymentState, Payments } from './payments.ts';
import { Problem } from './problem.ts';
import type { ReservationState, Reservations } from './reservations.ts';
import type { CallCounts } from './serving.ts';
import type { WebhookCounts } from './webhooks.ts';

const service = z.enum(serviceNames).optional();
const latencySchema = z.object({ ms: z.number().min(0).max(600_000), service });
const failSchema = z.object({ percent: z.number().min(0).max(100), service });
const bodyBytesMax = 4_096;

/** What GET /stats answers. */
export interface BackendStats {
  readonly events: Readonly<Record<string, HallCounts>>;
  readonly reservations: Readonly<Record<ReservationState, number>>;
  readonly payments: Readonly<Partial<Record<PaymentState, number>>>;
  readonly webhooks: Readonly<WebhookCounts>;
  /** Calls of each method, those of the services among themselves included. */
  readonly calls: Readonly<Record<ServiceName, Readonly<CallCounts>>>;
  readonly faults: Readonly<Record<ServiceName, Readonly<Fault>>>;
}

/** One order of GET /sold. */
export interface SoldOrder {
  readonly order_id: string;
  readonly reservation_id: string;
  readonly user_id: string;
  readonly seat_ids: readonly string[];
}

export interface Controlled {
  readonly halls: Halls;
  readonly reservations: Reservations;
  readonly payments: Payments;
  readonly webhooks: { readonly counts: WebhookCounts };
  readonly faults: Faults;
  readonly calls: Readonly<Record<ServiceName, CallCounts>>;
}

/** Serves the control port. Gives its server, listening. @throws Error when the port is taken */
export async function serveControl(port: number, controlled: Controlled): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(request, controlled).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return server;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function answer(request: IncomingMessage, controlled: Controlled): Promise<Answer> {
  const { pathname, searchParams } =
    URL.parse(request.url ?? '/', 'http://control') ?? new URL('http://control');
  try {
    switch (`${request.method} ${pathname}`) {
      case 'POST /latency': {
        const { ms, service } = latencySchema.parse(await json(request));
        controlled.faults.set(service, { latencyMs: ms });
        return { status: 200, body: {} };
      }
      case 'POST /fail': {
        const { percent, service } = failSchema.parse(await json(request));
        controlled.faults.set(service, { failPercent: percent });
        return { status: 200, body: {} };
      }
      case 'GET /stats':
        return { status: 200, body: stats(controlled) };
      case 'GET /sold':
        return { status: 200, body: sold(controlled.halls, searchParams.get('event') ?? '') };
      default:
        return { status: 404, body: { error: 'POST /latency, POST /fail, GET /stats, GET /sold' } };
    }
  } catch (error) {
    const isTheirs = error instanceof z.ZodError || error instanceof SyntaxError || error instanceof Problem;
    return { status: isTheirs ? 400 : 500, body: { error: error instanceof Error ? error.message : '' } };
  }
}

function stats({ halls, reservations, payments, webhooks, faults, calls }: Controlled): BackendStats {
  return {
    events: Object.fromEntries(halls.all().map(([event, hall]) => [event, hall.counts()])),
    reservations: reservations.counts(),
    payments: payments.counts(),
    webhooks: webhooks.counts,
    calls,
    faults: Object.fromEntries(serviceNames.map((name) => [name, faults.of(name)])) as BackendStats['faults'],
  };
}

function sold(halls: Halls, event: string): SoldOrder[] {
  const hall = halls.of(event);
  return hall.sold().map(({ orderId, reservationId, userId, seats }) => ({
    order_id: orderId ?? '',
    reservation_id: reservationId,
    user_id: userId,
    seat_ids: seats.map(({ id }) => id),
  }));
}

async function json(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > bodyBytesMax) throw new SyntaxError('the body is too large');
  }
  return JSON.parse(text);
}

/** Reservation and payment services over real gRPC that do what a test sets: faults that the simulated ones do not have. */
import { readFileSync } from 'node:fs';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import {
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { protos } from '../../src/grpc/protos.ts';
import type { CertificatePair } from './certificates.ts';

/** A call as a service got it. */
export interface Asked {
  readonly method: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly metadata: Metadata;
}

/** An answer's fields, or the gRPC status that it fails with. */
export type Told = Readonly<Record<string, unknown>> | { readonly fail: number; readonly words?: string };

export interface GrpcServices {
  readonly port: number;
  /** All calls so far. */
  readonly asked: Asked[];
  /** What calls are answered from now on. */
  answer: (asked: Asked) => Told | Promise<Told>;
  /** Cuts all connections and stops listening. */
  stop(): Promise<void>;
}

export interface GrpcServicesOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Own certificate; absent = plain text. */
  readonly tls?: CertificatePair;
  /** Takes only clients with a certificate that this one signed. */
  readonly clientCa?: string;
  readonly answer?: GrpcServices['answer'];
}

/** A good answer to every call; ids and users are those that were asked for. */
export function goodAnswer({ method, request }: Asked): Told {
  const inAMinute = { seconds: Math.floor(Date.now() / 1000) + 60, nanos: 0 };
  const amount = { amount: 120_000, currency: 'KRW' };
  const seats = [{ id: 'A-1' }];
  const { userId, reservationId, paymentIntentId } = request;
  const answers: Record<string, Told> = {
    CreateReservation: {
      reservationId: 'rsv_1',
      status: 'RESERVATION_STATUS_HOLD',
      holdExpiresAt: inAMinute,
      reservedSeats: seats,
      totalAmount: amount,
    },
    GetReservation: {
      reservation: {
        reservationId,
        userId,
        eventId: 'evt_x',
        status: 'RESERVATION_STATUS_HOLD',
        seats,
        quantity: 1,
      },
    },
    ConfirmReservation: { orderId: 'ord_1', status: 'RESERVATION_STATUS_CONFIRMED', confirmedAt: inAMinute },
    CancelReservation: { status: 'RESERVATION_STATUS_CANCELLED', cancelledAt: inAMinute },
    CreatePaymentIntent: { paymentIntentId: 'pi_1', status: 'PAYMENT_STATUS_PENDING', expiresAt: inAMinute },
    GetPaymentStatus: {
      payment: {
        paymentIntentId,
        userId,
        reservationId: 'rsv_1',
        status: 'PAYMENT_STATUS_COMPLETED',
        amount,
      },
    },
    ProcessPayment: { paymentId: 'pay_1', status: 'PAYMENT_STATUS_COMPLETED', processedAt: inAMinute },
  };
  return answers[method] ?? { fail: 12 };
}

/** Starts both services on one port of 127.0.0.1. */
export async function startGrpcServices(options: GrpcServicesOptions = {}): Promise<GrpcServices> {
  const server = new Server();
  const asked: Asked[] = [];
  const services = { asked, answer: options.answer ?? goodAnswer };
  const handle =
    (method: string): handleUnaryCall<Record<string, unknown>, unknown> =>
    async ({ request, metadata }, done: sendUnaryData<unknown>) => {
      const call = { method, request, metadata };
      asked.push(call);
      const told = await services.answer(call);
      if ('fail' in told) {
        const { fail: code, words: details = '' } = told as { fail: number; words?: string };
        done({ code, details } as ServiceError);
      } else done(null, told);
    };
  const { reservation, payment } = protos();
  for (const { service } of [reservation.ReservationService, payment.PaymentService]) {
    const handlers: UntypedServiceImplementation = {};
    for (const name of Object.keys(service)) handlers[name] = handle(name);
    server.addService(service, handlers);
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, credentialsOf(options), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return Object.assign(services, {
    port,
    stop: async () => server.forceShutdown(),
  });
}

function credentialsOf({ tls, clientCa }: GrpcServicesOptions): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { private_key: readFileSync(tls.key), cert_chain: readFileSync(tls.cert) };
  return clientCa === undefined
    ? ServerCredentials.createSsl(null, [pair])
    : ServerCredentials.createSsl(readFileSync(clientCa), [pair], true);
}

export interface SilentPort {
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  stop(): Promise<void>;
}

/**
 * A port whose connections are taken and never answered: half-open TCP, as of a host that froze. With `passAfter`, those
 * after so many are passed on to another port.
 */
export async function openSilentPort(
  passing: { readonly passAfter: number; readonly to: number } = {
    passAfter: Number.POSITIVE_INFINITY,
    to: 0,
  },
): Promise<SilentPort> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    connections += 1;
    keep(near);
    if (connections <= passing.passAfter) return;
    const far = keep(connectTcp(passing.to, '127.0.0.1'));
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get connections() {
      return connections;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

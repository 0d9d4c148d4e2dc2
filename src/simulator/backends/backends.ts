/**
 * The services behind the gateway, simulated: real gRPC servers for reservation, inventory and payment, in one process.
 * Seats, reservations and payments live in its memory. The reservation service calls the two others over gRPC.
 *
 * As a program: `dist/simulator/backends.js --help`. Its control port (control.ts) makes the services slow or failing
 * while they run and tells what they hold, sold and were asked; test/helpers/backends.ts starts it for tests.
 */
import { protos } from '../../grpc/protos.ts';
import { AnswersKept } from './answers-kept.ts';
import { serveControl } from './control.ts';
import { Faults } from './faults.ts';
import { Halls } from './halls.ts';
import { inventoryMethods } from './inventory-service.ts';
import { connectNeighbours } from './neighbours.ts';
import { paymentMethods } from './payment-service.ts';
import { Payments } from './payments.ts';
import { reservationMethods } from './reservation-service.ts';
import { Reservations } from './reservations.ts';
import { serve } from './serving.ts';
import { Webhooks } from './webhooks.ts';

/** All that can be chosen. */
export interface BackendsOptions {
  /** 0 = a free port. */
  readonly reservationPort: number;
  readonly inventoryPort: number;
  readonly paymentPort: number;
  /** Undefined = no control port. */
  readonly controlPort?: number;
  /** Seats of each event. */
  readonly seats: number;
  /** The only events there are; none = any. */
  readonly events: readonly string[];
  /** Length of a hold, ms. */
  readonly holdMs: number;
  /** Wait before each call's work, ms. */
  readonly latencyMs: number;
  /** How long a payment of scenario delay takes, ms. */
  readonly paymentDelayMs: number;
  readonly webhookRetries: number;
  readonly webhookAnywhere: boolean;
}

/** Where the services listen, as host:port. */
export interface Backends {
  readonly reservation: string;
  readonly inventory: string;
  readonly payment: string;
  readonly control?: string;
  close(): Promise<void>;
}

/** Times are applied at least so often, also when nobody asks, ms; what ended long ago is forgotten so often. */
const settleMs = 250;
const pruneMs = 30_000;

/** Starts all services. @throws Error when a port is taken */
export async function startBackends(options: BackendsOptions): Promise<Backends> {
  const { holdMs, seats, events } = options;
  const nowMs = Date.now;
  const answers = new AnswersKept();
  const faults = new Faults(options.latencyMs);
  const halls = new Halls({ seats, events });
  const reservations = new Reservations(nowMs);
  const payments = new Payments({ nowMs, delayMs: options.paymentDelayMs });
  const webhooks = new Webhooks({ retries: options.webhookRetries, anywhere: options.webhookAnywhere });
  const { InventoryService, ReservationService } = protos().reservation;
  const { PaymentService } = protos().payment;

  const inventory = await serve({
    ...{ name: 'inventory', port: options.inventoryPort, definition: InventoryService.service, faults },
    methods: inventoryMethods({ halls, answers, nowMs, holdMs }),
  });
  const payment = await serve({
    ...{ name: 'payment', port: options.paymentPort, definition: PaymentService.service, faults },
    methods: paymentMethods({ payments, webhooks, answers, nowMs }),
  });
  const neighbours = connectNeighbours({ inventory: inventory.address, payment: payment.address });
  const reservation = await serve({
    ...{ name: 'reservation', port: options.reservationPort, definition: ReservationService.service, faults },
    methods: reservationMethods({ reservations, neighbours, answers, nowMs, holdMs }),
  });
  const calls = { reservation: reservation.calls, inventory: inventory.calls, payment: payment.calls };
  const controlled = { halls, reservations, payments, webhooks, faults, calls };
  const { controlPort } = options;
  const control = controlPort === undefined ? undefined : await serveControl(controlPort, controlled);
  const settle = setInterval(() => halls.settle(), settleMs);
  const prune = setInterval(() => {
    reservations.prune();
    payments.prune();
  }, pruneMs);
  return {
    ...{ reservation: reservation.address, inventory: inventory.address, payment: payment.address },
    ...(control === undefined ? {} : { control: portOf(control.address()) }),
    async close() {
      clearInterval(settle);
      clearInterval(prune);
      webhooks.stop();
      control?.closeAllConnections();
      control?.close();
      await reservation.close();
      neighbours.close();
      await Promise.all([inventory.close(), payment.close()]);
    },
  };
}

const portOf = (address: ReturnType<import('node:http').Server['address']>): string =>
  typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : '';

/** All backends of a gateway over gRPC, from its settings. */
import type { Client } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { paymentCallMs, reservationCallMs } from '../../contract/limits.ts';
import { protos } from '../../grpc/protos.ts';
import type { GatewayConfig } from '../config.ts';
import type { Meters } from '../metrics/meters.ts';
import {
  type BackendName,
  type Backends,
  type BreakerState,
  backendNames,
  type PaymentBackend,
  type ReservationBackend,
} from './backends.ts';
import { BackendCaller, type CallerOptions } from './caller.ts';
import { createPaymentBackend } from './payment.ts';
import { notReachable } from './refusals.ts';
import { createReservationBackend } from './reservation.ts';

/** The settings, and where calls are counted and logged. */
export type BackendsOptions = GatewayConfig['backends'] & {
  readonly meters: Meters;
  readonly log: Logger;
};

/**
 * The backends that have an address. Connects to nothing: a backend is called when a visitor's request needs it.
 *
 * @throws BackendFileError when a certificate's file cannot be used
 */
export function createBackends(options: BackendsOptions): Backends {
  const { addresses, meters, log, webhookUrl = '' } = options;
  const { tlsCaFile, tlsCertFile, tlsKeyFile } = options;
  const tls = {
    ...(tlsCaFile === undefined ? {} : { tlsCaFile }),
    ...(tlsCertFile === undefined ? {} : { tlsCertFile }),
    ...(tlsKeyFile === undefined ? {} : { tlsKeyFile }),
  };
  const callerOf = <C extends Client>(
    backend: BackendName,
    plan: () => Pick<CallerOptions<C>, 'connect' | 'deadlineMs'>,
  ): BackendCaller<C> | undefined => {
    const address = addresses[backend];
    return address && new BackendCaller({ backend, address, tls, meters, log, ...plan() });
  };
  const callers = {
    reservation: callerOf('reservation', () => ({
      connect: protos().reservation.ReservationService,
      deadlineMs: reservationCallMs,
    })),
    // Nobody calls it from here yet: the reservation service does.
    inventory: callerOf('inventory', () => ({
      connect: protos().reservation.InventoryService,
      deadlineMs: reservationCallMs,
    })),
    payment: callerOf('payment', () => ({
      connect: protos().payment.PaymentService,
      deadlineMs: paymentCallMs,
    })),
  };
  return {
    reservation: callers.reservation ? createReservationBackend(callers.reservation) : noReservations,
    payment: callers.payment ? createPaymentBackend(callers.payment, webhookUrl) : noPayments,
    breakers: () => {
      const states: Partial<Record<BackendName, BreakerState>> = {};
      for (const name of backendNames) {
        const caller = callers[name];
        if (caller) states[name] = caller.breakerState;
      }
      return states;
    },
    close: () => {
      for (const caller of Object.values(callers)) caller?.close();
    },
  };
}

/** What /readyz says of the backends: information, as the line goes on without them. */
export function backendDependencies({
  breakers,
}: Pick<Backends, 'breakers'>): Record<string, { readonly ok: boolean; readonly detail: string }> {
  return Object.fromEntries(
    Object.entries(breakers()).map(([name, state]) => [
      `backend_${name}`,
      { ok: state === 'closed', detail: `breaker ${state.replace('_', '-')}` },
    ]),
  );
}

const refused = async () => notReachable;

const noReservations: ReservationBackend = {
  reserve: refused,
  get: refused,
  confirm: refused,
  cancel: refused,
};
const noPayments: PaymentBackend = { createIntent: refused, status: refused, process: refused };

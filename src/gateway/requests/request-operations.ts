/** Puts together what the reservation and payment routes do. */
import type { Logger } from 'pino';
import type { PassVerifier } from '../../queue/pass-verifier.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Backends } from '../backends/backends.ts';
import type { Meters } from '../metrics/meters.ts';
import { createOnce } from './once.ts';
import { OwnerBook } from './owner-book.ts';
import { PaymentOperations } from './payment-operations.ts';
import { RequestBook } from './request-book.ts';
import { ReservationOperations } from './reservation-operations.ts';

export interface RequestOperationsOptions {
  readonly authenticate: Authenticator;
  readonly backends: Backends;
  readonly passVerifier: PassVerifier;
  /** Whether places may be entered by people who are not signed in. */
  readonly anonymousEnters: boolean;
  /** Opened with `requestScripts`. */
  readonly redis: RedisClient;
  readonly meters: Meters;
  readonly log: Logger;
  /** Epoch ms, by which passes end; default the system's clock. */
  readonly nowMs?: () => number;
}

export function createRequestOperations(options: RequestOperationsOptions): {
  readonly reservations: ReservationOperations;
  readonly payments: PaymentOperations;
} {
  const { authenticate, backends, anonymousEnters, redis, meters, log, nowMs = Date.now } = options;
  const services = {
    authenticate,
    backends,
    once: createOnce({ book: new RequestBook(redis), meters, log }),
    passes: { verifier: options.passVerifier, nowMs, anonymousEnters },
    owners: new OwnerBook(redis),
  };
  return {
    reservations: new ReservationOperations(services),
    payments: new PaymentOperations(services),
  };
}

/** Backends whose calls are spans: each call passes its own span on, whatever makes the call. */
import type { Backends, PaymentBackend, ReservationBackend } from '../backends/backends.ts';
import type { Tracer } from './tracer.ts';

/** The same backends, traced. */
export function traceBackends(backends: Backends, tracer: Tracer): Backends {
  const { reservation, payment } = backends;
  return {
    reservation: tracedReservation(reservation, tracer),
    payment: tracedPayment(payment, tracer),
    breakers: () => backends.breakers(),
    close: () => backends.close(),
  };
}

function tracedReservation(to: ReservationBackend, tracer: Tracer): ReservationBackend {
  const call = (method: string) => ({ backend: 'reservation', method }) as const;
  return {
    reserve: (request, context) =>
      tracer.callBackend(call('reserve'), context, (own) => to.reserve(request, own)),
    get: (request, context) => tracer.callBackend(call('get'), context, (own) => to.get(request, own)),
    confirm: (request, context) =>
      tracer.callBackend(call('confirm'), context, (own) => to.confirm(request, own)),
    cancel: (request, context) =>
      tracer.callBackend(call('cancel'), context, (own) => to.cancel(request, own)),
  };
}

function tracedPayment(to: PaymentBackend, tracer: Tracer): PaymentBackend {
  const call = (method: string) => ({ backend: 'payment', method }) as const;
  return {
    createIntent: (request, context) =>
      tracer.callBackend(call('createIntent'), context, (own) => to.createIntent(request, own)),
    status: (request, context) =>
      tracer.callBackend(call('status'), context, (own) => to.status(request, own)),
    process: (request, context) =>
      tracer.callBackend(call('process'), context, (own) => to.process(request, own)),
  };
}

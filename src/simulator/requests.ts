import { proofIdentity, solve } from '../contract/challenge.ts';
import type { ChallengeReply, Proof } from '../contract/visitor-api.ts';
import type { VisitorPlan } from './plan.ts';
import type { Call, Outgoing } from './wire.ts';

const api = '/api/v1';
const prefix = `${api}/queue`;

/**
 * A join: anonymous with an Idempotency-Key, or with a bearer token whose subject is the visitor. `work` = what the one
 * before was refused for; where doing it took longer than it is good for, there is more of it.
 */
export function joinRequest(plan: VisitorPlan, event: string, work?: ChallengeReply): Outgoing {
  const identity = plan.joinBy === 'subject' ? bearer(plan.userId) : ['idempotency-key', plan.idempotencyKey];
  return {
    call: 'join',
    method: 'POST',
    path: `${prefix}/join`,
    headers: [...from(plan), ...json, ...identity],
    body: JSON.stringify({ event_id: event, ...(work === undefined ? {} : { proof: proofOf(plan, work) }) }),
  };
}

/** Does the work at once, as all visitors share this process. The load test's token names its subjects `load:NAME`. */
function proofOf(plan: VisitorPlan, { seed, difficulty }: ChallengeReply): Proof {
  const isSignedIn = plan.joinBy === 'subject';
  const { subject, key } = proofIdentity;
  const identity = isSignedIn ? subject(`load:${plan.userId}`) : key(plan.idempotencyKey);
  return solve(seed, identity, difficulty);
}

/** A poll. Carries nothing but the token: it is sent by the million. */
export function statusRequest(plan: VisitorPlan, token: string): Outgoing {
  return { call: 'status', method: 'GET', path: withToken('status', token), headers: from(plan) };
}

/** An enter, signed in as the visitor. */
export function enterRequest(plan: VisitorPlan, token: string): Outgoing {
  return {
    call: 'enter',
    method: 'POST',
    path: `${prefix}/enter`,
    headers: [...from(plan), ...json, ...bearer(plan.userId)],
    body: JSON.stringify({ waiting_token: token }),
  };
}

/** A leave. */
export function leaveRequest(plan: VisitorPlan, token: string): Outgoing {
  return { call: 'leave', method: 'DELETE', path: withToken('leave', token), headers: from(plan) };
}

/** Holds seats, whichever are free. */
export function reserveRequest(
  plan: VisitorPlan,
  wanted: { readonly event: string; readonly quantity: number; readonly reservationToken: string },
): Outgoing {
  const { event, quantity, reservationToken } = wanted;
  const body = { event_id: event, quantity, reservation_token: reservationToken };
  return purchaseStep(plan, { call: 'reserve', path: '/reservations', body });
}

/** Begins the payment of a reservation. */
export function intentRequest(
  plan: VisitorPlan,
  wanted: {
    readonly reservationId: string;
    readonly amount: number;
    readonly currency: string;
    readonly scenario: string;
  },
): Outgoing {
  const { reservationId, ...rest } = wanted;
  const body = { reservation_id: reservationId, ...rest };
  return purchaseStep(plan, { call: 'intent', path: '/payment/intent', body });
}

/** Asks how a payment stands. */
export function paymentRequest(plan: VisitorPlan, paymentIntentId: string): Outgoing {
  const path = `${api}/payment/${encodeURIComponent(paymentIntentId)}/status`;
  return { call: 'payment', method: 'GET', path, headers: [...from(plan), ...bearer(plan.userId)] };
}

/** Turns a paid reservation into an order. */
export function confirmRequest(
  plan: VisitorPlan,
  { reservationId, paymentIntentId }: { readonly reservationId: string; readonly paymentIntentId: string },
): Outgoing {
  const path = `/reservations/${encodeURIComponent(reservationId)}/confirm`;
  return purchaseStep(plan, { call: 'confirm', path, body: { payment_intent_id: paymentIntentId } });
}

/** Each step has one Idempotency-Key, however often it is sent. */
function purchaseStep(
  plan: VisitorPlan,
  { call, path, body }: { readonly call: Call; readonly path: string; readonly body: object },
): Outgoing {
  const key = ['idempotency-key', `${plan.idempotencyKey}-${call}`];
  return {
    call,
    method: 'POST',
    path: `${api}${path}`,
    headers: [...from(plan), ...json, ...bearer(plan.userId), ...key],
    body: JSON.stringify(body),
  };
}

const json = ['content-type', 'application/json'];

function from(plan: VisitorPlan): string[] {
  return ['x-forwarded-for', plan.address];
}

/** The load test's token: gateways take it in development and test only, with X-User-Id as its subject. */
function bearer(userId: string): string[] {
  return ['authorization', 'Bearer load-test-bypass-token', 'x-load-test', 'true', 'x-user-id', userId];
}

function withToken(call: 'status' | 'leave', token: string): string {
  return `${prefix}/${call}?token=${encodeURIComponent(token)}`;
}

import type { VisitorPlan } from './plan.ts';
import type { Outgoing } from './wire.ts';

const prefix = '/api/v1/queue';

/** A join: anonymous with an Idempotency-Key, or with a bearer token whose subject is the visitor. */
export function joinRequest(plan: VisitorPlan, event: string): Outgoing {
  const identity = plan.joinBy === 'subject' ? bearer(plan.userId) : ['idempotency-key', plan.idempotencyKey];
  return {
    call: 'join',
    method: 'POST',
    path: `${prefix}/join`,
    headers: [...from(plan), ...json, ...identity],
    body: JSON.stringify({ event_id: event }),
  };
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

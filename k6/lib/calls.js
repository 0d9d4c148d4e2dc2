/** The requests of the visitor API. Each has a name, by which k6 counts it, and the statuses that are no failure. */
import http from 'k6/http';
import { bearer } from './sign-in.js';
import { baseUrl, event } from './target.js';

const api = `${baseUrl}/api/v1`;
const timeout = '10s';

const expected = {
  join: http.expectedStatuses(202),
  status: http.expectedStatuses(200),
  enter: http.expectedStatuses(200, 403, 409, 410),
  reserve: http.expectedStatuses(201, 409),
  intent: http.expectedStatuses({ min: 200, max: 299 }),
  payment: http.expectedStatuses(200),
  confirm: http.expectedStatuses(200, 410),
};

/** One address a visitor, where the target trusts who asks (TRUSTED_PROXIES). */
const params = (name, { address }, headers) => ({
  headers: { 'x-forwarded-for': address, ...headers },
  tags: { name },
  responseCallback: expected[name],
  timeout,
});

const post = (name, path, visitor, body, headers) =>
  http.post(
    api + path,
    JSON.stringify(body),
    params(name, visitor, { 'content-type': 'application/json', ...headers }),
  );

/** Anonymous, with a key that makes a repeated join the same. */
export const join = (visitor) =>
  post('join', '/queue/join', visitor, { event_id: event }, { 'idempotency-key': visitor.key });

export const status = (visitor) =>
  http.get(`${api}/queue/status?token=${encodeURIComponent(visitor.token)}`, params('status', visitor, {}));

export const enter = (visitor) =>
  post('enter', '/queue/enter', visitor, { waiting_token: visitor.token }, bearer(visitor.user));

const keyed = (name, path, visitor, body) =>
  post(name, path, visitor, body, {
    ...bearer(visitor.user),
    'idempotency-key': `${visitor.key}-${name}`,
  });

export const reserve = (visitor) =>
  keyed('reserve', '/reservations', visitor, {
    event_id: event,
    quantity: 1,
    reservation_token: visitor.pass,
  });

export const intent = (visitor, { reservation_id, amount = 1, currency = 'KRW' }) =>
  keyed('intent', '/payment/intent', visitor, { reservation_id, amount, currency, scenario: 'approve' });

export const payment = (visitor, id) =>
  http.get(
    `${api}/payment/${encodeURIComponent(id)}/status`,
    params('payment', visitor, bearer(visitor.user)),
  );

export const confirm = (visitor, reservation, paymentIntent) =>
  keyed('confirm', `/reservations/${encodeURIComponent(reservation)}/confirm`, visitor, {
    payment_intent_id: paymentIntent,
  });

/** The body of an answer; an empty object where it is none of ours. */
export function bodyOf(answer) {
  try {
    return answer.json() || {};
  } catch {
    return {};
  }
}

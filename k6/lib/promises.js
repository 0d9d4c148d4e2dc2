/**
 * What must never happen, counted as visitors see it. All of these have thresholds of 0 in every scenario.
 *
 * It is judged only by what a visitor can know for sure: two answers of different gateways may be a second apart, so
 * views are compared that are `apartMs` apart; and whoever is not heard on time may be passed, so nobody of a crowd comes
 * back after a silence. Settings that operators change during a run can look like a fault.
 */
import { Counter, Rate } from 'k6/metrics';

/** One place was granted twice: a repeated enter got another pass. */
const doubleGrants = new Counter('tacos_double_grants');
/** One visitor holds two places: a repeated join got another one. */
const doublePlaces = new Counter('tacos_double_places');
/** Somebody who joined later stands in front, or was let in while somebody in front was told to wait. */
const orderErrors = new Counter('tacos_order_errors');
/** Told ready, yet refused within the second. */
const refusedAfterReady = new Rate('tacos_refused_after_ready');

export const neverBroken = {
  tacos_double_grants: ['count==0'],
  tacos_double_places: ['count==0'],
  tacos_order_errors: ['count==0'],
  tacos_refused_after_ready: ['rate==0'],
};

const apartMs = 1_500;
const readyHoldsMs = 900;
/** Reasons that a visitor who was ready must never get; the others name what happened in between. */
const broken = ['window', 'waited', 'tokens'];

export const grantedAgain = (isOther) => doubleGrants.add(isOther ? 1 : 0);

export const joinedAgain = (isOther) => doublePlaces.add(isOther ? 1 : 0);

/** An enter that was sent `sinceMs` after "ready" and answered after so many ms. */
export function enteredWhenReady({ isGranted, reason, sinceMs }) {
  if (sinceMs > readyHoldsMs && !isGranted) return;
  if (isGranted || broken.includes(reason)) refusedAfterReady.add(!isGranted);
}

/** The order of one crowd, whose visitors joined one after the other: `number` says which. */
export class Order {
  constructor() {
    /** The last to join of those who were let in more than `apartMs` ago; and those let in since. */
    this.settled = -1;
    this.recent = [];
  }

  granted(visitor, nowMs) {
    this.recent.push({ number: visitor.number, atMs: nowMs });
  }

  /** A visitor who was told a position. `visitor.behind` joined next after them, of those still in line. */
  told(visitor, { position, isWaiting }, nowMs) {
    const { behind } = visitor;
    const isOvertaken =
      behind !== undefined && behind.position <= position && nowMs - behind.toldAtMs > apartMs;
    visitor.position = position;
    visitor.toldAtMs = nowMs;
    while (this.recent.length > 0 && nowMs - this.recent[0].atMs > apartMs) {
      this.settled = Math.max(this.settled, this.recent.shift().number);
    }
    // Once may be the moment between a grant and the refill of its token; twice is not.
    visitor.passed = isWaiting && this.settled > visitor.number ? visitor.passed + 1 : 0;
    orderErrors.add(isOvertaken || visitor.passed === 2 ? 1 : 0);
  }
}

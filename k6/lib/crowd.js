/**
 * Visitors of one virtual user. They join one after the other, are polled when their last answer said, go in when they
 * are ready, and buy. One who could not be polled on time is given up for good, as if the tab had been closed.
 */
import { sleep } from 'k6';
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { Agenda } from './agenda.js';
import { bodyOf, confirm, enter, intent, join, payment, reserve, status } from './calls.js';
import { enteredWhenReady, grantedAgain, joinedAgain, Order } from './promises.js';
import { buyShare } from './target.js';

const joined = new Counter('tacos_joined');
const granted = new Counter('tacos_granted');
const ordered = new Counter('tacos_ordered');
const abandoned = new Counter('tacos_abandoned');
/** From the join to the grant. */
const waited = new Trend('tacos_waited', true);

/** Absence begins 8 s after the time that was told at the earliest: who is later than this is given up before. */
const lateMsMax = 4_000;
const paymentLookSec = 0.5;
const paymentLooksMax = 10;

const random = () => Math.floor(Math.random() * 256);

export class Crowd {
  /** `repeatShare` of the joins are sent twice, and every enter; with `pollsMax` visitors go away after so many, unentered. */
  constructor({ repeatShare = 0, pollsMax } = {}) {
    this.repeatShare = repeatShare;
    this.pollsMax = pollsMax;
    this.order = new Order();
    this.agenda = new Agenda();
    this.last = undefined;
    this.count = 0;
    this.number = 0;
  }

  /** When the next one is due, epoch ms; undefined when nobody waits. */
  get dueMs() {
    return this.agenda.first()?.due;
  }

  /** Somebody new. */
  join() {
    const { number } = this;
    this.number += 1;
    const name = `load-${exec.vu.idInTest}-${number}-${Date.now().toString(36)}-${random()}`;
    const address = `10.${random()}.${random()}.${random()}`;
    const visitor = { number, user: name, key: `key-of-${name}`, address, polls: 0, passed: 0 };
    const answer = join(visitor);
    if (answer.status !== 202) return;
    const body = bodyOf(answer);
    joined.add(1);
    visitor.token = body.waiting_token;
    visitor.joinedAtMs = Date.now();
    if (Math.random() < this.repeatShare) {
      const again = join(visitor);
      if (again.status === 202) joinedAgain(bodyOf(again).reference !== body.reference);
    }
    visitor.front = this.last;
    if (this.last !== undefined) this.last.behind = visitor;
    this.last = visitor;
    this.count += 1;
    this.wait(visitor, body.poll_after_sec);
  }

  /** Polls whoever is due, and lets them in when they are ready. False when nobody is due. */
  serve() {
    for (;;) {
      const nowMs = Date.now();
      if (this.dueMs === undefined || this.dueMs > nowMs) return false;
      const visitor = this.agenda.take();
      if (nowMs - visitor.due <= lateMsMax) {
        this.poll(visitor);
        return true;
      }
      abandoned.add(1);
      this.gone(visitor);
    }
  }

  poll(visitor) {
    const answer = status(visitor);
    if (answer.status !== 200) {
      // An error is not the visitor's: they ask again, unless the place is gone.
      if (answer.status === 404) this.gone(visitor);
      else this.wait(visitor, 2);
      return;
    }
    const nowMs = Date.now();
    const body = bodyOf(answer);
    visitor.polls += 1;
    if (body.status !== 'waiting' && body.status !== 'ready') {
      this.gone(visitor);
      return;
    }
    const isReady = body.ready_for_entry === true;
    if (!body.stale && !body.paused && body.phase === 'open') {
      this.order.told(visitor, { position: body.position, isWaiting: !isReady }, nowMs);
    }
    if (visitor.polls === this.pollsMax) this.gone(visitor);
    else if (isReady && this.pollsMax === undefined) this.enter(visitor, nowMs);
    else this.wait(visitor, body.poll_after_sec);
  }

  enter(visitor, readyAtMs) {
    const answer = enter(visitor);
    const body = bodyOf(answer);
    const nowMs = Date.now();
    const isGranted = answer.status === 200;
    enteredWhenReady({ isGranted, reason: body.reason, sinceMs: nowMs - readyAtMs });
    if (!isGranted) {
      if (answer.status === 409 || answer.status === 410) this.gone(visitor);
      else this.wait(visitor, body.retry_after_sec || 2);
      return;
    }
    granted.add(1);
    waited.add(nowMs - visitor.joinedAtMs);
    this.order.granted(visitor, nowMs);
    visitor.pass = body.reservation_token;
    const again = enter(visitor);
    if (again.status === 200) grantedAgain(bodyOf(again).reservation_token !== visitor.pass);
    else if (again.status === 409) grantedAgain(false);
    this.gone(visitor);
    if (Math.random() < buyShare) buy(visitor);
  }

  wait(visitor, sec) {
    visitor.due = Date.now() + Math.max(0.5, Number(sec) || 2) * 1000;
    this.agenda.add(visitor);
  }

  gone(visitor) {
    const { front, behind } = visitor;
    if (front !== undefined) front.behind = behind;
    if (behind !== undefined) behind.front = front;
    else this.last = front;
    this.count -= 1;
  }
}

/** Holds a seat and pays. Sold out is no failure. */
function buy(visitor) {
  const held = reserve(visitor);
  if (held.status !== 201) return;
  const reservation = bodyOf(held);
  const begun = intent(visitor, reservation);
  const { payment_intent_id: id } = bodyOf(begun);
  if (begun.status >= 300 || id === undefined) return;
  for (let look = 0; look < paymentLooksMax; look += 1) {
    const state = bodyOf(payment(visitor, id)).status;
    if (state === 'COMPLETED') {
      if (confirm(visitor, reservation.reservation_id, id).status === 200) ordered.add(1);
      return;
    }
    if (state !== 'PENDING' && state !== 'PROCESSING') return;
    sleep(paymentLookSec);
  }
}

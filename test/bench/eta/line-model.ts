/**
 * A line as a discrete-event model in ticks of 50 ms, by the rules of the real one: bucket, window, tiers, overdraft,
 * steps around the silent and the unclaimed, visitors who poll when told. A gateway's replica sees each tick's changes
 * in the next (the journal's delay), and its Flow and EtaModel answer the polls.
 */
import {
  claimSecDefault,
  microPerToken,
  presenceSecDefault,
  presenceSlackSec,
  sweepMs,
} from '../../../src/contract/limits.ts';
import { isReady } from '../../../src/queue/admission.ts';
import { type BucketRates, type BucketState, capacityAt, settle } from '../../../src/queue/bucket.ts';
import { EtaModel } from '../../../src/queue/eta.ts';
import { baseEtaSec, baseRate } from '../../../src/queue/eta-base.ts';
import { Flow, flowSlotSec } from '../../../src/queue/flow.ts';
import { PlaceIndex } from '../../../src/queue/place-index.ts';
import { pollAfterSec } from '../../../src/queue/served-event.ts';
import type { Tier } from '../../../src/queue/settings.ts';
import { constant, type TimedValue, valueAt } from '../../../src/queue/timed-value.ts';
import { earlySec, invite, type Visitor } from './crowd.ts';
import { seededRandom } from './random.ts';
import type { Action, Trace } from './traces.ts';

const tickMs = 50;
/** 14:00 UTC: an hour to which the base formula gives no weight. */
const openMs = Date.UTC(2026, 5, 1, 14);
/** Shortest time from seeing "ready" to the enter, ms. */
const clickMinMs = 200;
/** A gateway reports presence with this delay, ms. */
const reportMs = 1_000;
const endSecMax = 3_600;

const tiers: readonly Tier[] = [
  { first: 1, last: 10, waitMs: 0 },
  { first: 11, last: 50, waitMs: 2_000 },
  { first: 51, last: 0, waitMs: 5_000 },
];

export class LineModel {
  readonly visitors: readonly Visitor[];
  readonly #trace: Trace;
  readonly #random: () => number;
  #flow = new Flow();
  #eta = new EtaModel({ timeZone: 'UTC' });
  readonly #admits = new Map<number, number>();
  readonly #waiting = new PlaceIndex();
  readonly #polls = new Map<number, Visitor[]>();
  readonly #enters = new Map<number, Visitor[]>();
  #refill: TimedValue;
  #bucket: BucketState;
  #lost = 0;
  #paused = false;
  #changedAtMs = 0;
  #nowMs = openMs - earlySec * 1000;
  #joined = 0;
  #away = 0;
  #head = 0;
  #actions: Action[];
  #leaving: Visitor[];
  #turns: { ms: number; seq: number }[] = [];
  #baseRate = 0;

  constructor(trace: Trace, seed: number) {
    this.#trace = trace;
    this.#random = seededRandom(seed);
    this.#refill = constant(trace.refill * microPerToken);
    this.#bucket = { tokensMicro: capacityAt(this.#rates, openMs), refilledAtUs: openMs * 1000 };
    this.#actions = [...trace.actions];
    this.visitors = invite(trace, openMs, this.#random);
    this.#leaving = this.visitors
      .filter((one) => Number.isFinite(one.leaveMs))
      .sort((a, b) => a.leaveMs - b.leaveMs);
  }

  /** Runs until the line is empty. */
  run(): void {
    const endMs = openMs + endSecMax * 1000;
    while (this.#nowMs < endMs && (this.#joined < this.visitors.length || this.#waiting.count > 0))
      this.#tick();
  }

  get #rates(): BucketRates {
    const { capacity } = this.#trace;
    return { refill: this.#refill, capacity: capacity > 0 ? constant(capacity * microPerToken) : undefined };
  }

  get #isOpen(): boolean {
    return this.#nowMs >= openMs;
  }

  #tick(): void {
    this.#nowMs += tickMs;
    this.#act();
    this.#settle();
    if (this.#trace.restartSec > 0) this.#restart();
    this.#refresh();
    this.#join();
    for (const visitor of this.#take(this.#polls)) this.#poll(visitor);
    for (const visitor of this.#take(this.#enters)) this.#enter(visitor);
    this.#leave();
    if (this.#nowMs % sweepMs === 0) this.#sweep();
    this.#markReady();
  }

  #act(): void {
    const action = this.#actions[0];
    if (!action || this.#nowMs < openMs + action.atSec * 1000) return;
    this.#actions.shift();
    this.#settle();
    if (action.refill !== undefined) this.#refill = constant(action.refill * microPerToken);
    if (action.paused !== undefined) {
      this.#paused = action.paused;
      this.#turns = [];
    }
    this.#changedAtMs = this.#nowMs;
  }

  #settle(): void {
    if (this.#paused || !this.#isOpen) {
      this.#bucket = { ...this.#bucket, refilledAtUs: Math.max(openMs, this.#nowMs) * 1000 };
      return;
    }
    const sec = (this.#nowMs * 1000 - this.#bucket.refilledAtUs) / 1e6;
    const made = this.#bucket.tokensMicro + valueAt(this.#refill, this.#nowMs) * sec;
    this.#bucket = settle(this.#bucket, this.#rates, this.#nowMs * 1000);
    this.#lost += Math.max(0, made - this.#bucket.tokensMicro);
  }

  #join(): void {
    for (let visitor = this.visitors[this.#joined]; visitor && visitor.joinMs <= this.#nowMs; ) {
      visitor.place = 'waiting';
      this.#waiting.set(visitor.seq, true);
      this.#flow.record('joined', this.#nowMs, 1);
      this.#heard(visitor, this.#eta.at(this.#waiting.count, this.#nowMs).etaSec);
      this.#joined += 1;
      visitor = this.visitors[this.#joined];
    }
  }

  #refresh(): void {
    const nowMs = this.#nowMs;
    if (nowMs % 250 === 0) this.#baseRate = baseRate(this.#flow, nowMs, 14);
    this.#eta.refresh({
      nowMs,
      flow: this.#flow,
      waiting: this.#waiting.count,
      away: this.#away,
      tokensMicro: this.#bucket.tokensMicro,
      refill: this.#refill,
      capacityMicro: capacityAt(this.#rates, nowMs),
      window: this.#window,
      paused: this.#paused,
      phase: this.#isOpen ? 'open' : 'prequeue',
      opensAtMs: openMs,
      changedAtMs: this.#changedAtMs,
      couldEnter: this.#waiting.count > 0 && this.#bucket.tokensMicro >= microPerToken,
    });
  }

  /** By default as many places as the bucket holds tokens. */
  get #window(): number {
    return Math.floor(capacityAt(this.#rates, this.#nowMs) / microPerToken);
  }

  /** The visitor is present, and asks again when told unless this was the last that is heard of them. */
  #heard(visitor: Visitor, etaSec: number, isLast = false): void {
    const nextSec = pollAfterSec(etaSec, this.#random);
    visitor.dueMs = this.#nowMs + Math.max(presenceSecDefault, nextSec + presenceSlackSec) * 1000 + reportMs;
    if (!isLast) this.#schedule(this.#polls, visitor, nextSec * 1000);
  }

  #poll(visitor: Visitor): void {
    if (visitor.place === 'entered' || visitor.place === 'left' || this.#nowMs >= visitor.closeMs) return;
    const position = this.#waiting.countBefore(visitor.seq) + 1;
    const ready = this.#isReady(visitor, position);
    const { etaSec, confidence } = this.#eta.at(position, this.#nowMs);
    if (visitor.place === 'waiting' && !ready) {
      const openSec = Math.max(0, (openMs - this.#nowMs) / 1000);
      visitor.polls.push({
        atMs: this.#nowMs - openMs,
        position,
        etaSec,
        baseSec: openSec + baseEtaSec(position, this.#baseRate),
        confidence,
        causes: this.#eta
          .noticesFor({ position, joinedMs: visitor.joinMs, etaSec }, this.#nowMs)
          .map((notice) => notice.code),
      });
    }
    if (ready && visitor.ending === 'enters') {
      this.#schedule(
        this.#enters,
        visitor,
        clickMinMs + this.#random() * (this.#trace.clickSecMax * 1000 - clickMinMs),
      );
    }
    this.#heard(visitor, ready ? 0 : etaSec, ready && visitor.ending === 'vanishes');
  }

  #isReady(visitor: Visitor, position: number): boolean {
    return isReady(
      {
        phase: this.#isOpen ? 'open' : 'prequeue',
        paused: this.#paused,
        window: this.#window,
        tiers,
        tokensMicro: this.#bucket.tokensMicro,
      },
      position,
      this.#nowMs - visitor.joinMs,
    );
  }

  #enter(visitor: Visitor): void {
    if (visitor.place === 'entered' || visitor.place === 'left') return;
    if (!this.#isReady(visitor, this.#waiting.countBefore(visitor.seq) + 1)) return;
    this.#waiting.set(visitor.seq, false);
    visitor.place = 'entered';
    this.#bucket = { ...this.#bucket, tokensMicro: this.#bucket.tokensMicro - microPerToken };
    this.#flow.record('entered', this.#nowMs, 1);
    const slotMs = Math.floor(this.#nowMs / (flowSlotSec * 1000)) * flowSlotSec * 1000;
    this.#admits.set(slotMs, (this.#admits.get(slotMs) ?? 0) + 1);
  }

  /** Another gateway answers from now on: it knows what Redis knows, which is the admissions alone. */
  #restart(): void {
    if (this.#nowMs !== openMs + this.#trace.restartSec * 1000) return;
    this.#flow = new Flow();
    this.#flow.preload([...this.#admits].map(([atMs, count]) => ({ atMs, count })));
    this.#eta = new EtaModel({ timeZone: 'UTC' });
  }

  #leave(): void {
    for (
      let visitor = this.#leaving[0];
      visitor && visitor.leaveMs <= this.#nowMs;
      visitor = this.#leaving[0]
    ) {
      this.#leaving.shift();
      if (visitor.place !== 'waiting' || visitor.readyMs !== undefined || visitor.closeMs < visitor.leaveMs)
        continue;
      this.#waiting.set(visitor.seq, false);
      visitor.place = 'left';
      this.#flow.record('left', this.#nowMs, 1);
    }
  }

  /** As lua/step_aside.lua: the silent in the window, and those whose turn came a minute ago. */
  #sweep(): void {
    if (!this.#isOpen) return;
    let present = 0;
    let claimedTo = -1;
    for (const turn of this.#turns) if (turn.ms <= this.#nowMs - claimSecDefault * 1000) claimedTo = turn.seq;
    for (const visitor of this.#front()) {
      if (present >= this.#window) break;
      if (!this.#paused && visitor.seq <= claimedTo) this.#stepAround(visitor, 'unclaimed');
      else if (visitor.dueMs < this.#nowMs) this.#stepAround(visitor, 'silent');
      else present += 1;
    }
    if (!this.#paused) this.#markTurn();
  }

  #stepAround(visitor: Visitor, why: 'silent' | 'unclaimed'): void {
    this.#waiting.set(visitor.seq, false);
    visitor.place = why;
    this.#away += 1;
    this.#flow.record(why, this.#nowMs, 1);
    if (why === 'unclaimed') this.#lost = Math.max(0, this.#lost - microPerToken);
  }

  /** A turn has come for as many as hold a token, and as many more as tokens were lost to a full bucket since. */
  #markTurn(): void {
    const { tokensMicro } = this.#bucket;
    const stuck = Math.max(0, this.#waiting.count * microPerToken - Math.max(0, tokensMicro));
    this.#lost = Math.min(this.#lost, stuck);
    const tokens = Math.max(0, Math.floor(tokensMicro / microPerToken));
    let reach = Math.min(tokens, this.#window) + Math.floor(this.#lost / microPerToken);
    let last = -1;
    for (const visitor of this.#front()) {
      if (reach <= 0) break;
      last = visitor.seq;
      reach -= 1;
    }
    if (last > (this.#turns.at(-1)?.seq ?? -1)) this.#turns.push({ ms: this.#nowMs, seq: last });
  }

  #markReady(): void {
    if (!this.#isOpen || this.#paused) return;
    let position = 0;
    for (const visitor of this.#front()) {
      position += 1;
      if (position > 10 && position * microPerToken > this.#bucket.tokensMicro) break;
      if (visitor.readyMs === undefined && this.#isReady(visitor, position))
        visitor.readyMs = this.#nowMs - openMs;
    }
  }

  *#front(): Generator<Visitor> {
    while (this.#head < this.#joined && !this.#waiting.has(this.#head)) this.#head += 1;
    for (let seq = this.#head; seq < this.#joined; seq += 1) {
      const visitor = this.visitors[seq];
      if (visitor && this.#waiting.has(seq)) yield visitor;
    }
  }

  #schedule(calendar: Map<number, Visitor[]>, visitor: Visitor, inMs: number): void {
    const atMs = this.#nowMs + Math.max(1, Math.ceil(inMs / tickMs)) * tickMs;
    const list = calendar.get(atMs);
    if (list) list.push(visitor);
    else calendar.set(atMs, [visitor]);
  }

  #take(calendar: Map<number, Visitor[]>): readonly Visitor[] {
    const list = calendar.get(this.#nowMs) ?? [];
    calendar.delete(this.#nowMs);
    return list;
  }
}

/**
 * The adaptive brake of one event, at the worker that holds its sweeper's lease: once a second it looks at what all
 * workers say of the backends, steps (brake.ts) and, where the brake is on, puts the step in force (lua/set_brake.lua).
 * What holds is in Redis and ends by itself, so a decider that dies leaves the full rate behind after `holdMs`. In shadow
 * mode it only says what it would do. A worker whose brake is not on ends what another one left.
 */
import { randomBytes } from 'node:crypto';
import { staleAfterMs } from '../contract/limits.ts';
import {
  type BrakePolicy,
  type BrakeReason,
  type BrakeState,
  brakeStart,
  floorOf,
  formatReason,
  overloadOf,
  parseBackends,
  parseReason,
  reasonText,
  stepBrake,
} from './brake.ts';
import { brakeAt, brakeNone } from './bucket.ts';
import { parseReports, seenWithinMs } from './report-figures.ts';
import type { ServedEvent } from './served-event.ts';
import type { Store } from './store.ts';

export interface BrakerOptions {
  readonly served: Pick<ServedEvent, 'ref' | 'settings' | 'replica' | 'isIdle' | 'phase' | 'nowMs'>;
  readonly store: Pick<Store, 'setBrake' | 'noteAudit' | 'reports'>;
  readonly worker: string;
  readonly policy: BrakePolicy;
}

/** A step begins so long after it is written, ms: a replica that does not know of it by then is stale and says so. */
export const brakeLeadMs = staleAfterMs + 250;
/** It lasts so long without being renewed, ms; it is renewed this often. */
export const brakeHoldMs = 30_000;
const renewMs = 10_000;
const decideMs = 1_000;
/** Who has not decided for so long takes over anew, ms: another one may have had the lease meanwhile. */
const lapsedMs = 5_000;
/** An event without admissions for so long and without a line is left alone, s. */
const activeSec = 60;

export class Braker {
  private readonly options: BrakerOptions;
  private state: BrakeState = brakeStart;
  private decidedAtMs = Number.NEGATIVE_INFINITY;
  private setAtMs = Number.NEGATIVE_INFINITY;
  /** Since when it brakes, or would, Redis ms; 0 = it does not. */
  private sinceMs = 0;
  private floorTold = false;

  constructor(options: BrakerOptions) {
    this.options = options;
  }

  /** What it holds to be right, share of the refill; undefined at a worker that does not decide. */
  get wanted(): number | undefined {
    const { policy, served } = this.options;
    const ageMs = served.nowMs() - this.decidedAtMs;
    return policy.mode === 'off' || ageMs > lapsedMs ? undefined : this.state.permille / brakeNone;
  }

  /** For the worker's report: the mode, and in shadow mode what would hold: permille, since when, why. */
  words(): { bm: string; bd: string } {
    const { mode } = this.options.policy;
    if (mode !== 'shadow' || this.wanted === undefined) return { bm: mode === 'off' ? '' : mode, bd: '' };
    return { bm: mode, bd: `${this.state.permille} ${this.sinceMs} ${formatReason(this.state.reason)}` };
  }

  /** To be called after each sweep of this worker's own. @throws when Redis cannot be asked */
  async decide(): Promise<void> {
    const { policy, served } = this.options;
    const nowMs = served.nowMs();
    if (nowMs >= this.decidedAtMs && nowMs - this.decidedAtMs < decideMs) return;
    if (Math.abs(nowMs - this.decidedAtMs) > lapsedMs) this.takeOver(nowMs);
    if (policy.mode !== 'off') await this.step(nowMs);
    this.decidedAtMs = nowMs;
    await this.endLeftover(nowMs);
  }

  /** Goes on from what is in force; in shadow mode nothing is. */
  private takeOver(nowMs: number): void {
    const { policy, served } = this.options;
    const { brakeSinceMs = 0, brakeWhy = '', brake } = served.settings;
    // An end that begins in a moment is one already.
    const isOver =
      policy.mode !== 'on' || brakeSinceMs === 0 || brake === undefined || brake.untilMs <= nowMs;
    const permille = isOver ? brakeNone : brake.to;
    this.state = { ...brakeStart, permille, reason: isOver ? undefined : parseReason(brakeWhy) };
    this.sinceMs = isOver ? 0 : brakeSinceMs;
    this.floorTold = permille <= floorOf(policy);
  }

  private async step(nowMs: number): Promise<void> {
    const { policy } = this.options;
    const before = this.state;
    const overload = await this.overload(nowMs);
    const next = stepBrake(before, overload, { nowMs, floor: floorOf(policy) });
    if (policy.mode === 'shadow') {
      this.state = next;
      if (next.permille < brakeNone && this.sinceMs === 0) await this.noteShadow(nowMs);
      if (next.permille === brakeNone) this.sinceMs = 0;
      return;
    }
    const isStep = next.permille !== before.permille;
    const isRenewal = next.permille < brakeNone && nowMs - this.setAtMs >= renewMs;
    if ((isStep || isRenewal) && !(await this.set(next, nowMs))) {
      // Not now: the times go on, the step is tried again.
      this.state = { ...next, permille: before.permille, steppedAtMs: before.steppedAtMs };
      return;
    }
    this.state = next;
    if (!isStep) return;
    if (this.sinceMs === 0) this.sinceMs = nowMs;
    if (next.permille <= floorOf(policy)) this.floorTold = true;
    if (next.permille === brakeNone) {
      this.sinceMs = 0;
      this.floorTold = false;
    }
  }

  /** What is wrong behind an event that lets people in; nobody's backends matter to one that does not. */
  private async overload(nowMs: number): Promise<BrakeReason | undefined> {
    const { store, served, policy } = this.options;
    const phase = served.phase(nowMs);
    const isActive = !served.isIdle || served.replica.flow.sum('entered', nowMs, activeSec) > 0;
    if ((phase !== 'open' && phase !== 'draining') || !isActive) return undefined;
    const reports = parseReports(await store.reports(served.ref));
    const calls = reports
      .filter(({ lastMs }) => Math.abs(nowMs - lastMs) <= seenWithinMs)
      .flatMap(({ figures }) => parseBackends(figures?.bk ?? ''));
    return overloadOf(calls, policy);
  }

  /** Puts a step in force, with its record where it is the first one, the floor or the end. */
  private async set(next: BrakeState, nowMs: number): Promise<boolean> {
    const { store, served, worker } = this.options;
    const word = await store.setBrake(served.ref, {
      worker,
      permille: next.permille,
      leadMs: brakeLeadMs,
      forMs: brakeHoldMs,
      why: formatReason(next.reason),
      audit: this.recordOf(next),
    });
    if (word !== 'set' && word !== 'unchanged') return false;
    this.setAtMs = nowMs;
    return true;
  }

  /** One record for the begin, one for the floor, one for the end of an episode; '' = nothing to note. */
  private recordOf({ permille, reason }: BrakeState): string {
    const { permille: before } = this.state;
    const why = reason === undefined ? '' : `: ${reasonText(reason)}`;
    const percent = `${Math.round(permille / 10)} % of the refill`;
    const record = (summary: string): string => this.record(summary, { before, after: permille });
    if (permille === brakeNone) return before < brakeNone ? record('the brake is off again') : '';
    if (before === brakeNone) return record(`brakes to ${percent}${why}`);
    if (permille === before || permille > floorOf(this.options.policy) || this.floorTold) return '';
    return record(`brakes to its floor, ${percent}${why}`);
  }

  private record(summary: string, row?: { before: number; after: number }): string {
    return JSON.stringify({
      auditId: `aud_${randomBytes(5).toString('hex')}`,
      event: this.options.served.ref.id,
      actor: 'system',
      role: 'system',
      client: 'gateway',
      action: 'bucket.brake',
      summary,
      reason: '',
      rows: row ? [{ name: 'brake', unit: 'percent', before: row.before / 10, after: row.after / 10 }] : [],
    });
  }

  private async noteShadow(nowMs: number): Promise<void> {
    const { store, served } = this.options;
    const { reason } = this.state;
    const why = reason === undefined ? '' : `: ${reasonText(reason)}`;
    const record = this.record(`would brake${why} (shadow mode, nothing is changed)`);
    await store.noteAudit(served.ref, { noteId: `brake-shadow-${nowMs}`, record });
    this.sinceMs = nowMs;
  }

  /** Ends an episode that is in Redis and not in this worker's hands: it ran out, or the brake was switched off. */
  private async endLeftover(nowMs: number): Promise<void> {
    const { served, policy, store, worker } = this.options;
    const { brakeSinceMs = 0 } = served.settings;
    const isOurs = policy.mode === 'on' && this.state.permille < brakeNone;
    // What was set just now may not have come back by the journal yet.
    if (brakeSinceMs === 0 || isOurs || nowMs - this.setAtMs < 2 * staleAfterMs) return;
    const before = brakeAt(served.settings, nowMs);
    const audit = this.record(
      policy.mode === 'on' ? 'the brake ran out, nobody renewed it' : 'the brake was switched off',
      { before, after: brakeNone },
    );
    const step = { permille: brakeNone, leadMs: brakeLeadMs, forMs: brakeHoldMs, why: '' };
    await store.setBrake(served.ref, { ...step, worker, audit });
    this.setAtMs = nowMs;
  }
}

/**
 * Why an estimate rose. A visitor whose ETA grows between two polls is owed the reason, so the model's answers for a
 * ladder of gaps are kept for a minute: what the settings alone promise, and how much longer people make it. Whichever
 * of the two rose names the cause.
 */
import type { Notice } from '../contract/visitor-api.ts';
import type { Course } from './eta-course.ts';
import type { Rise } from './eta-recall.ts';

/** How long a cause is told, ms: longer than the longest time between two polls (30 s + 20 % jitter). */
const toldMs = 60_000;
const sampleMs = 1_000;
const samples = toldMs / sampleMs;

/** Gaps of the ladder, places: 10, 20, 40 … 327,680. */
const rungs = 16;
const firstRung = 10;

/** A rise of one part by more than this is told. Two parts at once stay below the 10 % that must carry a cause. */
const riseMin = 1.04;

export const etaNotices = {
  paused: { code: 'paused', text: 'The line is paused. The time shown counts from the moment it goes on.' },
  notOpen: {
    code: 'not_open',
    text: 'The line has not opened yet. The time shown includes the wait until it opens.',
  },
  openingUnknown: {
    code: 'not_open',
    text: 'The line has not opened yet. The time shown counts from the moment it opens.',
  },
  opensLater: { code: 'opens_later', text: 'The opening has been moved to a later time.' },
  slowed: { code: 'slowed', text: 'People are being let in more slowly than before, so the wait is longer.' },
  stoodStill: {
    code: 'stood_still',
    text: 'The line stood still for a while, so the wait is longer.',
  },
  returned: {
    code: 'returned',
    text: 'People in front of you who were away have come back to their places.',
  },
  fewerLeave: {
    code: 'fewer_leave',
    text: 'Fewer people in front of you are giving up their places than before, so the wait is longer.',
  },
  slowEntry: {
    code: 'slow_entry',
    text: 'People at the front are taking longer to enter than before, so the wait is longer.',
  },
  measured: {
    code: 'measured',
    text: 'The line is moving now, so the first rough estimate has been replaced.',
  },
  settings: {
    code: 'settings_changed',
    text: 'The rules of the line have been changed, so the wait is longer.',
  },
} as const satisfies Record<string, Notice>;

/** To be added for a place whose estimate is `clamped`. */
export const clampedNotice: Notice = {
  code: 'eta_capped',
  text: 'The wait will be longer than the time shown. It is not known yet by how much.',
};

/** To be added while the adaptive brake slows the line. */
export const brakedNotice: Notice = {
  code: 'slowed',
  text: 'People are being let in more slowly for now, so that everyone who is in can finish, so the wait is longer.',
};

export interface CauseInputs {
  readonly nowMs: number;
  /** What the settings alone promise. */
  readonly planned: Course;
  /** The same with people's behaviour. */
  readonly expected: Course;
  readonly use: number;
  readonly paused: boolean;
  readonly isOpen: boolean;
  readonly opensAtMs: number;
  readonly changedAtMs: number;
  /** Places that may enter at most: the smaller of capacity and window. */
  readonly room: number;
  /** People who have come back, since the start. */
  readonly back: number;
  readonly waiting: number;
  /** Estimates of places in this line are cut, as nothing is measured yet. */
  readonly isClamping: boolean;
}

type Cause = keyof typeof etaNotices;

/** Causes that are told only to those whose own estimate rose; the others say how things are. */
const ofRises: readonly Cause[] = ['slowed', 'slowEntry', 'fewerLeave', 'measured', 'settings'];

export class Causes {
  readonly #planned = new Float64Array(samples * rungs);
  readonly #added = new Float64Array(samples * rungs);
  readonly #use = new Float64Array(samples);
  #next = 0;
  #filled = 0;
  #sampledAtMs = 0;
  #before: CauseInputs | undefined;
  readonly #untilMs = new Map<Cause, number>();
  #told: readonly Notice[] = [];
  #rose: readonly Cause[] = [];
  #plain: readonly Notice[] = [];
  #isPaused = false;

  /** Compares with the last minute. Call after the courses have been prepared. */
  refresh(inputs: CauseInputs): void {
    const { nowMs } = inputs;
    this.#tell('paused', inputs.paused, nowMs, 0);
    const opensLater = inputs.opensAtMs > nowMs;
    this.#tell('notOpen', !inputs.isOpen && opensLater, nowMs, 0);
    this.#tell('openingUnknown', !inputs.isOpen && !opensLater, nowMs, 0);
    this.#compare(inputs);
    this.#compareLadder(inputs);
    this.#before = inputs;
    if (nowMs - this.#sampledAtMs >= sampleMs) this.#sample(inputs);
    const causes = [...this.#untilMs].filter(([, untilMs]) => untilMs >= nowMs).map(([cause]) => cause);
    this.#isPaused = inputs.paused;
    this.#told = causes.map((cause) => etaNotices[cause]);
    this.#rose = causes.filter((cause) => ofRises.includes(cause));
    this.#plain = causes.filter((cause) => !ofRises.includes(cause)).map((cause) => etaNotices[cause]);
  }

  /**
   * The causes that concern one place. `rise` says how its own estimate rose, and is asked only where estimates in
   * this line did.
   */
  noticesFor(rise: () => Rise | undefined): readonly Notice[] {
    if (this.#rose.length === 0) return this.#plain;
    const own = rise();
    if (!own) return this.#plain;
    const causes = this.#rose.filter((cause) => cause !== 'slowed' || own.slowed);
    if (own.stood && !this.#isPaused) causes.push('stoodStill');
    if (causes.length === 0 && this.#plain.length === 0)
      causes.push(own.lessUsed ? 'slowEntry' : 'fewerLeave');
    return [...this.#plain, ...causes.map((cause) => etaNotices[cause])];
  }

  /** The causes of the last minute anywhere in the line; the same array until the next refresh. */
  notices(): readonly Notice[] {
    return this.#told;
  }

  #compare(inputs: CauseInputs): void {
    const { nowMs } = inputs;
    const before = this.#before;
    if (!before) return;
    this.#tell('opensLater', !inputs.isOpen && inputs.opensAtMs > before.opensAtMs, nowMs);
    this.#tell('returned', inputs.back > before.back, nowMs);
    this.#tell('measured', before.isClamping && !inputs.isClamping, nowMs);
    this.#tell('settings', inputs.changedAtMs > before.changedAtMs && inputs.room < before.room, nowMs);
  }

  #compareLadder({ nowMs, planned, expected, use, waiting }: CauseInputs): void {
    let plannedRise = 1;
    let addedRise = 1;
    for (let rung = 0; rung < rungs && gapOf(rung) <= Math.max(firstRung, 2 * waiting); rung += 1) {
      const plannedSec = planned.secondsTo(gapOf(rung));
      const added = expected.secondsTo(gapOf(rung)) / plannedSec;
      plannedRise = Math.max(plannedRise, plannedSec / this.#least(this.#planned, rung));
      addedRise = Math.max(addedRise, added / this.#least(this.#added, rung));
    }
    let mostUse = 0;
    for (let i = 0; i < this.#filled; i += 1) mostUse = Math.max(mostUse, this.#use[i] ?? 0);
    const isLessUsed = use * riseMin < mostUse;
    this.#tell('slowed', plannedRise > riseMin, nowMs, 0);
    this.#tell('slowEntry', addedRise > riseMin && isLessUsed, nowMs, 0);
    this.#tell('fewerLeave', addedRise > riseMin && !isLessUsed, nowMs, 0);
  }

  #least(column: Float64Array, rung: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#filled; i += 1) least = Math.min(least, column[i * rungs + rung] ?? least);
    return least;
  }

  #sample({ nowMs, planned, expected, use }: CauseInputs): void {
    this.#sampledAtMs = nowMs;
    for (let rung = 0; rung < rungs; rung += 1) {
      const plannedSec = planned.secondsTo(gapOf(rung));
      this.#planned[this.#next * rungs + rung] = plannedSec;
      this.#added[this.#next * rungs + rung] = expected.secondsTo(gapOf(rung)) / plannedSec;
    }
    this.#use[this.#next] = use;
    this.#next = (this.#next + 1) % samples;
    this.#filled = Math.min(samples, this.#filled + 1);
  }

  #tell(cause: Cause, isSo: boolean, nowMs: number, forMs = toldMs): void {
    if (isSo) this.#untilMs.set(cause, nowMs + forMs);
  }
}

const gapOf = (rung: number): number => firstRung * 2 ** rung;

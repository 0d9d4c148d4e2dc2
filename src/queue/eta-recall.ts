/**
 * What a visitor could have been told in the last minute. A line keeps no list of what it has shown to whom; it keeps
 * its own state of every second, from which the estimate of a place at that second is worked out again: where the
 * place stood then follows from who has gone in front of it since. So a rise is told to those whose own estimate rose.
 */
import type { Course } from './eta-course.ts';
import type { Flow } from './flow.ts';
import type { TimedValue } from './timed-value.ts';

/** How far back is remembered, one sample a second: longer than the longest time between two polls. */
const samples = 60;
const sampleMs = 1_000;

/** Gaps whose times are kept, places: 0, 10, 20, 40 … 327,680; between two of them a straight line. */
const rungs = 17;
const firstRung = 10;

/** The same as a promise: an estimate that rose by more carries its cause. */
const riseMin = 1.1;

/** Shown times are whole seconds, and a place of the past is reckoned: so much may be missing from a rise, s. */
const roundedSec = 1;

/** The part that the settings promise rose, by more than what the reckoning may be off. */
const plannedRiseMin = 1.04;

/** The state of a line at one moment. */
export interface RecallInputs {
  readonly nowMs: number;
  readonly flow: Flow;
  readonly waiting: number;
  /** With people's behaviour, and what the settings alone promise. */
  readonly expected: Course;
  readonly planned: Course;
  readonly refill: TimedValue;
  readonly paused: boolean;
  readonly use: number;
  /** Gap of a position, and the positions from the front that were shown no wait. */
  readonly gapOf: (position: number) => number;
  readonly ready: number;
  /** Longest wait that was shown, s. */
  readonly capSec: number;
}

interface Sample {
  readonly atMs: number;
  readonly inputs: Pick<RecallInputs, 'waiting' | 'refill' | 'use' | 'gapOf' | 'ready' | 'capSec'>;
  /** People who have gone from the line other than by leaving, and by leaving, since the start. */
  readonly gone: number;
  readonly left: number;
  /** Seconds in which the line stood still, since the start. */
  readonly stoodSec: number;
  readonly expectedSec: Float64Array;
  readonly plannedSec: Float64Array;
}

export interface Rise {
  /** The refill has been set to less than what was promised then. */
  readonly slowed: boolean;
  /** What was promised then did not happen, as the line has stood still since. */
  readonly stood: boolean;
  /** Less of the refill is used than then. */
  readonly lessUsed: boolean;
}

export class Recall {
  readonly #samples: Sample[] = [];
  #next = 0;
  #sampledAtMs = 0;
  #stoodSec = 0;

  /** Remembers the line's state, once a second. Call after the courses have been prepared. */
  sample(inputs: RecallInputs): void {
    const { nowMs, flow, expected, planned, waiting, refill, use, gapOf, ready, capSec } = inputs;
    const sinceMs = nowMs - this.#sampledAtMs;
    if (sinceMs < sampleMs) return;
    if (inputs.paused && this.#sampledAtMs > 0) this.#stoodSec += sinceMs / 1000;
    this.#sampledAtMs = nowMs;
    const slot = this.#samples[this.#next];
    this.#samples[this.#next] = {
      atMs: nowMs,
      inputs: { waiting, refill, use, gapOf, ready, capSec },
      gone: goneFrom(flow),
      left: flow.total('left'),
      stoodSec: this.#stoodSec,
      expectedSec: ladder(expected, slot?.expectedSec),
      plannedSec: ladder(planned, slot?.plannedSec),
    };
    this.#next = (this.#next + 1) % samples;
  }

  /**
   * How the estimate of a place has risen by more than a tenth against the least that it could have been told in the
   * last minute, since it joined. Undefined where it has not. `etaSec` is what it is shown now.
   */
  rise(
    place: { position: number; joinedMs: number; etaSec: number },
    now: Pick<RecallInputs, 'nowMs' | 'flow' | 'planned' | 'refill' | 'gapOf' | 'use'>,
  ): Rise | undefined {
    const { position, etaSec } = place;
    const fromMs = Math.max(place.joinedMs, now.nowMs - samples * sampleMs) - sampleMs;
    let most = 0;
    let least: { sample: Sample; gap: number } | undefined;
    for (const sample of this.#samples) {
      // Nobody polls twice within a second: what is as young is what the visitor is told now.
      if (sample.atMs < fromMs || sample.atMs > now.nowMs - sampleMs) continue;
      const left = now.flow.total('left') - sample.left;
      const share = Math.min(1, position / Math.max(1, sample.inputs.waiting - left));
      const was = position + goneFrom(now.flow) - sample.gone + left * share;
      const gap = sample.inputs.gapOf(was);
      const wasReady = was <= sample.inputs.ready;
      const [frontSec = 0] = sample.expectedSec;
      const sec = wasReady
        ? Number.isFinite(frontSec)
          ? frontSec
          : 0
        : Math.min(sample.inputs.capSec, secondsTo(sample.expectedSec, gap));
      const by = etaSec + roundedSec - riseMin * sec;
      if (etaSec < sec || by <= most) continue;
      most = by;
      least = { sample, gap };
    }
    if (!least) return undefined;
    const { sample, gap } = least;
    const plannedSec = now.planned.secondsTo(now.gapOf(position));
    const planRose = plannedSec > plannedRiseMin * secondsTo(sample.plannedSec, gap);
    const isSame = isSamePromise(sample.inputs.refill, now.refill);
    return {
      slowed: planRose && !isSame,
      stood: planRose && isSame && this.#stoodSec > sample.stoodSec,
      lessUsed: now.use * plannedRiseMin < sample.inputs.use,
    };
  }
}

/** People gone from the front since the start: entered, or stepped around and not back. */
function goneFrom(flow: Flow): number {
  return flow.total('entered') + flow.total('silent') + flow.total('unclaimed') - flow.total('back');
}

function ladder(course: Course, into: Float64Array = new Float64Array(rungs)): Float64Array {
  for (let rung = 0; rung < rungs; rung += 1) into[rung] = course.secondsTo(gapAt(rung));
  return into;
}

/** Seconds to a gap; beyond the ladder the last stretch goes on. */
function secondsTo(sec: Float64Array, gap: number): number {
  const rung = gap <= firstRung ? 1 : Math.min(rungs - 1, Math.floor(Math.log2(gap / firstRung)) + 2);
  const low = sec[rung - 1] ?? 0;
  const high = sec[rung] ?? low;
  if (high === Number.POSITIVE_INFINITY) return high;
  const share = (Math.max(0, gap) - gapAt(rung - 1)) / (gapAt(rung) - gapAt(rung - 1));
  return low + share * (high - low);
}

const gapAt = (rung: number): number => (rung === 0 ? 0 : firstRung * 2 ** (rung - 1));

function isSamePromise(one: TimedValue, other: TimedValue): boolean {
  return (
    one === other ||
    (one.from === other.from &&
      one.fromAtMs === other.fromAtMs &&
      one.to === other.to &&
      one.toAtMs === other.toAtMs &&
      one.untilMs === other.untilMs &&
      one.after === other.after)
  );
}

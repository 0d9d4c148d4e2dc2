/**
 * How a line will move, as far as it is known now: stretches of constant speed, prepared once and asked at every poll.
 *
 * A place has a gap g to the line of readiness. It closes by s(t) places a second (admissions and people stepped
 * around) and by everyone in front leaving at a hazard h: g' = -s(t) - h·g. The solution is
 * g(t) = e^(-ht) · (g0 - P(t)) with P(t) = ∫ s(τ)·e^(hτ) dτ, so a place is ready when P(t) reaches its g0: one rising
 * function for all places, whose inverse is a logarithm within each stretch.
 */
import { type TimedValue, valueAt } from './timed-value.ts';

/** Pieces in which a ramp is taken as steps of its middle rate. */
const rampPieces = 32;

/** Edges of stretches: now, opening, the releases' begin and end, a ramp's begin, pieces and `until`. */
const edgesMax = rampPieces + 6;

/** Exponents beyond are cut: e^50 stands for "everyone has left". */
const exponentMax = 50;

/** Hazards below are none: over a day they would change nothing. */
const hazardMin = 1e-7;

export interface CourseInputs {
  readonly nowMs: number;
  /** Nobody enters before, epoch ms. */
  readonly openMs: number;
  /** Micro-tokens per second. */
  readonly refill: TimedValue;
  /** Share of the refill that becomes admissions, 0 to 1. */
  readonly use: number;
  /** Leaving, per person and second. */
  readonly hazard: number;
  /** People in front of the line of readiness: ready, not yet entered. They leave at the same hazard. */
  readonly ready: number;
  /** Those of them who will be stepped around between two times from now (or from the opening), per second. */
  readonly releasePerSec: number;
  readonly releaseFromSec: number;
  readonly releaseToSec: number;
  /** Share of those who become ready later and will be stepped around too, 0 to < 1. */
  readonly releaseShare: number;
}

export class Course {
  readonly #edges = new Float64Array(edgesMax);
  readonly #startSec = new Float64Array(edgesMax);
  readonly #growth = new Float64Array(edgesMax);
  readonly #passed = new Float64Array(edgesMax);
  readonly #speed = new Float64Array(edgesMax);
  #stretches = 0;
  #hazard = 0;

  /** Prepares the stretches. O(stretches), no allocation. */
  prepare(inputs: CourseInputs): void {
    const { nowMs, openMs, refill, hazard } = inputs;
    this.#hazard = hazard < hazardMin ? 0 : hazard;
    const startMs = Math.max(nowMs, openMs);
    const releaseFromMs = startMs + inputs.releaseFromSec * 1000;
    const releaseToMs = startMs + inputs.releaseToSec * 1000;
    this.#setEdges(inputs, releaseFromMs, releaseToMs);
    let passed = 0;
    for (let i = 0; i < this.#stretches; i += 1) {
      const fromMs = this.#edges[i] ?? 0;
      const toMs = i + 1 < this.#stretches ? (this.#edges[i + 1] ?? 0) : Number.POSITIVE_INFINITY;
      const middleMs = toMs === Number.POSITIVE_INFINITY ? fromMs : (fromMs + toMs) / 2;
      const admitted = (valueAt(refill, middleMs) / 1e6) * inputs.use;
      let released = admitted / (1 - inputs.releaseShare) - admitted;
      if (middleMs < releaseToMs) released = middleMs < releaseFromMs ? 0 : inputs.releasePerSec;
      const speed = middleMs < openMs ? 0 : admitted + released + this.#hazard * inputs.ready;
      const fromSec = (fromMs - nowMs) / 1000;
      this.#startSec[i] = fromSec;
      this.#speed[i] = speed;
      this.#passed[i] = passed;
      this.#growth[i] = this.#growthAt(fromSec);
      if (toMs < Number.POSITIVE_INFINITY) passed += this.#passedIn(i, (toMs - nowMs) / 1000);
    }
  }

  /** Seconds from `prepare` until a gap (places) is closed, ≥ 0; Infinity where the refill never closes it. */
  secondsTo(gap: number): number {
    const last = this.#stretches - 1;
    let i = 0;
    while (i < last && (this.#speed[i] === 0 || (this.#passed[i + 1] ?? 0) < gap)) i += 1;
    const speed = this.#speed[i] ?? 0;
    if (speed <= 0) return Number.POSITIVE_INFINITY;
    const rest = Math.max(0, gap - (this.#passed[i] ?? 0)) / speed;
    const start = this.#startSec[i] ?? 0;
    if (this.#hazard === 0) return start + rest;
    return Math.max(start, Math.log((this.#growth[i] ?? 1) + rest * this.#hazard) / this.#hazard);
  }

  #passedIn(stretch: number, toSec: number): number {
    const speed = this.#speed[stretch] ?? 0;
    if (this.#hazard === 0) return speed * (toSec - (this.#startSec[stretch] ?? 0));
    return (speed * (this.#growthAt(toSec) - (this.#growth[stretch] ?? 1))) / this.#hazard;
  }

  #growthAt(sec: number): number {
    return Math.exp(Math.min(exponentMax, this.#hazard * sec));
  }

  #setEdges({ nowMs, openMs, refill }: CourseInputs, releaseFromMs: number, releaseToMs: number): void {
    this.#stretches = 1;
    this.#edges[0] = nowMs;
    this.#edge(openMs);
    this.#edge(releaseFromMs);
    this.#edge(releaseToMs);
    this.#edge(refill.untilMs);
    this.#edge(refill.fromAtMs);
    const rampFromMs = Math.max(nowMs, refill.fromAtMs);
    for (let piece = 1; piece <= rampPieces; piece += 1) {
      this.#edge(rampFromMs + ((refill.toAtMs - rampFromMs) * piece) / rampPieces);
    }
    this.#edges.subarray(0, this.#stretches).sort();
  }

  #edge(ms: number): void {
    if (ms <= (this.#edges[0] ?? 0) || !Number.isFinite(ms)) return;
    this.#edges[this.#stretches] = ms;
    this.#stretches += 1;
  }
}

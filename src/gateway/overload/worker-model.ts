/**
 * A model of one worker and its crowd, for tests of the guard: a loop that reads ready connections as libuv does (up to 48
 * times 1,024 before it comes to its timers), work that takes its time, and visitors on a connection each who ask at their
 * pace whatever they are told. Time is the model's own.
 */
import type { OverloadGuard } from './guard.ts';
import type { Work } from './shares.ts';

/** What requests cost, µs: docs/benchmarks.md. */
export const modelCostsUs = { join: 31, status: 28, enter: 190, refusal: 12 };

const batchMax = 1_024;
const batchesMax = 48;
const everyMs = 10;
/** Time passes in such steps while there is nothing to do, ms. */
const stepMs = 0.25;
/** The watch's own message among the requests. */
const message = Symbol('message');
const busyMs = 100;

export interface ModelCrowd {
  readonly event: string;
  readonly visitors: number;
  /** Requests a second at a time of the model, ms. */
  readonly perSec: (nowMs: number) => number;
  readonly mix: Readonly<Record<Work, number>>;
  /** Keeps to Retry-After. */
  readonly isPolite?: boolean;
}

export interface ModelAnswer {
  readonly event: string;
  readonly work: Work;
  readonly atMs: number;
  readonly waitedMs: number;
  readonly isRefused: boolean;
}

interface Person {
  readonly crowd: ModelCrowd;
  askedMs: number;
  work: Work;
  restsUntilMs: number;
}

/** Runs for so long and gives all answers. `random` decides who asks what. */
export function runModel(options: {
  readonly guard: OverloadGuard;
  readonly crowds: readonly ModelCrowd[];
  readonly forMs: number;
  readonly random: () => number;
  /** How much slower than `modelCostsUs`; default 1. */
  readonly slower?: number;
}): ModelAnswer[] {
  const { guard, crowds, forMs, random, slower = 1 } = options;
  const answers: ModelAnswer[] = [];
  const queue: (Person | typeof message)[] = [];
  const lanes = crowds.map((crowd) => ({
    crowd,
    turn: 0,
    due: 0,
    people: Array.from(
      { length: crowd.visitors },
      (): Person => ({ crowd, askedMs: -1, work: 'status', restsUntilMs: 0 }),
    ),
  }));
  const resting: Person[] = [];
  let now = 0;
  let arrivedMs = 0;
  let wokenMs = 0;
  const workOf = ({ mix }: ModelCrowd): Work => {
    const at = random();
    return at < mix.join ? 'join' : at < mix.join + mix.enter ? 'enter' : 'status';
  };
  /** What has come on the connections until now. */
  const arrive = (): void => {
    if (now >= wokenMs + everyMs) {
      wokenMs = now;
      for (let at = resting.length - 1; at >= 0; at -= 1) {
        const person = resting[at] as Person;
        if (person.restsUntilMs > now && !guard.isCalm) continue;
        resting[at] = resting.at(-1) as Person;
        resting.pop();
        person.restsUntilMs = 0;
        if (person.askedMs >= 0) queue.push(person);
      }
    }
    for (const lane of lanes) {
      const { crowd, people } = lane;
      lane.due += (crowd.perSec(now) * (now - arrivedMs)) / 1000;
      for (; lane.due >= 1; lane.due -= 1) {
        const person = people[lane.turn] as Person;
        lane.turn = (lane.turn + 1) % people.length;
        if (person.askedMs >= 0 || (crowd.isPolite === true && person.restsUntilMs > now)) continue;
        person.askedMs = now;
        person.work = workOf(crowd);
        if (person.restsUntilMs === 0) queue.push(person);
      }
    }
    arrivedMs = now;
  };
  const serve = (person: Person): void => {
    const { work, crowd, askedMs } = person;
    const refusal = guard.isOpen() ? undefined : guard.refusalOf(work, crowd.event);
    now += ((refusal === undefined ? modelCostsUs[work] : modelCostsUs.refusal) * slower) / 1000;
    answers.push({
      event: crowd.event,
      work,
      atMs: now,
      waitedMs: now - askedMs,
      isRefused: refusal !== undefined,
    });
    person.askedMs = -1;
    if (refusal === undefined) return;
    person.restsUntilMs = now + (refusal.retryAfterSec ?? 0) * 1000 * (0.5 + random() / 2);
    resting.push(person);
  };
  const watch = new ModelWatch(guard);
  let idleMs = 0;
  while (now < forMs) {
    arrive();
    if (watch.sendsAtMs <= now) queue.push(watch.send(now));
    if (queue.length === 0) {
      idleMs += stepMs;
      now += stepMs;
      continue;
    }
    for (let batch = 0; batch < batchesMax; batch += 1) {
      const ready = queue.splice(0, batchMax);
      for (const [at, one] of ready.entries()) {
        if (one === message) {
          if (watch.came(now, idleMs)) queue.push(watch.send(now));
        } else serve(one);
        if (at % 64 !== 0) continue;
        if (watch.sendsAtMs + everyMs <= now) queue.push(watch.send(now));
        watch.peek(now, idleMs);
      }
      arrive();
      if (ready.length < batchMax) break;
    }
  }
  return answers;
}

/** loop-watch.ts on the model's clock. */
class ModelWatch {
  /** When the next message goes, by a timer. */
  sendsAtMs = 0;
  private readonly guard: OverloadGuard;
  private sentMs = 0;
  private isUnderWay = false;
  private lastMs = 0;
  private lookedMs = 0;
  private busyAtMs = 0;
  private idleBefore = 0;
  private busy = 0;

  constructor(guard: OverloadGuard) {
    this.guard = guard;
  }

  send(now: number): typeof message {
    this.sendsAtMs = Number.POSITIVE_INFINITY;
    this.sentMs = now;
    this.isUnderWay = true;
    return message;
  }

  /** Whether the next one goes at once. */
  came(now: number, idleMs: number): boolean {
    this.lastMs = now - this.sentMs;
    this.isUnderWay = false;
    this.peek(now, idleMs);
    if (this.lastMs >= everyMs) return true;
    this.sendsAtMs = now + everyMs;
    return false;
  }

  peek(now: number, idleMs: number): void {
    if (now - this.lookedMs < everyMs) return;
    if (now - this.busyAtMs >= busyMs) {
      this.busy = 1 - (idleMs - this.idleBefore) / (now - this.busyAtMs);
      this.idleBefore = idleMs;
      this.busyAtMs = now;
    }
    const lagMs = this.isUnderWay ? Math.max(this.lastMs, now - this.sentMs) : this.lastMs;
    this.guard.look({ tookMs: now - this.lookedMs, lagMs, busy: this.busy });
    this.lookedMs = now;
  }
}

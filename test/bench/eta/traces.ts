/** What happens to a line in each run of the ETA bench: who comes, how they behave, what operators do. */

/** Something an operator does, at seconds after the opening. Nobody in the line can foresee it. */
export interface Action {
  readonly atSec: number;
  /** New refill, admissions per second. */
  readonly refill?: number;
  readonly paused?: boolean;
}

export interface Trace {
  readonly name: string;
  readonly visitors: number;
  /** Share of them that joins in the minute before the opening; the others come evenly in `lateSec` after it. */
  readonly earlyShare: number;
  readonly lateSec: number;
  /** Refill at the opening, admissions per second. */
  readonly refill: number;
  /** Tokens in a full bucket, and places in the window; 0 = max(100, 4 s of refill). */
  readonly capacity: number;
  readonly actions: readonly Action[];
  /** Leaving while waiting: exponential patience of this rate per second (as in the Erlang-A model). */
  readonly leavePerSec: number;
  /** Share that vanishes without leaving the line: half right after joining, half when told that they are ready. */
  readonly noShowShare: number;
  /** Share that closes the page within a minute of joining. */
  readonly closeShare: number;
  /** Share that goes on polling and never enters. */
  readonly idleShare: number;
  /** Longest time from seeing "ready" to the enter; all times from 0.2 s up are equally likely. */
  readonly clickSecMax: number;
  /** The gateway that answers is replaced by one that has just started, at seconds after the opening; 0 = never. */
  readonly restartSec: number;
}

const plain: Trace = {
  name: 'steady',
  visitors: 4_000,
  earlyShare: 0.6,
  lateSec: 150,
  refill: 10,
  capacity: 0,
  actions: [],
  leavePerSec: 0,
  noShowShare: 0,
  closeShare: 0,
  idleShare: 0,
  clickSecMax: 1.2,
  restartSec: 0,
};

/** The six traces of the promise, which must each reach the target. */
export const traces: readonly Trace[] = [
  plain,
  { ...plain, name: 'rate x5', refill: 5, actions: [{ atSec: 120, refill: 25 }] },
  { ...plain, name: 'rate /5', refill: 50, actions: [{ atSec: 30, refill: 10 }] },
  { ...plain, name: '20 % leave', leavePerSec: 0.0012 },
  { ...plain, name: '20 % no-show', noShowShare: 0.2 },
  {
    ...plain,
    name: '60 s pause',
    actions: [
      { atSec: 100, paused: true },
      { atSec: 160, paused: false },
    ],
  },
];

/** Harder or other lines, reported beside the six. They do not decide the exit code. */
export const otherTraces: readonly Trace[] = [
  { ...plain, name: '20 % close page', closeShare: 0.2 },
  { ...plain, name: '10 % never enter', idleShare: 0.1 },
  { ...plain, name: 'slow clicks, 6 s', clickSecMax: 6 },
  { ...plain, name: 'slow line, 1/s', visitors: 400, refill: 1 },
  { ...plain, name: 'gateway restarts', restartSec: 100, noShowShare: 0.1, leavePerSec: 0.0006 },
  {
    ...plain,
    name: 'everything, 50/s',
    visitors: 15_000,
    refill: 50,
    leavePerSec: 0.001,
    noShowShare: 0.1,
    closeShare: 0.05,
    idleShare: 0.02,
  },
  { ...plain, name: '20 % no-show, 50/s', visitors: 15_000, refill: 50, noShowShare: 0.2 },
  { ...plain, name: '… capacity 400', visitors: 15_000, refill: 50, noShowShare: 0.2, capacity: 400 },
  // 0.2 × 10/s × 60 s = 120 people who never enter against a bucket of 100: it overflows in waves.
  { ...plain, name: '20 % never enter', idleShare: 0.2 },
  { ...plain, name: '… capacity 250', idleShare: 0.2, capacity: 250 },
];

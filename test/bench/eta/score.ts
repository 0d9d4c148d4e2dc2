/** How good the shown ETAs were, once it is known when each visitor's turn came. */
import type { ShownPoll, Visitor } from './crowd.ts';
import type { Trace } from './traces.ts';

/** Polls count with at least this much left, s, and this confidence. */
const leftSecMin = 30;
const confidenceMin = 0.6;
/** An error is allowed up to the larger of a share of what was left and a time, s. */
const allowedShare = 0.1;
const allowedSec = 5;
/** A visitor is within when at least this share of their counted polls is. */
const visitorShare = 0.9;
/** A rise by more than this factor needs a cause. */
const riseMin = 1.1;

/** Shares are 0 to 1. */
export interface Score {
  readonly trace: string;
  readonly countedVisitors: number;
  readonly countedPolls: number;
  readonly visitors: number;
  readonly polls: number;
  readonly baseVisitors: number;
  readonly basePolls: number;
  /** Median and 95th percentile of the error as a share of what was left. */
  readonly errorMedian: number;
  readonly errorP95: number;
  readonly rises: number;
  readonly risesWithoutCause: number;
  /** Share of all polls that carried a notice other than `not_open` and `paused`. */
  readonly noticed: number;
}

interface Tally {
  visitors: number;
  polls: number;
}

export function score(trace: Trace, visitors: readonly Visitor[]): Score {
  const ours: Tally = { visitors: 0, polls: 0 };
  const base: Tally = { visitors: 0, polls: 0 };
  const errors: number[] = [];
  const rises = { all: 0, bare: 0 };
  let countedVisitors = 0;
  let shown = 0;
  let noticed = 0;
  for (const visitor of visitors) {
    countRises(visitor, rises);
    shown += visitor.polls.length;
    noticed += visitor.polls.filter((poll) =>
      poll.causes.some((code) => code !== 'not_open' && code !== 'paused'),
    ).length;
    const counted = countedPolls(trace, visitor);
    if (counted.length === 0) continue;
    countedVisitors += 1;
    tally(
      ours,
      counted.map(({ poll, leftSec }) => isWithin(poll.etaSec, leftSec)),
    );
    tally(
      base,
      counted.map(({ poll, leftSec }) => isWithin(poll.baseSec, leftSec)),
    );
    for (const { poll, leftSec } of counted) errors.push(Math.abs(poll.etaSec - leftSec) / leftSec);
  }
  errors.sort((a, b) => a - b);
  const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
  return {
    trace: trace.name,
    countedVisitors,
    countedPolls: errors.length,
    visitors: share(ours.visitors, countedVisitors),
    polls: share(ours.polls, errors.length),
    baseVisitors: share(base.visitors, countedVisitors),
    basePolls: share(base.polls, errors.length),
    errorMedian: errors[Math.floor(errors.length / 2)] ?? 0,
    errorP95: errors[Math.floor(errors.length * 0.95)] ?? 0,
    rises: rises.all,
    risesWithoutCause: rises.bare,
    noticed: share(noticed, shown),
  };
}

/** Polls that count: far enough from the turn, confident, and not before a change that nobody could foresee. */
export function countedPolls(
  trace: Trace,
  { polls, readyMs }: Visitor,
): { poll: ShownPoll; leftSec: number }[] {
  if (readyMs === undefined) return [];
  let knownFromMs = Number.NEGATIVE_INFINITY;
  for (const { atSec } of trace.actions)
    if (atSec * 1000 < readyMs) knownFromMs = Math.max(knownFromMs, atSec * 1000);
  return polls
    .map((poll) => ({ poll, leftSec: (readyMs - poll.atMs) / 1000 }))
    .filter(
      ({ poll, leftSec }) =>
        leftSec >= leftSecMin && poll.confidence >= confidenceMin && poll.atMs > knownFromMs,
    );
}

function isWithin(shownSec: number, leftSec: number): boolean {
  return Math.abs(shownSec - leftSec) <= Math.max(allowedShare * leftSec, allowedSec);
}

function tally(into: Tally, within: readonly boolean[]): void {
  const good = within.filter(Boolean).length;
  into.polls += good;
  if (good >= visitorShare * within.length) into.visitors += 1;
}

function countRises({ polls }: Visitor, rises: { all: number; bare: number }): void {
  for (const [index, poll] of polls.entries()) {
    const before = polls[index - 1];
    if (!before || poll.etaSec <= before.etaSec * riseMin) continue;
    rises.all += 1;
    if (poll.causes.length === 0) rises.bare += 1;
  }
}

/** The checker: a pure function from a history to what is wrong in it. Nothing is found that a clean line could have done. */
import { findHangs } from './checks/hangs.ts';
import { findLies } from './checks/lies.ts';
import { findOvertakers } from './checks/overtaking.ts';
import { findDoubled, findInverted, findLost } from './checks/places.ts';
import { findOverAdmitted } from './checks/rate.ts';
import { factsOfRun } from './checks/run-facts.ts';
import type { HistoryRecord } from './history.ts';

export const findingKinds = ['lost', 'doubled', 'inverted', 'over-admitted', 'lie', 'hang'] as const;
export type FindingKind = (typeof findingKinds)[number];

/** One thing that must not have happened. */
export interface Finding {
  readonly kind: FindingKind;
  /** The rule that it breaks, a few words that never change. */
  readonly rule: string;
  readonly text: string;
  /** When, on the history's clock, ms. */
  readonly atMs: number;
}

/** All findings of a history, in order of time. */
export function check(records: readonly HistoryRecord[]): Finding[] {
  const facts = factsOfRun(records);
  return [
    ...findLost(facts),
    ...findDoubled(facts),
    ...findInverted(facts),
    ...findOvertakers(facts),
    ...findOverAdmitted(facts),
    ...findLies(facts),
    ...findHangs(facts),
  ].toSorted((a, b) => a.atMs - b.atMs);
}

/** How many of each kind. */
export function countKinds(findings: readonly Finding[]): Record<FindingKind, number> {
  const counts = Object.fromEntries(findingKinds.map((kind) => [kind, 0])) as Record<FindingKind, number>;
  for (const { kind } of findings) counts[kind] += 1;
  return counts;
}

/** Whether the last round of questions stands as it must: nobody is missing, all in order, none stale; but for what is excused. */
export function isSettled(
  records: readonly HistoryRecord[],
  isExcused: (finding: Finding) => boolean = () => false,
): boolean {
  const facts = factsOfRun(records);
  return [...findLost(facts), ...findInverted(facts)].every(isExcused);
}

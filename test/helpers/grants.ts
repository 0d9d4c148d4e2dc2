import { microPerToken, overdraftTokens } from '../../src/contract/limits.ts';
import { capacityAt, refillAt } from '../../src/queue/bucket.ts';
import type { JournalEntry } from '../../src/queue/journal.ts';
import { PlaceIndex } from '../../src/queue/place-index.ts';
import { type EventSettings, parseSettings, windowAt } from '../../src/queue/settings.ts';

/** Grants of an event with the settings that were in force, as the journal tells it. */
export interface GrantHistory {
  /** Redis µs, ascending. */
  readonly grantsUs: readonly number[];
  readonly seqs: readonly number[];
  /** From when on which settings held; the first from the beginning. */
  readonly settings: readonly { readonly fromUs: number; readonly settings: EventSettings }[];
}

/** Reads grants and settings out of a journal. */
export function grantHistory(journal: readonly JournalEntry[]): GrantHistory {
  const grants = journal.filter((entry) => entry.kind === 'entered');
  const settings = journal
    .filter((entry) => entry.kind === 'settings')
    .map((entry) => ({ fromUs: entry.refilledAtUs, settings: parseSettings(entry.meta) }));
  return {
    grantsUs: grants.map((grant) => grant.refilledAtUs),
    seqs: grants.map((grant) => grant.seq),
    settings,
  };
}

const stepUs = 10_000;

/**
 * Promise 3, checked in every window that begins and ends with a grant: grants − (C + D + ∫r), largest over all
 * windows; at most 0 where the promise holds. C is the largest in force in the window. The integral is summed in 10 ms
 * steps at each step's highest rate, so it errs by at most a step's refill in the line's favour; `slack` says how much.
 */
export function worstExcess(history: GrantHistory): { excess: number; slack: number } {
  const { grantsUs, settings } = history;
  const first = grantsUs[0];
  const last = grantsUs.at(-1);
  if (first === undefined || last === undefined) return { excess: Number.NEGATIVE_INFINITY, slack: 0 };
  const at = (us: number): EventSettings | undefined =>
    settings.findLast((one) => one.fromUs <= us)?.settings ?? settings[0]?.settings;
  const steps = Math.ceil((last - first) / stepUs) + 2;
  const refilled = new Float64Array(steps + 1);
  const capacity = new Float64Array(steps + 1);
  let highest = 0;
  for (let step = 0; step < steps; step += 1) {
    const fromUs = first + step * stepUs;
    const candidates = [at(fromUs), at(fromUs + stepUs)].filter((one) => one !== undefined);
    const rate = Math.max(
      ...candidates.map((one) => (one.paused ? 0 : refillAt(one, fromUs / 1000) / microPerToken)),
    );
    capacity[step] = Math.max(...candidates.map((one) => capacityAt(one, fromUs / 1000) / microPerToken));
    refilled[step + 1] = (refilled[step] ?? 0) + (rate * stepUs) / 1e6;
    highest = Math.max(highest, rate);
  }
  let excess = Number.NEGATIVE_INFINITY;
  for (let from = 0; from < grantsUs.length; from += 1) {
    const fromStep = Math.floor(((grantsUs[from] ?? 0) - first) / stepUs);
    let largest = 0;
    let seenStep = fromStep - 1;
    for (let to = from; to < grantsUs.length; to += 1) {
      const toStep = Math.floor(((grantsUs[to] ?? 0) - first) / stepUs);
      for (; seenStep < toStep; seenStep += 1) largest = Math.max(largest, capacity[seenStep + 1] ?? 0);
      const bound = largest + overdraftTokens + (refilled[toStep + 1] ?? 0) - (refilled[fromStep] ?? 0);
      excess = Math.max(excess, to - from + 1 - bound);
    }
  }
  return { excess, slack: (2 * highest * stepUs) / 1e6 };
}

/** Grants of places that had a whole window or more of people waiting in front of them: nobody may overtake so many. */
export function overtakers(journal: readonly JournalEntry[]): number {
  const waiting = new PlaceIndex();
  let settings: EventSettings | undefined;
  let count = 0;
  for (const entry of journal) {
    if (entry.kind === 'settings') settings = parseSettings(entry.meta);
    if (entry.kind === 'entered' && settings) {
      if (waiting.countBefore(entry.seq) >= windowAt(settings, entry.refilledAtUs / 1000)) count += 1;
    }
    if (entry.kind === 'joined') {
      for (let seq = entry.firstSeq; seq < entry.firstSeq + entry.count; seq += 1) waiting.set(seq, true);
    }
    if (entry.kind === 'entered' || entry.kind === 'left') waiting.set(entry.seq, false);
    if (entry.kind === 'away' || entry.kind === 'expired')
      for (const seq of entry.seqs) waiting.set(seq, false);
    if (entry.kind === 'back') for (const seq of entry.seqs) waiting.set(seq, true);
  }
  return count;
}

/** Grants a second over [fromUs, toUs). */
export const grantRate = (history: GrantHistory, fromUs: number, toUs: number): number =>
  history.grantsUs.filter((us) => us >= fromUs && us < toUs).length / ((toUs - fromUs) / 1e6);

/** What operators see of an event's last recovery, while it runs and afterwards. */
import { recoveryKeptMs } from '../../contract/limits.ts';
import { type RecoveryView, recoveryCauses } from '../../contract/snapshot.ts';
import { parseRecoveries } from '../recoveries.ts';

/** Fields of `meta` that tell of it, as lua/includes/recovery.lua keeps them. */
export const recoveryFields = [
  ...(['recoveries', 'recoverUntil', 'recoverWhy', 'recoverGiven', 'recoverTokens'] as const),
  ...(['recoverEnded', 'recoverJoins', 'recoverTook', 'recoverTotal', 'recoverPlaces'] as const),
] as const;
type Field = (typeof recoveryFields)[number];

/** As read from Redis; null where a field is not there. */
export type RecoveryFacts = Readonly<Partial<Record<Field, string | null>>> & {
  /** Worker (`GATEWAY/wN`) that lived before: w = not heard of yet, m = said what it knows, t = gave back all that it knew. */
  readonly survivors?: Readonly<Record<string, string>>;
};

/** Recoveries of the event, and places that they gave back, since it was made. */
export const recoveryTotals = (facts: RecoveryFacts): { recoveries: number; places: number } => ({
  recoveries: Number(facts.recoverTotal ?? 0),
  places: Number(facts.recoverPlaces ?? 0),
});

/** Facts from the replies to HMGET `recoveryFields` and HGETALL of the survivors. */
export const recoveryFacts = (
  values: readonly (string | null)[],
  survivors: Readonly<Record<string, string>>,
): RecoveryFacts => ({
  ...Object.fromEntries(recoveryFields.map((field, at) => [field, values[at] ?? null])),
  survivors,
});

/** As lua/recover.lua calls it. */
const unnamed = '?';

/** null = the event never had one. `nowMs`: Redis time. `isHeld`: nobody is let in, as the journal says, before the facts do. */
export function recoveryView(facts: RecoveryFacts, nowMs: number, isHeld: boolean): RecoveryView {
  const last = parseRecoveries(facts.recoveries ?? '').at(-1);
  if (last === undefined) return null;
  const number = (field: Field): number => Number(facts[field] ?? 0);
  const hadEnded = number('recoverUntil') === 0;
  const isRunning = isHeld && !hadEnded;
  const silent = Object.entries(facts.survivors ?? {}).filter(([, state]) => state === 'w');
  const gateways = new Set(silent.map(([worker]) => worker.replace(/\/w\d+$/, '')));
  // After a wipe nobody knows who else lived; that is asked for as one that has no name.
  gateways.delete(unnamed);
  const tokensUntilMs = last.atMs + recoveryKeptMs;
  const heldMs = hadEnded ? number('recoverTook') : nowMs - last.atMs;
  return {
    state: isRunning
      ? silent.length > 0
        ? 'hearing'
        : 'givingBack'
      : nowMs < tokensUntilMs
        ? 'tokens'
        : 'over',
    at: new Date(last.atMs).toISOString(),
    // One that a version before this began says nothing of it.
    why:
      recoveryCauses.find((cause) => cause === facts.recoverWhy) ??
      (last.incarnation === '*' ? 'wipe' : 'run'),
    fromSeq: last.from,
    skippedSeqs: last.to - last.from,
    unheard: isRunning ? gateways.size : 0,
    placesGivenBack: number('recoverGiven'),
    placesByTokens: number('recoverTokens'),
    tokensUntil: new Date(tokensUntilMs).toISOString(),
    endsApplied: number('recoverEnded'),
    joinsHeldSec: Math.max(0, number('recoverJoins')) / 1000,
    entersHeldSec: Math.max(0, heldMs) / 1000,
  };
}

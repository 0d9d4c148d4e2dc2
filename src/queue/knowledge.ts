/** What a process that served an event knows, held against what Redis has of it: pure. */
import type { Known, KnownPlace } from './recovery-store.ts';
import type { Replica } from './replica.ts';

/** Whether Redis has lost what this replica knows, or may have: it runs anew, or is behind. `runId` = of what was read. */
export function hasLost(known: Replica, loaded: Replica, runId: string | undefined): boolean {
  const { settings } = loaded;
  if (settings.run !== '' && runId !== undefined && settings.run !== runId) return true;
  if (settings.life !== known.settings.life) return false;
  if (settings.epoch < known.settings.epoch) return true;
  return settings.incarnation === known.settings.incarnation && loaded.n < known.n;
}

/** All that a process knows: of its replica, of those before, and up to which seq it told anybody itself. */
export function knowledge(replica: Replica, befores: readonly Replica[], toldSeq: number): Known {
  const { life, incarnation, epoch, revision } = replica.settings;
  const seqs = befores.filter(({ settings }) => settings.life === life).map(({ maxSeq }) => maxSeq);
  const seq = Math.max(replica.maxSeq, toldSeq, ...seqs);
  return { life, incarnation, n: replica.n, epoch, revision, seq };
}

/** Places from `from` to `to` (inclusive) of which `before` knows what `now` does not. `subjectOf`: who entered with a place. */
export function lostPlaces(
  before: Replica,
  now: Replica,
  range: { readonly from: number; readonly to: number },
  subjectOf: (seq: number) => Buffer | undefined = () => undefined,
): KnownPlace[] {
  const places: KnownPlace[] = [];
  for (let seq = range.from; seq <= range.to; seq += 1) {
    const was = before.state(seq);
    const is = now.state(seq);
    if (was === is || was === 'unknown' || was === 'ahead' || is === 'entered') continue;
    const isEnded = is === 'left' || is === 'expired';
    if (was === 'entered') {
      const subject = subjectOf(seq);
      const grantedMs = before.grants.at(seq);
      places.push({ seq, what: was, grantedMs, ...(subject === undefined ? {} : { subject }) });
    } else if (was === 'waiting' || was === 'away') {
      if (is === 'unknown') places.push({ seq, what: 'waiting' });
    } else if (!isEnded) {
      places.push({ seq, what: was });
    }
  }
  return places;
}

/** Fields of `meta` that are no settings: counters and cursors, and what a recovery itself sets. */
const ownFields = new Set(
  (
    'seq n waiting head sweeper sweepUntil sweptAt expireCursor pruneCursor awayCursor graceAt returnedAt lastAt changes ' +
    'job jobState jobDone tombsUntil joinsFrom skipped recoverGiven recoverEnded incarnation epoch run recoveries recoverUntil'
  ).split(' '),
);

/** Every setting of an event, as Redis keeps them. */
export const settingsOf = (replica: Replica): Record<string, string> =>
  Object.fromEntries(Object.entries(replica.meta).filter(([name]) => !ownFields.has(name)));

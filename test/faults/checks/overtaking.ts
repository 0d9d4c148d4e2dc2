/** Nobody is let in before more people than the bucket can ever hold tokens for. */
import type { Finding } from '../checker.ts';
import type { RequestRecord } from '../history.ts';
import type { PlaceStory, RunFacts } from './run-facts.ts';

/** Positions 1 to 10 may enter by the overdraft, whatever the bucket holds. */
const overdraftPositions = 10;
/** Present for certain: heard within so long before and after, half of the shortest silence that counts, ms. */
const heardMs = 10_000;
/** Who was ready for so long may have been stepped around as nobody who wants to enter, ms. */
const claimedMs = 30_000;

/** A time in which somebody stood in the line for certain: from one fresh answer that says so to the next. */
interface Stand {
  readonly seq: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * A place is let in at a position of at most floor(tokens), and there are never more tokens than the largest capacity. So of
 * those who stood in front for certain, over the whole of the request, there are fewer than that. Counted only where no
 * fault was near: after a loss people may come back in front.
 */
export function findOvertakers(facts: RunFacts): Finding[] {
  const limit = Math.max(overdraftPositions, ...facts.settings.map(({ capacity }) => capacity));
  const stands = [...facts.places.values()].flatMap((story) => standsOf(story, facts));
  const findings: Finding[] = [];
  for (const { place, grants } of facts.places.values()) {
    const [grant] = grants;
    if (grant === undefined || place.seq <= limit) continue;
    const inFront = stands.filter(
      ({ seq, fromMs, toMs }) => seq < place.seq && fromMs < grant.sentMs && toMs > grant.answeredMs,
    );
    const people = new Set(inFront.map(({ seq }) => seq)).size;
    if (people < limit) continue;
    const text = `seq ${place.seq} was let in before ${people} people who stood in front, ${limit} is too many`;
    findings.push({ kind: 'inverted', rule: 'nobody goes before a crowd', text, atMs: grant.answeredMs });
  }
  return findings;
}

function standsOf({ place, statuses, enters, leaves }: PlaceStory, { faults }: RunFacts): Stand[] {
  const readyMs = statuses.find(({ ready }) => ready === true)?.answeredMs ?? Number.POSITIVE_INFINITY;
  const endMs = Math.min(
    readyMs + claimedMs,
    ...[...enters, ...leaves]
      .filter(({ http }) => http === 0 || http === 200 || http >= 500)
      .map(({ sentMs }) => sentMs),
  );
  const waits = statuses.filter(isWaiting);
  return waits.flatMap((before, index) => {
    const after = waits[index + 1];
    if (after === undefined || after.answeredMs - before.sentMs > heardMs || after.answeredMs > endMs)
      return [];
    const span = { fromMs: before.answeredMs, toMs: after.sentMs };
    const isNearFault = faults.some(({ fromMs, toMs }) => fromMs < after.answeredMs && toMs > before.sentMs);
    return isNearFault ? [] : [{ seq: place.seq, ...span }];
  });
}

const isWaiting = ({ http, status, stale }: RequestRecord): boolean =>
  http === 200 && stale !== true && (status === 'waiting' || status === 'ready');

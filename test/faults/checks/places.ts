/** Whose place is whose: lost, doubled, out of order. */
import type { Finding, FindingKind } from '../checker.ts';
import type { RequestRecord } from '../history.ts';
import { gaveWay, isLeft, type PlaceStory, type RunFacts } from './run-facts.ts';

const finding = (kind: FindingKind, rule: string, text: string, atMs: number): Finding => ({
  kind,
  rule,
  text,
  atMs,
});

/** A place that a join was answered must in the end be what its history makes of it. */
export function findLost(facts: RunFacts): Finding[] {
  if (!facts.hasRounds) return [];
  const findings: Finding[] = [];
  for (const story of facts.places.values()) {
    const [join] = story.joins;
    if (join === undefined) continue;
    const is = endOf(story.final);
    const may = mayEndAs(story, facts);
    if (may.includes(is)) continue;
    const who = `seq ${story.place.seq} of visitor ${join.visitor}`;
    findings.push(
      finding(
        'lost',
        'the place stands as it must',
        `${who}: ${is}, not ${may.join(' or ')}`,
        join.answeredMs,
      ),
    );
  }
  return findings;
}

/** What the last answer says; "stale" and errors are no word on the place. */
function endOf(final: RequestRecord | undefined): string {
  if (final === undefined) return 'never asked';
  if (final.http !== 200) return final.code ?? final.failure ?? `HTTP ${final.http}`;
  if (final.stale) return 'stale';
  return final.status === 'ready' ? 'waiting' : (final.status ?? 'no status');
}

/** How a place may stand, by its requests and their answers. Who asked without an answer may or may not have been heard. */
function mayEndAs(story: PlaceStory, facts: RunFacts): string[] {
  if (story.grants.length > 0) return ['entered'];
  if (story.leaves.some(isLeft)) return ['left'];
  const may = ['waiting'];
  const open = ({ http }: RequestRecord): boolean => http === 0 || http >= 500;
  if (story.enters.some(open)) may.push('entered');
  if (story.leaves.some(open) || gaveWay(story, facts)) may.push('left');
  return may;
}

/** No number of two visitors, no two places of one person, nobody let in twice, no pass of two. */
export function findDoubled(facts: RunFacts): Finding[] {
  return [
    ...sharedPlaces(facts),
    ...secondPlaces(facts),
    ...secondEntries(facts),
    ...sharedPasses(facts),
    ...journalTwice(facts),
  ];
}

function sharedPlaces(facts: RunFacts): Finding[] {
  return [...facts.places.values()].flatMap((story) => {
    const visitors = new Set(story.joins.map(({ visitor }) => visitor));
    if (visitors.size < 2) return [];
    const text = `seq ${story.place.seq} was told to visitors ${[...visitors].join(' and ')}`;
    return [finding('doubled', 'one seq, one visitor', text, story.joins.at(-1)?.answeredMs ?? 0)];
  });
}

/**
 * Within an epoch a person's first place is there as long as nobody asked to end it, so a second one is too many. Across a
 * loss a second one may be given before the first is back; in the end only one of them waits. Of keys without a person
 * that is not promised, as no gateway and no token knows them.
 */
function secondPlaces(facts: RunFacts): Finding[] {
  const findings: Finding[] = [];
  for (const [visitor, stories] of facts.ofVisitor) {
    for (const [index, later] of stories.entries()) {
      const atMs = later.joins[0]?.answeredMs ?? 0;
      for (const story of stories.slice(0, index)) {
        const isOneEpoch = story.place.epoch === later.place.epoch;
        const wait = [story, later].every(({ final }) => endOf(final) === 'waiting');
        const isDouble = isOneEpoch
          ? !mayHaveEnded(story, atMs)
          : wait && story.joins[0]?.subject !== undefined;
        const text = `visitor ${visitor} holds seq ${story.place.seq} and seq ${later.place.seq}`;
        if (isDouble) findings.push(finding('doubled', 'one person, one place', text, atMs));
      }
    }
  }
  return findings;
}

const mayHaveEnded = ({ leaves, enters }: PlaceStory, beforeMs: number): boolean =>
  [...leaves, ...enters].some(
    ({ sentMs, http }) => sentMs < beforeMs && (http === 0 || http === 200 || http >= 500),
  );

function secondEntries(facts: RunFacts): Finding[] {
  const findings: Finding[] = [];
  for (const { place, grants } of facts.places.values()) {
    const [first] = grants;
    // The pass of a repeat is the same one: whose times differ was granted anew.
    const again = grants.find(
      ({ pass }) =>
        pass.id !== first?.pass.id ||
        pass.endsSec !== first.pass.endsSec ||
        pass.grantedSec !== first.pass.grantedSec,
    );
    if (again === undefined) continue;
    const text = `seq ${place.seq} was let in twice, at ${first?.pass.grantedSec} and ${again.pass.grantedSec}`;
    findings.push(finding('doubled', 'one place, one entry', text, again.answeredMs));
  }
  for (const [visitor, stories] of facts.ofVisitor) {
    const entered = stories.filter(({ grants }) => grants.length > 0);
    const [one, other] = entered;
    if (one === undefined || other === undefined || one.joins[0]?.subject === undefined) continue;
    const text = `visitor ${visitor} entered with seq ${one.place.seq} and seq ${other.place.seq}`;
    findings.push(finding('doubled', 'one person, one entry', text, other.grants[0]?.answeredMs ?? 0));
  }
  return findings;
}

function sharedPasses(facts: RunFacts): Finding[] {
  const owners = new Map<string, number>();
  const findings: Finding[] = [];
  for (const { place, grants } of facts.places.values()) {
    for (const { pass, answeredMs } of grants) {
      const owner = owners.get(pass.id) ?? place.seq;
      owners.set(pass.id, owner);
      if (owner === place.seq) continue;
      const text = `pass ${pass.id} was given to seq ${owner} and seq ${place.seq}`;
      findings.push(finding('doubled', 'one pass, one place', text, answeredMs));
    }
  }
  return findings;
}

function journalTwice({ journal }: RunFacts): Finding[] {
  const seen = new Set<number>();
  return journal.flatMap(({ seq }) => {
    if (!seen.has(seq)) {
      seen.add(seq);
      return [];
    }
    return [finding('doubled', 'one grant in the journal', `the journal lets seq ${seq} in twice`, 0)];
  });
}

/** Arrival numbers in the order of the joins, and in the end positions in the order of the numbers. */
export function findInverted(facts: RunFacts): Finding[] {
  return [...invertedPositions(facts), ...invertedJoins(facts), ...invertedEpochs(facts)];
}

function invertedPositions(facts: RunFacts): Finding[] {
  const findings: Finding[] = [];
  let before: { readonly seq: number; readonly position: number } | undefined;
  for (const { place, final } of facts.places.values()) {
    if (final?.position === undefined || endOf(final) !== 'waiting') continue;
    const here = { seq: place.seq, position: final.position };
    if (before !== undefined && here.position <= before.position) {
      const text = `seq ${here.seq} stands at ${here.position}, seq ${before.seq} at ${before.position}`;
      findings.push(finding('inverted', 'positions in order of the numbers', text, final.answeredMs));
    }
    before = here;
  }
  return findings;
}

/** A place that was answered before the first join of another visitor was sent has the smaller number. */
function invertedJoins(facts: RunFacts): Finding[] {
  const asked = new Map<number, number>();
  for (const { op, visitor, sentMs } of facts.requests) {
    if (op === 'join' && !asked.has(visitor)) asked.set(visitor, sentMs);
  }
  const joins = [...facts.places.values()].flatMap(({ place, joins: [first] }) => {
    if (first === undefined) return [];
    return [
      { seq: place.seq, sentMs: asked.get(first.visitor) ?? first.sentMs, answeredMs: first.answeredMs },
    ];
  });
  const byAnswer = joins.toSorted((a, b) => a.answeredMs - b.answeredMs);
  let at = 0;
  let highest = { seq: 0, answeredMs: 0 };
  const findings: Finding[] = [];
  for (const join of joins.toSorted((a, b) => a.sentMs - b.sentMs)) {
    for (; (byAnswer[at]?.answeredMs ?? Number.POSITIVE_INFINITY) < join.sentMs; at += 1) {
      const answered = byAnswer[at];
      if (answered !== undefined && answered.seq > highest.seq) highest = answered;
    }
    if (join.seq >= highest.seq) continue;
    const text = `seq ${join.seq} joined after seq ${highest.seq} had been answered`;
    findings.push(finding('inverted', 'numbers in order of the joins', text, join.answeredMs));
  }
  return findings;
}

/** Everybody of an epoch stands behind everybody of the epochs before. */
function invertedEpochs(facts: RunFacts): Finding[] {
  const findings: Finding[] = [];
  let highest = { seq: 0, epoch: 0 };
  for (const { place, joins } of facts.places.values()) {
    if (place.epoch < highest.epoch) {
      const text = `seq ${place.seq} is of epoch ${place.epoch}, seq ${highest.seq} before it of ${highest.epoch}`;
      findings.push(finding('inverted', 'epochs in order', text, joins[0]?.answeredMs ?? 0));
    }
    if (place.epoch > highest.epoch) highest = { seq: place.seq, epoch: place.epoch };
  }
  return findings;
}

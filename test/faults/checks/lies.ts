/** What an answer said that was not so. Answers marked stale say how old they are and are no lie. */
import type { Finding } from '../checker.ts';
import type { RequestRecord } from '../history.ts';
import { gaveWay, isLeft, type PlaceStory, type RunFacts } from './run-facts.ts';

/** An answer that is not marked stale is at most so old, ms; and the clocks of two requests differ by less than the rest. */
const freshMs = 1_000 + 100;
/** Ready holds for so long, ms. */
const readyMs = 1_000;
/** Redis may be gone for so long before answers must say so, ms. */
const unmarkedMs = 2_000;

const lie = (rule: string, text: string, { answeredMs }: RequestRecord): Finding => ({
  kind: 'lie',
  rule,
  text,
  atMs: answeredMs,
});

export function findLies(facts: RunFacts): Finding[] {
  const findings = [...facts.places.values()]
    .filter(({ joins }) => joins.length > 0)
    .flatMap((story) => [
      ...inventedEnds(story, facts),
      ...deniedEnds(story),
      ...badPositions(story),
      ...unknownPlaces(story),
      ...brokenReady(story, facts),
    ]);
  return [...findings, ...unmarked(facts), ...ownErrors(facts)];
}

/** `left`, `entered` or `expired` of somebody who had not even asked for it. */
function inventedEnds(story: PlaceStory, facts: RunFacts): Finding[] {
  const asked = (requests: readonly RequestRecord[], beforeMs: number): boolean =>
    requests.some(({ sentMs }) => sentMs < beforeMs);
  const heard = [...story.joins, ...story.statuses, ...story.enters]
    .filter(({ http }) => http > 0 && http < 500)
    .map(({ sentMs }) => sentMs);
  return story.statuses.flatMap((answer) => {
    const { status, answeredMs } = answer;
    const who = `seq ${story.place.seq}: ${status}`;
    if (status === 'left' && !asked(story.leaves, answeredMs) && !gaveWay(story, facts))
      return [lie('nobody leaves unasked', `${who}, but nobody asked to leave`, answer)];
    if (status === 'entered' && !asked(story.enters, answeredMs))
      return [lie('nobody enters unasked', `${who}, but nobody asked to enter`, answer)];
    const lastMs = Math.max(...heard.filter((sentMs) => sentMs < answer.sentMs));
    if (status === 'expired' && answeredMs - lastMs < facts.expireSec * 1000)
      return [
        lie(
          'nobody expires who was heard',
          `${who}, heard ${((answeredMs - lastMs) / 1000).toFixed(1)} s ago`,
          answer,
        ),
      ];
    return [];
  });
}

/** A fresh answer after an answered end that says something else. */
function deniedEnds({ place, statuses, leaves, grants }: PlaceStory): Finding[] {
  const ends = [
    ...leaves.filter(isLeft).map(({ answeredMs }) => ({ answeredMs, how: 'left' })),
    ...grants.map(({ answeredMs }) => ({ answeredMs, how: 'entered' })),
  ];
  const end = ends.toSorted((a, b) => a.answeredMs - b.answeredMs)[0];
  if (end === undefined) return [];
  const denials = statuses.filter(
    ({ http, stale, status, sentMs }) =>
      http === 200 && stale !== true && status !== end.how && sentMs > end.answeredMs + freshMs,
  );
  return denials.map((answer) => {
    const text = `seq ${place.seq}: ${answer.status}, ${((answer.sentMs - end.answeredMs) / 1000).toFixed(1)} s after it was told ${end.how}`;
    return lie('an end stays an end', text, answer);
  });
}

function badPositions({ place, statuses }: PlaceStory): Finding[] {
  return statuses
    .filter(({ status, position = 1 }) => (status === 'waiting' || status === 'ready') && position < 1)
    .map((answer) => lie('positions from 1 on', `seq ${place.seq} waits at ${answer.position}`, answer));
}

/** No gateway disowns a token that was given out. */
function unknownPlaces({ place, statuses, enters, leaves }: PlaceStory): Finding[] {
  return [...statuses, ...enters, ...leaves]
    .filter(({ code }) => code === 'TOKEN_NOT_FOUND' || code === 'EVENT_NOT_FOUND')
    .map((answer) => lie('tokens stay known', `seq ${place.seq}: ${answer.code} to ${answer.op}`, answer));
}

/** Reasons that nothing but the line itself explains. */
const unexplained = new Set(['window', 'waited', 'tokens']);

/** Ready, and an enter that was answered within a second was refused without a cause that may come in between. */
function brokenReady({ place, statuses, enters }: PlaceStory, facts: RunFacts): Finding[] {
  return enters.flatMap((enter) => {
    if (enter.code !== 'NOT_READY' || !unexplained.has(enter.reason ?? '')) return [];
    const ready = statuses.find(
      (answer) =>
        answer.ready === true &&
        answer.stale !== true &&
        answer.answeredMs <= enter.sentMs &&
        enter.answeredMs - answer.answeredMs <= readyMs,
    );
    if (ready === undefined) return [];
    const isChanged = facts.settings.some(
      ({ sentMs, answeredMs }) => sentMs < enter.answeredMs && answeredMs > ready.sentMs - readyMs,
    );
    if (isChanged) return [];
    const text = `seq ${place.seq} was ready at ${ready.gateway} and refused at ${enter.gateway}: ${enter.reason}`;
    return [lie('ready means ready', text, enter)];
  });
}

/** Redis was out of a gateway's reach for more than 2 s, and its answer does not say so. */
function unmarked({ requests, faults }: RunFacts): Finding[] {
  const away = faults.filter(
    ({ without = [], fromMs, toMs }) => without.length > 0 && toMs - fromMs > unmarkedMs,
  );
  if (away.length === 0) return [];
  return requests
    .filter(({ op, http, stale, sentMs, answeredMs, gateway }) => {
      if (op !== 'status' || http !== 200 || stale === true) return false;
      return away.some(
        ({ without = [], fromMs, toMs }) =>
          without.includes(gateway) && sentMs > fromMs + unmarkedMs && answeredMs < toMs,
      );
    })
    .map((answer) =>
      lie('old answers say so', `${answer.gateway} answered without Redis as if it had it`, answer),
    );
}

/** No fault outside makes a gateway answer that something of its own is wrong. */
const ownErrors = ({ requests }: RunFacts): Finding[] =>
  requests
    .filter(({ http }) => http === 500)
    .map((answer) => lie('no error of its own', `${answer.gateway}: ${answer.code} to ${answer.op}`, answer));

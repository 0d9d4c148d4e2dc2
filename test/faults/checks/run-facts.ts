/** A history sorted by what it is about: what all checks look at. */
import {
  type FaultRecord,
  type GrantRecord,
  type HistoryRecord,
  isGrant,
  isPlaced,
  type LagRecord,
  type PassFacts,
  type PlaceFacts,
  type RequestRecord,
  type SettingsRecord,
} from '../history.ts';

/** A request that was let in. */
export type GrantedRequest = RequestRecord & { readonly pass: PassFacts };
/** A join that told of a place. */
export type PlacedJoin = RequestRecord & { readonly place: PlaceFacts };

/** All that happened to one place. Each list in order of sending. */
export interface PlaceStory {
  readonly place: PlaceFacts;
  readonly joins: PlacedJoin[];
  readonly enters: RequestRecord[];
  readonly leaves: RequestRecord[];
  readonly statuses: RequestRecord[];
  readonly grants: GrantedRequest[];
  /** What the last round said. */
  final: RequestRecord | undefined;
}

export interface RunFacts {
  readonly requests: readonly RequestRecord[];
  readonly settings: readonly SettingsRecord[];
  readonly faults: readonly FaultRecord[];
  readonly lags: readonly LagRecord[];
  /** Grants in the journal. */
  readonly journal: readonly GrantRecord[];
  readonly expireSec: number;
  /** By `life/seq`, in order of seq. */
  readonly places: ReadonlyMap<string, PlaceStory>;
  /** Places that joins told each visitor of. */
  readonly ofVisitor: ReadonlyMap<number, readonly PlaceStory[]>;
  /** There was a last round at all. */
  readonly hasRounds: boolean;
}

const nameOf = ({ life, seq }: PlaceFacts): string => `${life}/${seq}`;

export function factsOfRun(records: readonly HistoryRecord[]): RunFacts {
  const requests = records
    .filter((record) => record.kind === 'request')
    .toSorted((a, b) => a.sentMs - b.sentMs);
  const stories = new Map<string, PlaceStory>();
  const storyOf = (place: PlaceFacts): PlaceStory => {
    const name = nameOf(place);
    const story = stories.get(name) ?? emptyStory(place);
    stories.set(name, story);
    return story;
  };
  const lastRound = Math.max(0, ...requests.map(({ round = 0 }) => round));
  const ofVisitor = new Map<number, PlaceStory[]>();
  for (const request of requests) {
    if (request.place === undefined) continue;
    const story = storyOf(request.place);
    if (isPlaced(request)) {
      story.joins.push(request);
      const mine = ofVisitor.get(request.visitor) ?? [];
      if (!mine.includes(story)) mine.push(story);
      ofVisitor.set(request.visitor, mine);
    }
    if (request.op === 'enter') story.enters.push(request);
    if (isGrant(request)) story.grants.push(request);
    if (request.op === 'leave') story.leaves.push(request);
    if (request.op === 'status') story.statuses.push(request);
    if (request.op === 'status' && lastRound > 0 && request.round === lastRound) story.final = request;
  }
  const head = records.find((record) => record.kind === 'head');
  const inOrder = [...stories].toSorted(([, a], [, b]) => a.place.seq - b.place.seq);
  return {
    requests,
    settings: records.filter((record) => record.kind === 'settings'),
    faults: records.filter((record) => record.kind === 'fault'),
    lags: records.filter((record) => record.kind === 'lag'),
    journal: records.filter((record) => record.kind === 'grant'),
    expireSec: head?.expireSec ?? 300,
    places: new Map(inOrder),
    ofVisitor,
    hasRounds: lastRound > 0,
  };
}

const emptyStory = (place: PlaceFacts): PlaceStory => ({
  place,
  joins: [],
  enters: [],
  leaves: [],
  statuses: [],
  grants: [],
  final: undefined,
});

/** A leave that was answered as done. */
export const isLeft = ({ op, http }: RequestRecord): boolean => op === 'leave' && http === 200;

/**
 * Whether a visitor's place may have been given up for another one of theirs: who joins again before a lost place is back
 * keeps the older one (docs/reliability.md). Only where two epochs lie between the two, never within one.
 */
export function gaveWay(story: PlaceStory, facts: RunFacts): boolean {
  const visitors = new Set(story.joins.map(({ visitor }) => visitor));
  return [...visitors].some((visitor) =>
    facts.ofVisitor
      .get(visitor)
      ?.some(({ place }) => place.seq < story.place.seq && place.epoch < story.place.epoch),
  );
}

/** The people of a trace: when they join, how long they are patient, what they do once it is their turn. */
import type { Trace } from './traces.ts';

/** How long before the opening the line can be joined, s. */
export const earlySec = 60;

/** Within so long of joining do those close the page who do, s. */
const closeSecMax = 60;

/** What one poll showed. Times in ms after the opening, estimates in s. */
export interface ShownPoll {
  readonly atMs: number;
  readonly position: number;
  readonly etaSec: number;
  readonly baseSec: number;
  readonly confidence: number;
  readonly causes: readonly string[];
}

type Place = 'coming' | 'waiting' | 'silent' | 'unclaimed' | 'entered' | 'left';

export interface Visitor {
  readonly seq: number;
  readonly joinMs: number;
  readonly leaveMs: number;
  /** No poll from then on. */
  readonly closeMs: number;
  readonly ending: 'enters' | 'vanishes' | 'idles';
  place: Place;
  dueMs: number;
  /** First moment at which an enter would have been granted, ms after the opening. */
  readyMs: number | undefined;
  readonly polls: ShownPoll[];
}

/** Everybody who will come, in the order of their joins. */
export function invite(trace: Trace, openMs: number, random: () => number): Visitor[] {
  const { visitors, earlyShare, lateSec, leavePerSec } = trace;
  const joins = Array.from({ length: visitors }, (_, index) =>
    index < visitors * earlyShare ? openMs - random() * earlySec * 1000 : openMs + random() * lateSec * 1000,
  ).sort((a, b) => a - b);
  return joins.map((joinMs, seq) => {
    const patienceSec = leavePerSec > 0 ? -Math.log(1 - random()) / leavePerSec : Number.POSITIVE_INFINITY;
    return {
      seq,
      joinMs,
      leaveMs: joinMs + patienceSec * 1000,
      ...characterOf(trace, joinMs, random),
      place: 'coming',
      dueMs: 0,
      readyMs: undefined,
      polls: [],
    };
  });
}

function characterOf(
  trace: Trace,
  joinMs: number,
  random: () => number,
): Pick<Visitor, 'closeMs' | 'ending'> {
  const { noShowShare, closeShare, idleShare } = trace;
  const stays = { closeMs: Number.POSITIVE_INFINITY, ending: 'enters' } as const;
  let draw = random();
  if (draw < noShowShare / 2) return { ...stays, closeMs: joinMs };
  if (draw < noShowShare) return { ...stays, ending: 'vanishes' };
  draw -= noShowShare;
  if (draw < closeShare) return { ...stays, closeMs: joinMs + random() * closeSecMax * 1000 };
  return draw < closeShare + idleShare ? { ...stays, ending: 'idles' } : stays;
}

/** How good the connection to the live feed is, in one word, and how old what it says is. */
import { heartbeatMs } from '../../contract/admin-api.ts';

/** What the feed knows of its connection. Times are of the monotonic clock, ms. */
export interface LinkFacts {
  /** When the last message came; undefined = none yet. */
  readonly heardAtMs: number | undefined;
  /** Age of the data that it carried, s: what the server itself lags behind. */
  readonly serverAgeSec: number;
  /** Connected and in step; false from the break until the first snapshot after it. */
  readonly isInStep: boolean;
  readonly isConnected: boolean;
  /** Attempts since the connection broke. */
  readonly attempt: number;
  readonly retryAtMs: number | undefined;
  readonly end: 'gone' | 'auth' | undefined;
}

/** Before anything was heard. */
export const noLink: LinkFacts = {
  heardAtMs: undefined,
  serverAgeSec: 0,
  isInStep: false,
  isConnected: false,
  attempt: 0,
  retryAtMs: undefined,
  end: undefined,
};

export type LinkWord = 'live' | 'lagging' | 'stale' | 'resync' | 'auth' | 'gone';

export interface Link {
  readonly word: LinkWord;
  /** Of the data on screen. */
  readonly ageSec: number;
  /** What the server itself lagged behind when it was heard last. */
  readonly serverAgeSec: number;
  /** Attempt that comes next, and in how many seconds. */
  readonly retry?: { readonly attempt: number; readonly inSec: number };
}

/** A heartbeat each 2 s may be half a second late before the link is called lagging. */
const liveSec = heartbeatMs / 1000 + 0.5;
const laggingSec = 5;

/** The state of the link at a time. */
export function linkAt(facts: LinkFacts, nowMs: number): Link {
  const { heardAtMs, serverAgeSec, retryAtMs, attempt, end } = facts;
  const ageSec = heardAtMs === undefined ? 0 : Math.max(0, nowMs - heardAtMs) / 1000 + serverAgeSec;
  const base = {
    ageSec,
    serverAgeSec,
    ...(retryAtMs === undefined
      ? {}
      : { retry: { attempt, inSec: Math.max(0, (retryAtMs - nowMs) / 1000) } }),
  };
  if (end !== undefined) return { ...base, word: end };
  if (ageSec > laggingSec) return { ...base, word: 'stale' };
  if (facts.isConnected && !facts.isInStep) return { ...base, word: 'resync' };
  return { ...base, word: ageSec > liveSec ? 'lagging' : 'live' };
}

/** What is shown is too old to decide by: drawn dim, no consent. */
export const isOld = ({ word }: Pick<Link, 'word'>): boolean =>
  word === 'stale' || word === 'gone' || word === 'auth';

/** Who looks at a screen, and what every screen of one queue needs. */
import type { AdminApi } from '../admin-api.ts';
import type { ResolvedContext } from '../context.ts';
import type { Clock } from '../runtime.ts';
import type { Feed } from '../watch/feed.ts';
import type { Glyphs } from './glyphs.ts';
import type { MadeChange } from './panels/panel.ts';

/** Who looks, as far as it is known yet. */
export interface Viewer {
  /** `as mina (operator)`; '' until known. */
  readonly user: string;
  /** `server v2.3.1`; '' until known. */
  readonly version: string;
  readonly canWrite: boolean;
  /** Why not, where --write would not help; else ''. */
  readonly whyReadOnly: string;
  readonly isAdmin: boolean;
}

export interface WatchScreenOptions {
  readonly feed: Feed;
  readonly api: AdminApi;
  readonly clock: Clock;
  readonly glyphs: Glyphs;
  readonly badge: () => string;
  readonly context: ResolvedContext;
  readonly contextFlag: string;
  readonly viewer: () => Viewer;
  readonly made: (change: MadeChange) => void;
  /** Between looks, ms. Default 250. */
  readonly frameMs?: number;
}

/** Difference of the clocks from which it is said, s. */
const skewShownSec = 2;

/** `clock +3s`, from 2 s on; the Date header has whole seconds, so less means nothing. */
export function skewText(skewSec: number | undefined): string {
  if (skewSec === undefined || Math.abs(skewSec) <= skewShownSec) return '';
  return `clock ${skewSec > 0 ? '+' : '-'}${Math.round(Math.abs(skewSec))}s`;
}

/** An event as actions are planned on it, without Redis: made from what the test says. */

import type { Seen } from '../../src/queue/desk/actions/draft.ts';
import { type NewEvent, newEventFields, parseSettings, phaseAt } from '../../src/queue/settings.ts';
import { newEvent } from './new-event.ts';

/** Redis time of these tests, ms. */
export const nowMs = 1_800_000_000_000;

export interface SeenOptions extends Partial<NewEvent> {
  readonly waiting?: number;
  readonly away?: number;
  readonly tokens?: number;
  readonly cpuPercent?: number;
  readonly opsPerSec?: number;
  readonly joinPerSec?: number;
  readonly revision?: number;
  /** Further fields of `meta`, such as phase or paused. */
  readonly meta?: Readonly<Record<string, string>>;
}

/** An open event with 10 a second; changed long ago. */
export function seenWith(options: SeenOptions = {}): Seen {
  const {
    waiting = 0,
    away = 0,
    tokens,
    cpuPercent = null,
    opsPerSec = null,
    joinPerSec = 0,
    ...rest
  } = options;
  const { revision = 7, meta = {}, ...event } = rest;
  const made = newEventFields({ ...newEvent, refillPerSec: 10, ...event });
  const settings = parseSettings({ ...made.fields, revision: String(revision), ...meta });
  return {
    id: 'evt_a',
    settings,
    phase: phaseAt(settings, nowMs),
    waiting,
    away,
    admittedTotal: 0,
    tokensMicro: tokens === undefined ? made.tokensMicro : tokens * 1e6,
    nowMs,
    ageSec: 0.1,
    measured: { cpuPercent, opsPerSec, admitPerSec1m: 0, joinPerSec, watchedSec: 900 },
  };
}

/** So many seconds from the tests' now, as operators write times. */
export const inSec = (sec: number): string => new Date(nowMs + sec * 1_000).toISOString();

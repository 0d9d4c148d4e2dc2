/**
 * The admission rules of lua/enter.lua as the replica applies them, to say "ready" only where an enter is granted.
 * Once somebody is ready they stay so: whoever enters in front takes one token and one position, whoever enters from
 * behind needed a token for everybody in front. Only a change of settings or someone's return in front ends it.
 */
import { microPerToken, overdraftTokens } from '../contract/limits.ts';
import type { Phase } from '../contract/visitor-api.ts';
import type { Tier } from './settings.ts';
import { tierWaitMs } from './settings.ts';

/** Positions that may use the overdraft. */
export const overdraftPositions = 10;

/**
 * Who joined so much later than now, ms, did so before the clock was set back: nobody knows how long they have waited, and
 * they need not wait again. The script asks for no margin, so that it still lets them in a moment later.
 */
const setBackMs = 1_000;

/** What decides, all from one journal position. */
export interface AdmissionView {
  readonly phase: Phase;
  readonly paused: boolean;
  readonly window: number;
  readonly tiers: readonly Tier[];
  /** The bucket settled at a time no later than Redis's own: rounded down by the clock's uncertainty. */
  readonly tokensMicro: number;
}

/** Whether an enter of this place would be granted. */
export function isReady(view: AdmissionView, position: number, waitedMs: number): boolean {
  if (view.phase !== 'open' && view.phase !== 'draining') return false;
  if (view.paused || position > view.window) return false;
  if (waitedMs > -setBackMs && waitedMs < tierWaitMs(view.tiers, position)) return false;
  const overdraftMicro = position <= overdraftPositions ? overdraftTokens * microPerToken : 0;
  return position <= Math.floor((view.tokensMicro + overdraftMicro) / microPerToken);
}

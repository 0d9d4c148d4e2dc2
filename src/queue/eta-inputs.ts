/** What the ETA learns from, taken from a replica at one moment. */
import { microPerToken } from '../contract/limits.ts';
import { capacityAt } from './bucket.ts';
import type { EtaInputs } from './eta.ts';
import type { Replica } from './replica.ts';
import { phaseAt, windowAt } from './settings.ts';

/** `nowMs`: Redis time; `tokensMicro`: the bucket settled then. */
export function etaInputs(replica: Replica, nowMs: number, tokensMicro: number): EtaInputs {
  const { settings, flow, waiting, away } = replica;
  return {
    nowMs,
    flow,
    waiting: waiting.count,
    away: away.size,
    tokensMicro,
    refill: settings.refill,
    capacityMicro: capacityAt(settings, nowMs),
    window: windowAt(settings, nowMs),
    paused: settings.paused,
    phase: phaseAt(settings, nowMs),
    opensAtMs: settings.opensAtMs,
    changedAtMs: settings.changedAtMs,
    couldEnter: waiting.count > 0 && tokensMicro >= microPerToken,
    claimSec: settings.claimMs / 1000,
  };
}

/** What alarms are judged from: a snapshot of the queue with what only the server knows. */
import type { QueueSnapshot } from './snapshot.ts';

/** A gateway's last report about the event. */
export interface GatewayReport {
  readonly gateway: string;
  /** Redis time, ms; of its worker that was heard last. */
  readonly lastMs: number;
  /** Version of the settings that all of its workers have in force. */
  readonly revision: number;
}

/** Parts of a snapshot that alarms read; whoever has a snapshot can spread it. */
type FromSnapshot = Pick<
  QueueSnapshot,
  | 'event'
  | 'phase'
  | 'paused'
  | 'waiting'
  | 'admitPerSec'
  | 'admitPerSec1m'
  | 'admitPerSec5m'
  | 'bucket'
  | 'brake'
  | 'revision'
  | 'gateways'
  | 'redis'
  | 'budget'
  | 'stale'
>;

/** All that the alarms of one event are made from. null = not known: then no alarm is raised from it. */
export interface AlarmFacts extends FromSnapshot {
  /** Redis time, ms. */
  readonly nowMs: number;
  /** Somebody waits and the bucket holds a token: as `couldEnter` of the ETA. */
  readonly couldEnter: boolean;
  /** How long the line has run as it does now: since it opened, or since the last change of its settings, s. */
  readonly settledSec: number;
  /** When the refill and the capacity in force were set, Redis ms; 0 = from the beginning. */
  readonly setAtMs: { readonly refill: number; readonly capacity: number };
  /** People of the window who are stepped around or have been silent past their due. */
  readonly deadHeads: number;
  /**
   * Gateways that reported within the last `gatewayMemorySec`; one that said goodbye is left out. The live ones are
   * among them.
   */
  readonly reports: readonly GatewayReport[];
  /** Most grants over C + D + ∫refill in any window of the last minutes; above 0 the bound is broken. */
  readonly overBound: number | null;
  /** Why Redis cannot save what it holds, in its own words; '' = it can. */
  readonly persistenceFailing: string | null;
  /** Last change of a master that the server has seen, ms. */
  readonly failoverAtMs: number | null;
  readonly certificateEndsAtMs: number | null;
  /** End of the first signing or API key to end. */
  readonly keyEndsAtMs: number | null;
  readonly hpa: { readonly replicas: number; readonly max: number } | null;
}

/** Gateways are remembered for so long after their last report, s. */
export const gatewayMemorySec = 300;

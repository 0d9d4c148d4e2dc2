/** What is wrong and what ends it: from facts alone, the cause first. */

import type { GatewayReport } from '../../contract/alarm-facts.ts';
import type { Alarm } from '../../contract/alarms.ts';
import { type Finding, rankFindings } from '../../contract/doctor.ts';
import type { RecoveryView } from '../../contract/snapshot.ts';
import type { Phase } from '../../contract/visitor-api.ts';
import type { SentinelFacts } from '../../redis/master-watch.ts';
import { eventFindings } from './doctor-event.ts';
import { serverFindings } from './doctor-server.ts';

/** A gateway as its reports about an event tell it; all that reported within `gatewayMemorySec` without a goodbye. */
export interface DoctorGateway extends GatewayReport {
  /** Version of the program; null = one that does not say. */
  readonly version: string | null;
  /** How far its replica is behind the journal, ms; null = one that does not say. */
  readonly lagMs: number | null;
  /** Its processes that were heard lately. */
  readonly workers: number;
}

/** One event, as the desk sees it now. */
export interface DoctorEvent {
  readonly event: string;
  /** At this moment, by Redis time. */
  readonly phase: Phase;
  readonly paused: boolean;
  /** Redis ms; 0 = no opening time. */
  readonly opensAtMs: number;
  readonly waiting: number;
  readonly away: number;
  /** People of the window who are stepped around or have been silent past their due. */
  readonly deadHeads: number;
  /** Of these, people who were told to enter and did not. */
  readonly unclaimed: number;
  /** People of the window who are neither silent nor stepped around. */
  readonly present: number;
  /** People who were silent for `surelyGonePresences` times the presence time: who can be ended at once. */
  readonly gone: number;
  /** Where the refill goes (the target of a ramp), a second. */
  readonly refillPerSec: number;
  /** Where the capacity goes, tokens. */
  readonly capacity: number;
  readonly window: number;
  /** Silence after which a person is stepped around, s. */
  readonly presenceSec: number;
  /** Version of the settings. */
  readonly revision: number;
  /** Since that version was made, s. */
  readonly settledSec: number;
  readonly gateways: readonly DoctorGateway[];
  /** Its last recovery; null = it had none. */
  readonly recovery: RecoveryView;
  /** Alarms that are on: symptoms, listed behind their causes. */
  readonly alarms: readonly Alarm[];
}

/** The Redis that all events share, from INFO and CONFIG GET. null = not known, or not allowed to ask. */
export interface DoctorRedis {
  readonly usedMemoryBytes: number | null;
  /** 0 = no limit. */
  readonly maxMemoryBytes: number | null;
  /** Memory of its machine (total_system_memory). */
  readonly systemMemoryBytes: number | null;
  /** What its masters do when they are full (maxmemory_policy), each value once; none = not known. */
  readonly evictionPolicies: readonly string[];
  readonly cpuPercent: number | null;
  /** aof_enabled */
  readonly aof: boolean | null;
  /** What of aof_last_write_status, aof_last_bgrewrite_status, rdb_last_bgsave_status is not ok; '' = all are. */
  readonly persistenceFailing: string | null;
  /** Whether every master that has replicas takes no writes without them; null = none has any. */
  readonly minReplicas: boolean | null;
  /** null = there are none. */
  readonly sentinels: SentinelFacts | null;
  readonly failoverAtMs: number | null;
  /** How its command line program is called to reach it, ready for a shell: `redis-cli -h HOST -p PORT`. */
  readonly cli: string;
}

/** All that `diagnose` looks at. */
export interface DoctorFacts {
  /** Redis time, ms. */
  readonly nowMs: number;
  /** The one that was asked about, or all that are not closed. */
  readonly events: readonly DoctorEvent[];
  readonly redis: DoctorRedis;
  /** Of the admin API, in PEM's notAfter; null = plain http. */
  readonly certificateEndsAtMs: number | null;
  readonly keyEndsAtMs: number | null;
  readonly webhook: { readonly configured: boolean; readonly failing: boolean };
  readonly hpa: { readonly replicas: number; readonly max: number } | null;
}

/** Failures first, then warnings, then passes; among equals the cause before what follows from it. Pure. */
export function diagnose(facts: DoctorFacts): Finding[] {
  const findings = [
    ...serverFindings(facts),
    ...facts.events.flatMap((event) => eventFindings(event, facts.nowMs)),
  ];
  return rankFindings(findings);
}

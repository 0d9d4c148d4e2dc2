/** Gathers what `doctor` looks at. */
import type { RedisAddress } from '../../redis/client.ts';
import { namedMasterOf } from '../../redis/sentinel.ts';
import { headsOf } from './alarm-inputs.ts';
import type { DeskEvent } from './desk-event.ts';
import type { DeskWide } from './desk-wide.ts';
import type { DoctorEvent, DoctorFacts } from './doctor.ts';
import { surelyGonePresences } from './doctor-event.ts';

/** What the server's own process adds; `ServerFacts` of src/admin-api/desk.ts. */
export interface ServerPart {
  readonly certificateEndsAt: string | null;
  readonly webhook: { readonly configured: boolean; readonly failing: boolean };
}

/** Facts on these events. `nowMs`: Redis time. */
export function doctorFacts(
  events: readonly DeskEvent[],
  wide: DeskWide,
  from: { readonly server: ServerPart; readonly nowMs: number; readonly redis: RedisAddress },
): DoctorFacts {
  const { server, nowMs, redis } = from;
  const { cpuPercent, usedMemoryBytes, maxMemoryBytes } = wide.figures;
  const outside = wide.outside();
  const { certificateEndsAt } = server;
  const cli = redisCliOf({ ...redis, ...namedMasterOf(redis.sentinel) });
  return {
    nowMs,
    events: events.map((event) => doctorEvent(event, nowMs)),
    redis: { ...wide.health, cpuPercent, usedMemoryBytes, maxMemoryBytes, cli },
    webhook: server.webhook,
    ...outside,
    certificateEndsAtMs:
      certificateEndsAt === null ? outside.certificateEndsAtMs : Date.parse(certificateEndsAt),
  };
}

function doctorEvent(event: DeskEvent, nowMs: number): DoctorEvent {
  const { replica, reads, alarms } = event;
  const { settings } = replica;
  const snapshot = event.snapshot();
  const { bucket } = snapshot;
  const heads = headsOf(replica, reads, nowMs);
  return {
    event: event.id,
    phase: snapshot.phase,
    paused: snapshot.paused,
    opensAtMs: settings.opensAtMs,
    waiting: snapshot.waiting,
    away: snapshot.away,
    deadHeads: heads.dead,
    unclaimed: heads.unclaimed,
    present: heads.present,
    gone: goneOf(replica, nowMs),
    refillPerSec: bucket.refillPerSec.target,
    capacity: bucket.capacity.target,
    window: bucket.window,
    presenceSec: settings.presenceMs / 1000,
    revision: settings.revision,
    settledSec: Math.max(0, (nowMs - settings.changedAtMs) / 1000),
    gateways: reads.gateways.gateways(nowMs),
    recovery: snapshot.recovery,
    alarms,
  };
}

/** A place is stepped around once it was silent for one presence time; the rest of the silence is since then. */
function goneOf({ away, settings }: DeskEvent['replica'], nowMs: number): number {
  const untilMs = nowMs - (surelyGonePresences - 1) * settings.presenceMs;
  let gone = 0;
  for (const { sinceMs, unclaimed } of away.values()) if (!unclaimed && sinceMs <= untilMs) gone += 1;
  return gone;
}

/**
 * How `redis-cli` is called to reach it, or every server of a cluster, ready for a shell. Without our user, who may not change Redis's settings. A
 * password is never in it: where there is one, redis-cli asks for it.
 */
export function redisCliOf({ host, port, cluster, password, tls }: RedisAddress): string {
  const secure =
    tls === undefined ? '' : ` --tls${tls.caFile === undefined ? '' : ` --cacert ${shellWord(tls.caFile)}`}`;
  const ask = password === undefined ? '' : ' --askpass';
  if (cluster !== undefined) return `redis-cli${secure}${ask} --cluster call ${shellWord(`${host}:${port}`)}`;
  return `redis-cli -h ${shellWord(host)} -p ${port}${secure}${ask}`;
}

const shellWord = (text: string): string =>
  /^[\w.:@/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

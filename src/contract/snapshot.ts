/** The state of one queue at a moment: what every screen, line and alarm is made from. */
import { z } from 'zod';
import { bucketViewSchema, roles } from './admin-api.ts';
import { alarmSchema } from './alarms.ts';
import { auditEntrySchema } from './audit.ts';
import { hpaFiguresSchema } from './hpa.ts';
import { phaseSchema } from './visitor-api.ts';
import { positionRowSchema } from './visitors.ts';

/** Changes that a snapshot carries, newest first. */
export const snapshotChangesMax = 8;

export const redisFiguresSchema = z.object({
  /** Of one core, since the reading before. In a cluster: of the hottest master. */
  cpuPercent: z.number().nullable(),
  opsPerSec: z.number().nullable(),
  usedMemoryBytes: z.number().nullable(),
  /** 0 = no limit. */
  maxMemoryBytes: z.number().nullable(),
  /** Round trip of the admin API's own PINGs in the last minute, ms. */
  p99Ms: z.number().nullable(),
  masters: z.number().int().nullable(),
  hottestNode: z.string().nullable(),
  /** Slow commands logged in the last minute. */
  slowPerMin: z.number().nullable(),
  /** Failed script calls in the last minute. */
  scriptErrorsPerMin: z.number().nullable(),
});
export type RedisFigures = z.infer<typeof redisFiguresSchema>;

export const fleetSchema = z.object({
  /** Gateways seen in the last 3 s, those of them that have the revision in force, and the others. */
  seen: z.number().int(),
  inForce: z.number().int(),
  missing: z.array(z.object({ gateway: z.string(), lastSeen: z.string() })),
  /** Event streams open now. */
  streams: z.number().int().nullable(),
  /** Of the requests of the last minute. */
  errors5xxPercent: z.number().nullable(),
  conflictsPercent: z.number().nullable(),
  joinP99Ms: z.number().nullable(),
  /** Of one core, mean of the workers. */
  cpuPercent: z.number().nullable(),
  /** How far the slowest replica is behind the journal, ms. */
  lagMs: z.number().nullable(),
  /** Mean error of the waits shown, share of the real one; null = too few. */
  etaErrorRatio: z.number().nullable(),
  versions: z.array(z.string()),
});
export type Fleet = z.infer<typeof fleetSchema>;

/** The adaptive brake; null = it is off at all gateways. */
export const brakeViewSchema = z
  .object({
    /** `shadow` = it only says what it would do. */
    mode: z.enum(['shadow', 'on']),
    /** Share of the refill that is let through now; 1 = it does not brake. */
    ratio: z.number(),
    /** For what it brakes, or would, such as `payment p95 900 ms`. */
    reason: z.string().nullable(),
    sinceAt: z.string().nullable(),
    /** In shadow mode: the share that it would let through. */
    wouldBe: z.number().optional(),
  })
  .nullable();
export type BrakeView = z.infer<typeof brakeViewSchema>;

/**
 * Why an event was recovered: Redis was restarted or failed over (nobody can tell which); the same Redis lacked what gateways
 * had seen; it had lost the event and gateways knew it; it had, and only the visitors' tokens were left.
 */
export const recoveryCauses = ['run', 'behind', 'wipe', 'tokens'] as const;

/** The last recovery of what Redis lost; null = the event had none. */
export const recoveryViewSchema = z
  .object({
    /**
     * `hearing` = not all gateways have said what they know; `givingBack` = they give back what Redis lost, nobody is let in
     * yet; `tokens` = people are let in, lost places still come back by their visitors' tokens; `over` = nothing comes back.
     */
    state: z.enum(['hearing', 'givingBack', 'tokens', 'over']),
    at: z.string(),
    why: z.enum(recoveryCauses),
    /** Highest number that Redis still knew, and how many were left out above it, as they may have been given out. */
    fromSeq: z.number().int(),
    skippedSeqs: z.number().int(),
    /** Gateways that lived before and of which a process was not heard of yet. */
    unheard: z.number().int(),
    /** So far, by what gateways knew and by tokens. */
    placesGivenBack: z.number().int(),
    placesByTokens: z.number().int(),
    /** Until then places come back by tokens. */
    tokensUntil: z.string(),
    /** Places that had entered, left or expired, and had come back with Redis. */
    endsApplied: z.number().int(),
    /** How long nobody could join, and nobody was let in. */
    joinsHeldSec: z.number(),
    entersHeldSec: z.number(),
  })
  .nullable();
export type RecoveryView = z.infer<typeof recoveryViewSchema>;

export const queueSnapshotSchema = z.object({
  kind: z.literal('QueueSnapshot'),
  /** Redis time of the journal position that the snapshot was computed from. */
  asOf: z.string(),
  event: z.string(),
  name: z.string(),
  /** Running number of this feed: rises by one with every snapshot that differs from the last. */
  seq: z.number().int(),
  phase: phaseSchema,
  paused: z.boolean(),
  opensAt: z.string().optional(),
  /** Zone of the event, in which operators' screens show times. */
  timeZone: z.string().optional(),
  waiting: z.number().int(),
  away: z.number().int(),
  /** People with a place who were not heard for a minute: waiting, or stepped around for their silence. */
  silentOver60Sec: z.number().int(),
  joinedTotal: z.number().int(),
  admittedTotal: z.number().int(),
  leftTotal: z.number().int(),
  expiredTotal: z.number().int(),
  /** Over the last 10 s, 1 min, 5 min, 15 min. */
  admitPerSec: z.number(),
  admitPerSec1m: z.number(),
  admitPerSec5m: z.number(),
  admitPerSec15m: z.number(),
  /** Admissions of the last 15 min: what the confidence rests on. */
  admitted15m: z.number().int(),
  joinPerSec: z.number(),
  leavePerSec: z.number(),
  bucket: bucketViewSchema,
  /** Servers of earlier versions say nothing of it. */
  brake: brakeViewSchema.default(null),
  /** Servers of earlier versions say nothing of it. */
  recovery: recoveryViewSchema.default(null),
  /** The autoscaler of the gateways; null = none is steered, or it cannot be read. */
  hpa: hpaFiguresSchema.nullable().default(null),
  /** Wait of somebody who joins now, of somebody in the middle of the line. */
  etaTailSec: z.number(),
  etaTailLowSec: z.number(),
  etaTailHighSec: z.number(),
  etaMedianSec: z.number(),
  confidence: z.number(),
  revision: z.number().int(),
  gateways: fleetSchema,
  redis: redisFiguresSchema,
  /** Sum of the refills of all events that may admit, of the budget; null = none is set. */
  budget: z.object({ usedPerSec: z.number(), perSec: z.number().nullable() }),
  message: z.object({ text: z.string(), until: z.string().optional() }).nullable(),
  /** Places that `undo` can still give back. */
  restorable: z.object({ auditId: z.string(), until: z.string(), people: z.number().int() }).nullable(),
  /** The first of the line, and those of the window who are away. */
  top: z.array(positionRowSchema),
  awayTop: z.array(positionRowSchema),
  /** Worst first. */
  alarms: z.array(alarmSchema),
  /** Newest first, so that every watcher sees a change within one frame. */
  changes: z.array(auditEntrySchema),
  /** Who else has this queue on a screen. */
  watchers: z.array(z.object({ name: z.string(), role: z.enum(roles), write: z.boolean() })),
  /** How old the data is: since the journal was last read, s. */
  ageSec: z.number(),
  stale: z.boolean(),
});
export type QueueSnapshot = z.infer<typeof queueSnapshotSchema>;

/** Whether nobody is let in because of a recovery. */
export const isRecovering = (recovery: RecoveryView): boolean =>
  recovery?.state === 'hearing' || recovery?.state === 'givingBack';

/** Whether a recovery waits for an operator: the event came back paused, with the settings of a new one. */
export const needsSettings = ({ recovery, paused }: Pick<QueueSnapshot, 'recovery' | 'paused'>): boolean =>
  paused && recovery?.why === 'tokens' && !isRecovering(recovery);

/** `queue watch --all`: a row an event, the budget on top; sent by /admin/v1/stream. */
export const overviewSchema = z.object({
  kind: z.literal('Overview'),
  asOf: z.string(),
  seq: z.number().int(),
  budget: z.object({ usedPerSec: z.number(), perSec: z.number().nullable() }),
  redis: redisFiguresSchema,
  events: z.array(
    z.object({
      event: z.string(),
      name: z.string(),
      phase: phaseSchema,
      paused: z.boolean(),
      timeZone: z.string(),
      waiting: z.number().int(),
      away: z.number().int(),
      admitPerSec: z.number(),
      refillPerSec: z.number(),
      tokens: z.number(),
      capacity: z.number(),
      etaTailSec: z.number(),
      confidence: z.number(),
      alarm: z.enum(['warn', 'crit']).nullable(),
    }),
  ),
  ageSec: z.number(),
  stale: z.boolean(),
});
export type Overview = z.infer<typeof overviewSchema>;

/** What the desk reads of one event beside its journal, once a second, in one pipeline. */
import type { AuditEntry } from '../../contract/audit.ts';
import { snapshotRowsMax } from '../../contract/limits.ts';
import { snapshotChangesMax } from '../../contract/snapshot.ts';
import type { RedisClient } from '../../redis/client.ts';
import { parseTombs, type Tomb } from '../job-store.ts';
import type { Replica } from '../replica.ts';
import type { EventKeys } from '../scripts.ts';
import { windowAt } from '../settings.ts';
import { Arrivals } from './arrivals.ts';
import { type DueStretch, dueIn } from './dues.ts';
import { GatewayMemory } from './fleet.ts';
import { parseReports, type Report } from './receipt.ts';
import { type RecoveryFacts, recoveryFacts, recoveryFields } from './recovery-view.ts';
import { parseRecord, type StreamEntry, TrailFold, type TrailRecord, withUndo } from './trail.ts';

/** Places of the front whose `due` is read every second: 64 KB. */
const frontPlacesMax = 16_384;
/** Rows further back than the snapshot's, so that those who move up until the next look are read already. */
const rowsAhead = 500;
/** Away places of the window in a snapshot. */
const awayRowsMax = 10;
/** Newest records that are read for the newest entries: some only add to others. */
const recordsRead = 40;

export class EventReads {
  reports: readonly Report[] = [];
  readonly gateways = new GatewayMemory();
  tombs: readonly Tomb[] = [];
  recovery: RecoveryFacts = {};
  /** The first of those in the window who are away, as of the last look. */
  away: readonly number[] = [];
  arrivals = new Arrivals();
  private records: readonly TrailRecord[] = [];
  private newestRecord = '';
  private front: DueStretch = { firstSeq: 0, bytes: Buffer.alloc(0) };
  private readonly awayDues = new Map<number, number>();
  private readonly redis: RedisClient;
  private readonly keys: EventKeys;

  constructor(redis: RedisClient, keys: EventKeys) {
    this.redis = redis;
    this.keys = keys;
  }

  /** Newest first, at most `snapshotChangesMax`. */
  changes(nowMs: number, revision: number): AuditEntry[] {
    return this.records.map((record) => withUndo(record, { nowMs, revision, tombs: this.tombs }));
  }

  /** Of the window's places and some behind it; 0 = not read. */
  dueOf(seq: number): number {
    return this.awayDues.get(seq) ?? dueIn(this.front, seq);
  }

  /** Forgets what belongs to another incarnation of the event. */
  startAnew(): void {
    this.arrivals = new Arrivals();
    this.front = { firstSeq: 0, bytes: Buffer.alloc(0) };
    this.awayDues.clear();
  }

  /** @throws when Redis cannot be reached */
  async look(replica: Replica, nowMs: number): Promise<void> {
    const { keys, arrivals } = this;
    const away = awayOfWindow(replica, nowMs);
    const firstSeq = replica.waiting.first() ?? 0;
    const pipeline = this.redis
      .pipeline()
      .hgetall(keys.reporters)
      .xrevrange(keys.audit, '+', '-', 'COUNT', 1)
      .hget(keys.tombs, 'index')
      .hmget(keys.meta, ...recoveryFields)
      .hgetall(keys.survivors)
      .getrangeBuffer(keys.arrivals, arrivals.readBytes, -1)
      .getrangeBuffer(keys.due, firstSeq * 4, lastSeqRead(replica, nowMs) * 4 + 3);
    for (const seq of away) pipeline.getrangeBuffer(keys.due, seq * 4, seq * 4 + 3);
    const replies = (await pipeline.exec()) ?? [];
    const failed = replies.find(([error]) => error)?.[0];
    if (failed) throw failed;
    const [reports, newest, tombs, recovery, survivors, joined, due, ...awayDues] = replies.map(
      ([, reply]) => reply,
    );
    this.recovery = recoveryFacts(recovery as (string | null)[], survivors as Record<string, string>);
    this.reports = parseReports(reports as Record<string, string>);
    this.gateways.take(this.reports, nowMs);
    this.tombs = parseTombs((tombs as string | null) ?? '').filter(({ untilMs }) => untilMs > nowMs);
    // Somebody may have started anew meanwhile; then these bytes are of no use.
    if (arrivals === this.arrivals) arrivals.take(joined as Buffer);
    this.front = { firstSeq, bytes: due as Buffer };
    this.away = away;
    this.awayDues.clear();
    for (const [index, seq] of away.entries()) {
      this.awayDues.set(seq, dueIn({ firstSeq: seq, bytes: awayDues[index] as Buffer }, seq));
    }
    if (((newest as StreamEntry[])[0]?.[0] ?? '') !== this.newestRecord) await this.readChanges();
  }

  /** What was changed last. @throws when Redis cannot be reached */
  async readChanges(): Promise<void> {
    const { audit } = this.keys;
    const stored = (await this.redis.xrevrange(audit, '+', '-', 'COUNT', recordsRead)) as StreamEntry[];
    this.newestRecord = stored[0]?.[0] ?? '';
    const event = /\{(.*)\}/.exec(audit)?.[1] ?? null;
    const fold = new TrailFold();
    const records = stored.flatMap((entry) => parseRecord(entry, event) ?? []);
    this.records = records.flatMap((record) => fold.take(record) ?? []).slice(0, snapshotChangesMax);
  }

  /** What the gateways' workers say, read now. @throws when Redis cannot be reached */
  async readReports(): Promise<readonly Report[]> {
    this.reports = parseReports(await this.redis.hgetall(this.keys.reporters));
    return this.reports;
  }
}

/** The first of those in the window who are away, by place. */
function awayOfWindow(replica: Replica, nowMs: number): number[] {
  const window = windowAt(replica.settings, nowMs);
  const lastSeq = replica.waiting.slice(window, 1)[0] ?? Number.POSITIVE_INFINITY;
  const inWindow = [...replica.away.keys()].filter((seq) => seq <= lastSeq);
  return inWindow.sort((a, b) => a - b).slice(0, awayRowsMax);
}

/** Seq up to which the front is read. */
function lastSeqRead(replica: Replica, nowMs: number): number {
  const firstSeq = replica.waiting.first();
  if (firstSeq === undefined) return 0;
  const places = Math.max(windowAt(replica.settings, nowMs), snapshotRowsMax) + rowsAhead;
  const at = Math.min(places, replica.waiting.count);
  const lastSeq = replica.waiting.slice(at, 1)[0] ?? firstSeq;
  return Math.min(lastSeq, firstSeq + frontPlacesMax);
}

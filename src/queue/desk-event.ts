/** One event as the desk watches it: snapshots with a running number, sent only when something differs. */
import { z } from 'zod';
import type { BucketView, QueueSnapshot } from '../contract/admin-api.ts';
import type { RedisClient } from '../redis/client.ts';
import { bucketView } from './desk-views.ts';
import { EtaModel } from './eta.ts';
import { etaInputs } from './eta-inputs.ts';
import { parseReports, type Report, receiptOf } from './receipt.ts';
import type { RedisClock } from './redis-clock.ts';
import type { RedisFigures } from './redis-figures.ts';
import type { Replica } from './replica.ts';
import { isTimeZone, phaseAt } from './settings.ts';
import type { EventRef } from './store.ts';
import type { Followed, Tailer } from './tailer.ts';

type Listener = (snapshot: QueueSnapshot) => void;

const auditSchema = z.object({
  auditId: z.string().default(''),
  at: z.string().default(''),
  actor: z.string().default(''),
  action: z.string().default(''),
  summary: z.string().default(''),
  reason: z.string().default(''),
});

export class DeskEvent {
  private readonly followed: Followed;
  private readonly tailer: Tailer;
  private readonly clock: RedisClock;
  private readonly redis: RedisClient;
  private eta: EtaModel;
  private life: string;
  private readonly listeners = new Set<Listener>();
  private reports: readonly Report[] = [];
  private lastChange: QueueSnapshot['lastChange'] = null;
  private seq = 0;
  private lastText = '';
  private figures: RedisFigures | undefined;

  constructor(options: { followed: Followed; tailer: Tailer; clock: RedisClock; redis: RedisClient }) {
    this.followed = options.followed;
    this.tailer = options.tailer;
    this.clock = options.clock;
    this.redis = options.redis;
    this.life = this.replica.settings.life;
    this.eta = this.newEta();
  }

  get replica(): Replica {
    if (!this.followed.replica) throw new Error(`event ${this.followed.event} is not loaded`);
    return this.followed.replica;
  }

  get ref(): EventRef {
    const { event, keys } = this.followed;
    return { id: event, keys, incarnation: this.replica.settings.incarnation };
  }

  tokensMicro(): number {
    return this.replica.tokensAt(this.clock.nowUs());
  }

  bucket(): BucketView {
    return bucketView(this.replica.settings, this.tokensMicro(), this.clock.nowMs());
  }

  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Reads who reported lately. */
  async readReports(): Promise<void> {
    this.reports = parseReports(await this.redis.hgetall(this.followed.keys.reporters));
  }

  /** Reads what was changed, and tells the listeners at once. */
  async settingsChanged(): Promise<void> {
    const { life } = this.replica.settings;
    if (life !== this.life) this.eta = this.newEta();
    this.life = life;
    const [newest] = await this.redis.xrevrange(this.followed.keys.audit, '+', '-', 'COUNT', 1);
    const record: unknown = JSON.parse(newest?.[1][1] ?? 'null');
    const parsed = auditSchema.safeParse(record);
    this.lastChange = parsed.success && parsed.data.auditId !== '' ? parsed.data : null;
    if (this.figures) this.emit(this.figures);
  }

  /** Sends a snapshot to the listeners if anything but its age differs from the last one. */
  emit(figures: RedisFigures): void {
    this.figures = figures;
    const snapshot = this.snapshot(figures);
    const text = JSON.stringify({ ...snapshot, seq: 0, asOf: '', ageSec: 0 });
    if (text === this.lastText) return;
    this.lastText = text;
    this.seq += 1;
    for (const listener of this.listeners) listener({ ...snapshot, seq: this.seq });
  }

  snapshot(figures: RedisFigures): QueueSnapshot {
    const nowMs = this.clock.nowMs();
    const { replica } = this;
    const { settings, flow, totals } = replica;
    const ageMs = Math.max(0, performance.now() - this.followed.freshAtMs);
    const receipt = receiptOf(this.reports, settings.revision, nowMs);
    this.eta.refresh(etaInputs(replica, nowMs, this.tokensMicro()));
    const tail = this.eta.at(replica.waiting.count + 1, nowMs);
    // Whole seconds only: the running one would make every rate look low.
    const perSec = (kind: 'entered' | 'joined' | 'left', sec: number): number =>
      Math.round((flow.sum(kind, nowMs - 1000, sec) / sec) * 100) / 100;
    return {
      kind: 'QueueSnapshot',
      asOf: new Date(nowMs - ageMs).toISOString(),
      event: this.followed.event,
      name: settings.name,
      timeZone: settings.timeZone,
      seq: this.seq,
      phase: phaseAt(settings, nowMs),
      paused: settings.paused,
      ...(settings.opensAtMs > 0 ? { opensAt: new Date(settings.opensAtMs).toISOString() } : {}),
      waiting: replica.waiting.count,
      away: replica.away.size,
      joinedTotal: totals.joined,
      admittedTotal: totals.entered,
      leftTotal: totals.left,
      expiredTotal: totals.expired,
      admitPerSec: perSec('entered', 10),
      admitPerSec1m: perSec('entered', 60),
      admitPerSec5m: perSec('entered', 300),
      admitPerSec15m: perSec('entered', 899),
      joinPerSec: perSec('joined', 10),
      leavePerSec: perSec('left', 10),
      bucket: this.bucket(),
      etaTailSec: tail.etaSec,
      etaTailLowSec: tail.lowSec,
      etaTailHighSec: tail.highSec,
      confidence: tail.confidence,
      revision: settings.revision,
      gateways: { seen: receipt.of, inForce: receipt.inForce },
      redis: figures,
      ageSec: Math.round(ageMs) / 1000,
      stale: this.tailer.isStale(this.followed),
      lastChange: this.lastChange,
    };
  }

  private newEta(): EtaModel {
    const { timeZone } = this.replica.settings;
    return new EtaModel({ timeZone: isTimeZone(timeZone) ? timeZone : 'UTC' });
  }
}

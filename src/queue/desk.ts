/**
 * The operators' side of all lines, as one admin process sees it: it follows the journals as a gateway does, writes
 * changes by the same scripts, and reads receipts from what gateways report. It sweeps nothing and reports nothing.
 */
import { createHash } from 'node:crypto';
import type {
  BucketChange,
  ChangeReply,
  CreateEvent,
  EventView,
  QueueSnapshot,
  Receipt,
} from '../contract/admin-api.ts';
import { TacosError } from '../contract/errors.ts';
import { redisCommandMs } from '../contract/limits.ts';
import { connect, type RedisAddress, type RedisClient, whenReady } from '../redis/client.ts';
import { DeskEvent } from './desk-event.ts';
import { bucketView, eventView, planRates, summaryOf, timedOf } from './desk-views.ts';
import { EventFinder, makeEvent } from './events.ts';
import { parseReports, receiptOf } from './receipt.ts';
import { RedisClock } from './redis-clock.ts';
import { noFigures, RedisFigureReader, type RedisFigures } from './redis-figures.ts';
import { eventsKey, keysOf, scripts } from './scripts.ts';
import { isTimeZone, parseSettings } from './settings.ts';
import { StaleEventError, Store } from './store.ts';
import { Tailer } from './tailer.ts';

export interface DeskOptions {
  readonly redis: RedisAddress;
  /** Key id that new events are made with: the first of WAITING_TOKEN_KEYS. */
  readonly signingKid: string;
  /** Time zone of events that name none, IANA. */
  readonly timeZone: string;
  readonly log: { warn(detail: object, message: string): void };
}

/** Who makes a change, for the audit trail. */
export interface DeskAuthor {
  readonly name: string;
  readonly role: string;
  readonly client: string;
}

const receiptMs = 1_000;
const receiptPollMs = 20;
const lookMs = 1_000;
const tickMs = 250;

/** Opens the desk. Resolves once Redis answered or after 1.5 s in vain; it goes on trying by itself. */
export async function createDesk(options: DeskOptions): Promise<Desk> {
  const desk = new Desk(options);
  await desk.start();
  return desk;
}

export class Desk {
  private readonly options: DeskOptions;
  private readonly redis: RedisClient;
  private readonly reads: RedisClient;
  private readonly store: Store;
  private readonly clock = new RedisClock();
  private readonly tailer: Tailer;
  private readonly finder: EventFinder;
  private readonly figureReader: RedisFigureReader;
  private readonly events = new Map<string, DeskEvent>();
  private figures: RedisFigures = noFigures;
  private lookTimer: NodeJS.Timeout | undefined;
  private readonly tickTimer: NodeJS.Timeout;
  private answered = false;
  private closed = false;

  constructor(options: DeskOptions) {
    this.options = options;
    this.redis = connect(options.redis, { name: 'tacos-desk', scripts });
    this.reads = connect(options.redis, { name: 'tacos-desk-read' });
    this.store = new Store(this.redis);
    this.finder = new EventFinder(this.redis);
    this.figureReader = new RedisFigureReader(this.redis);
    this.tailer = new Tailer({
      redis: this.reads,
      clock: this.clock,
      onApplied: (followed, change) => {
        const known = this.events.get(followed.event);
        if (!known || !change.settings) return;
        known
          .settingsChanged()
          .catch((error) => this.warn('reading the audit failed', error, followed.event));
      },
      onGone: (event) => this.events.delete(event),
      onError: (error, event) => this.warn('reading the journal failed', error, event),
    });
    this.tickTimer = setInterval(() => this.tick(), tickMs);
  }

  async start(): Promise<void> {
    await Promise.all([whenReady(this.redis, redisCommandMs), whenReady(this.reads, redisCommandMs)]);
    await this.look();
  }

  get ready(): boolean {
    return this.answered;
  }

  async listEvents(): Promise<EventView[]> {
    return this.reaching(async () => {
      const nowMs = this.clock.nowMs();
      const views: EventView[] = [];
      for (const id of (await this.redis.smembers(eventsKey)).sort()) {
        const keys = keysOf(id);
        const [meta, away] = await Promise.all([this.redis.hgetall(keys.meta), this.redis.zcard(keys.away)]);
        if (meta.life === undefined) continue;
        views.push(
          eventView({ id, settings: parseSettings(meta), waiting: Number(meta.waiting), away, nowMs }),
        );
      }
      return views;
    });
  }

  async createEvent(input: CreateEvent, author: DeskAuthor): Promise<EventView> {
    const id = input.event;
    const at = (text: string | undefined): number => (text === undefined ? 0 : Date.parse(text));
    const audit = {
      action: 'create',
      reason: input.reason ?? '',
      summary: `event ${id} created`,
      ...this.byline(id, author),
    };
    const timeZone = input.timeZone ?? this.options.timeZone;
    if (!isTimeZone(timeZone))
      throw new TacosError('BAD_REQUEST', { message: 'This time zone is not known.' });
    await this.reaching(async () => {
      const made = await makeEvent(this.redis, this.store, {
        id,
        kid: this.options.signingKid,
        plan: {
          name: input.name ?? '',
          kind: input.test ? 'test' : 'operator',
          timeZone,
          opensAtMs: at(input.opensAt),
          prequeueFromMs: at(input.prequeueFrom),
          maxWaiting: input.maxWaiting ?? 0,
          ...(input.refillPerSec === undefined ? {} : { refillPerSec: input.refillPerSec }),
          ...(input.capacity === undefined ? {} : { capacity: input.capacity }),
        },
        audit: JSON.stringify(audit),
      });
      if (!made) throw new TacosError('EVENT_EXISTS', { hint: `tacos queue get ${id}` });
    });
    await this.load(id);
    const { replica } = this.eventOf(id);
    const { settings, waiting, away } = replica;
    return eventView({ id, settings, waiting: waiting.count, away: away.size, nowMs: this.clock.nowMs() });
  }

  snapshot(event: string): QueueSnapshot | undefined {
    return this.events.get(event)?.snapshot(this.figures);
  }

  async load(event: string): Promise<void> {
    if (this.events.has(event)) return;
    const exists = await this.reaching(() => this.tailer.follow(event));
    const followed = this.tailer.get(event);
    if (!exists || !followed) throw new TacosError('EVENT_NOT_FOUND', { hint: 'tacos event list' });
    if (this.events.has(event)) return;
    const opened = new DeskEvent({ followed, tailer: this.tailer, clock: this.clock, redis: this.redis });
    await this.reaching(() => opened.settingsChanged());
    // Somebody else may have opened it meanwhile, and listen there.
    if (!this.events.has(event) && this.tailer.get(event) === followed) this.events.set(event, opened);
  }

  onChange(event: string, listener: (snapshot: QueueSnapshot) => void): () => void {
    return this.eventOf(event).onChange(listener);
  }

  async changeBucket(
    event: string,
    change: BucketChange,
    options: { ifRevision?: number; changeId: string; author: DeskAuthor },
  ): Promise<ChangeReply> {
    await this.load(event);
    const opened = this.eventOf(event);
    const before = opened.bucket();
    const timed = timedOf(change);
    const nowMs = this.clock.nowMs();
    const planned = { ...opened.replica.settings, ...planRates(opened.replica.settings, timed, nowMs) };
    const after = bucketView(planned, opened.tokensMicro(), nowMs);
    const plan = {
      kind: 'Change',
      event,
      revision: before.revision,
      before,
      after,
      warnings: [] as string[],
    } as const;
    if (change.dryRun) return { ...plan, applied: false };
    const summary = summaryOf(before, after, change);
    const byline = this.byline(options.changeId, options.author);
    const audit = { action: 'bucket', reason: change.reason, summary, ...byline };
    const sentMs = performance.now();
    const reply = await this.reaching(() =>
      this.store.setSettings(opened.ref, {
        changeId: options.changeId,
        timed,
        audit: JSON.stringify(audit),
        ...(options.ifRevision === undefined ? {} : { ifRevision: options.ifRevision }),
      }),
    );
    if (reply.word !== 'applied') {
      const message = `The settings are at revision ${reply.revision} now.`;
      throw new TacosError('VERSION_CONFLICT', {
        message,
        hint: `tacos bucket get ${event}`,
        body: { revision: reply.revision },
      });
    }
    const receipt = await this.receipt(opened, reply.revision, sentMs);
    const inForce = { ...after, revision: reply.revision };
    return {
      ...plan,
      applied: true,
      auditId: byline.auditId,
      revision: reply.revision,
      after: inForce,
      receipt,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.lookTimer);
    clearInterval(this.tickTimer);
    this.tailer.close();
    this.redis.disconnect();
    this.reads.disconnect();
  }

  private eventOf(event: string): DeskEvent {
    const opened = this.events.get(event);
    if (!opened) throw new TacosError('EVENT_NOT_FOUND', { hint: 'tacos event list' });
    return opened;
  }

  /** Asks until all gateways that were seen lately have the revision, or a second has passed. */
  private async receipt(opened: DeskEvent, revision: number, sentMs: number): Promise<Receipt> {
    for (;;) {
      const reports = parseReports(await this.reaching(() => this.redis.hgetall(opened.ref.keys.reporters)));
      const afterMs = Math.round(performance.now() - sentMs);
      const receipt = { ...receiptOf(reports, revision, this.clock.nowMs()), afterMs };
      if (receipt.missing.length === 0 || afterMs >= receiptMs) return receipt;
      await new Promise((resolve) => setTimeout(resolve, receiptPollMs));
    }
  }

  private byline(changeId: string, author: DeskAuthor) {
    const auditId = `aud_${createHash('sha256').update(changeId).digest('hex').slice(0, 10)}`;
    const at = new Date(this.clock.nowMs()).toISOString();
    return { auditId, at, actor: author.name, role: author.role, client: author.client };
  }

  /** Redis's absence as an error that says so. */
  private async reaching<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof TacosError) throw error;
      if (error instanceof StaleEventError)
        throw new TacosError('EVENT_NOT_FOUND', { hint: 'tacos event list' });
      this.warn('Redis could not be reached', error, '');
      throw new TacosError('UNAVAILABLE', {
        message: 'Redis cannot be reached right now.',
        retryAfterSec: 2,
      });
    }
  }

  private async look(): Promise<void> {
    try {
      for (const event of await this.finder.look()) await this.load(event);
      this.figures = await this.figureReader.read();
      await Promise.all([...this.events.values()].map((one) => one.readReports()));
      this.answered = true;
    } catch (error) {
      this.finder.lookAgain();
      if (this.redis.status === 'ready') this.warn('looking around failed', error, '');
    }
    if (!this.closed) this.lookTimer = setTimeout(() => void this.look(), lookMs);
  }

  private tick(): void {
    for (const event of this.events.values()) event.emit(this.figures);
  }

  private warn(message: string, error: unknown, event: string): void {
    this.options.log.warn({ event, reason: error instanceof Error ? error.message : String(error) }, message);
  }
}

/**
 * The operators' side of all lines, as one admin process sees it: it follows the journals as a gateway does, makes
 * snapshots, trails and stories of them, and hands changes to `Changes`. It sweeps nothing and reports nothing.
 * What its methods promise stands at interface Desk of src/admin-api/desk.ts.
 */
import type { ChangeReply, ParsedActRequest, ParsedPlanRequest, Plan } from '../../contract/actions.ts';
import type { BudgetView, EventView, SettingsView, VersionView } from '../../contract/admin-api.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import type { DeskFigures } from '../../contract/desk-figures.ts';
import type { Finding } from '../../contract/doctor.ts';
import { TacosError } from '../../contract/errors.ts';
import type { HpaQuery, HpaView } from '../../contract/hpa.ts';
import type { Overview, QueueSnapshot } from '../../contract/snapshot.ts';
import type { PositionRow, VisitorStory } from '../../contract/visitors.ts';
import { connect, type RedisClient } from '../../redis/client.ts';
import { Connections } from '../../redis/connections.ts';
import { makeEvent } from '../events.ts';
import { globalScripts } from '../global-scripts.ts';
import { Keyring } from '../keyring.ts';
import { RedisClock } from '../redis-clock.ts';
import { scripts } from '../scripts.ts';
import { Store } from '../store.ts';
import { AuditReader, type TrailQuery } from './audit.ts';
import { Changes } from './changes.ts';
import type { ChangeAuthor, ChangeOptions } from './changes-parts.ts';
import type { DeskEvent } from './desk-event.ts';
import { deskFigures } from './desk-figures.ts';
import type { DeskOptions } from './desk-options.ts';
import { DeskWide } from './desk-wide.ts';
import { diagnose } from './doctor.ts';
import { doctorFacts, type ServerPart } from './doctor-facts.ts';
import { listEvents, OpenEvents } from './events-list.ts';
import { FollowedEvents, noEvent } from './followed-events.ts';
import type { HpaDesk } from './hpa/hpa-desk.ts';
import { hpaView, openHpaDesk, withHpa } from './hpa/open-hpa.ts';
import { LoadDesk } from './loadtest/load-desk.ts';
import { type News, NewsDesk } from './news.ts';
import { OverviewFeed } from './overview.ts';
import { positionsOf } from './positions.ts';
import { reachingRedis } from './reaching.ts';
import { noFigures, noHealth, RedisFigureReader } from './redis-figures.ts';
import { SaleDesk } from './sale-desk.ts';
import { settingsOf } from './settings-of.ts';
import { visitorStory } from './visitor.ts';
import { Watchers, type WatchingScreen } from './watchers.ts';

export type { DeskOptions } from './desk-options.ts';

const lookMs = 1_000;
const tickMs = 250;
const pingMs = 500;

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
  readonly connections: Connections;
  private readonly store: Store;
  private readonly clock = new RedisClock();
  private readonly keyring: Keyring;
  private readonly followed: FollowedEvents;
  private readonly figureReader: RedisFigureReader;
  private readonly wide: DeskWide;
  private readonly changes: Changes;
  readonly sales: SaleDesk;
  readonly loads: LoadDesk;
  private readonly trail: AuditReader;
  private readonly feed: OverviewFeed;
  private readonly news: NewsDesk;
  private readonly open: OpenEvents;
  private readonly hpaDesk: HpaDesk | undefined;
  private readonly timers: NodeJS.Timeout[];
  private lookTimer: NodeJS.Timeout | undefined;
  private answered = false;
  private closed = false;
  readonly figures = (): DeskFigures => deskFigures(this.followed.events.values(), this.wide);

  constructor(options: DeskOptions) {
    this.options = options;
    this.keyring = new Keyring(options.waitingTokenKeys);
    this.redis = connect(options.redis, { name: 'tacos-desk', scripts: { ...scripts, ...globalScripts } });
    this.reads = connect(options.redis, { name: 'tacos-desk-read' });
    this.connections = new Connections([this.redis, this.reads], options.log);
    this.store = new Store(this.redis);
    const nowMs = (): number => this.clock.nowMs();
    this.figureReader = new RedisFigureReader(this.redis, nowMs);
    const tell = (id: string) => this.news.tellRecord(id, (auditId) => this.trail.find(auditId));
    this.hpaDesk = openHpaDesk(options, { redis: this.redis, tell });
    this.wide = new DeskWide(new Watchers(this.redis, nowMs), withHpa(options.outside, this.hpaDesk));
    const { redis, reads, clock, keyring, wide } = this;
    const warn = (...said: Parameters<Desk['warn']>): void => this.warn(...said);
    this.followed = new FollowedEvents({ redis, reads, clock, keyring, wide, warn });
    const { events } = this.followed;
    this.open = new OpenEvents(redis, events);
    this.trail = new AuditReader(redis, nowMs);
    this.feed = new OverviewFeed({ redis, followed: events, wide, nowMs });
    this.news = new NewsDesk({ redis, nowMs, events, wide });
    this.loads = new LoadDesk(options, { redis, nowMs, store: this.store });
    this.changes = this.newChanges();
    this.sales = new SaleDesk({
      ...{ redis, nowMs, wide, store: this.store, log: options.log, address: options.redis },
      ...{ event: (id) => this.opened(id), act: this.act.bind(this), budget: this.budget.bind(this) },
      ...{ isProtected: options.environment?.isProtected ?? false, hpa: this.hpaDesk },
    });
    this.timers = [
      setInterval(() => this.followed.tick(), tickMs),
      setInterval(() => void this.figureReader.ping().catch(() => {}), pingMs),
    ];
  }

  async start(): Promise<void> {
    await this.connections.start();
    await this.look();
  }

  get ready(): boolean {
    return this.answered;
  }

  listEvents(): Promise<EventView[]> {
    return this.reaching(() => listEvents(this.redis, this.followed.events, this.clock.nowMs()));
  }

  snapshot(event: string): QueueSnapshot | undefined {
    return this.followed.events.get(event)?.snapshot();
  }

  async load(event: string): Promise<void> {
    await this.opened(event);
  }

  onChange(event: string, listener: (snapshot: QueueSnapshot) => void): () => void {
    const opened = this.followed.events.get(event);
    if (!opened) throw noEvent(event);
    return opened.onChange(listener);
  }

  overview(): Promise<Overview> {
    return this.reaching(() => this.feed.overview());
  }

  onOverview(listener: (overview: Overview) => void): () => void {
    return this.feed.onOverview(listener);
  }

  async settings(event: string): Promise<SettingsView> {
    const opened = await this.opened(event);
    return this.reaching(() => settingsOf(opened, this.redis, this.clock.nowMs()));
  }

  history(event: string): Promise<VersionView[]> {
    return this.reaching(() => this.changes.history(event));
  }

  async positions(
    event: string,
    query: { readonly from: number; readonly limit: number },
  ): Promise<{ rows: PositionRow[]; waiting: number; away: number }> {
    const opened = await this.opened(event);
    return this.reaching(() => positionsOf(opened, this.redis, query));
  }

  async visitor(event: string, ref: string): Promise<VisitorStory> {
    const opened = await this.opened(event);
    return this.reaching(() => visitorStory(opened, { redis: this.redis, store: this.store }, ref));
  }

  budget(): Promise<BudgetView> {
    return this.reaching(() => this.changes.budget());
  }

  hpa(query: HpaQuery = {}): Promise<HpaView> {
    return this.reaching(() => hpaView(this.hpaDesk, query));
  }

  audit({ event, ...query }: { event?: string } & TrailQuery): Promise<AuditEntry[]> {
    return this.reaching(async () => {
      if (event !== undefined) return this.trail.ofEvent(event, query);
      await this.news.copyAll();
      return this.trail.ofAll(query);
    });
  }

  async auditEntry(auditId: string): Promise<AuditEntry> {
    const found = await this.reaching(() => this.auditRecord(auditId));
    if (!found) throw new TacosError('AUDIT_NOT_FOUND', { hint: 'tacos audit list' });
    return found.entry;
  }

  plan(request: ParsedPlanRequest, author: ChangeAuthor): Promise<Plan> {
    return this.reaching(() => this.changes.plan(request, author));
  }

  act(request: ParsedActRequest, options: ChangeOptions): Promise<ChangeReply> {
    return this.reaching(async () => {
      // An event's own trail goes with it: what it has is copied first.
      if (request.action.type === 'event.delete' && Array.isArray(request.events))
        await this.news.copy(request.events);
      const reply = await this.changes.act(request, options);
      await this.news.tellDirect(reply, (auditId) => this.trail.find(auditId));
      return reply;
    });
  }

  async doctor(event: string | undefined, server: ServerPart): Promise<Finding[]> {
    const events = await this.reaching(async () => {
      const ids = event === undefined ? await this.open.ids(this.clock.nowMs()) : [event];
      const opened: DeskEvent[] = [];
      for (const id of ids) opened.push(await this.opened(id));
      return opened;
    });
    const around = { server, nowMs: this.clock.nowMs(), redis: this.options.redis };
    return diagnose(doctorFacts(events, this.wide, around));
  }

  watching(watcher: WatchingScreen): () => void {
    return this.wide.watchers.add(watcher);
  }

  onNews(listener: (news: News) => void): () => void {
    return this.news.onNews(listener);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.lookTimer);
    for (const timer of this.timers) clearInterval(timer);
    this.hpaDesk?.close();
    this.followed.close();
    await this.sales.close();
    if (this.redis.status === 'ready') await Promise.all([this.wide.watchers.close(), this.news.close()]);
    this.redis.disconnect();
    this.reads.disconnect();
  }

  private newChanges(): Changes {
    return new Changes({
      ...{ redis: this.redis, store: this.store, clock: this.clock },
      event: (id) => this.opened(id),
      openEvents: () => this.open.ids(this.clock.nowMs()),
      makeEvent,
      signingKid: this.keyring.signingKid,
      timeZone: this.options.timeZone,
      environment: this.options.environment ?? { isProtected: false },
      auditRecord: (auditId) => this.auditRecord(auditId),
      hpa: this.hpaDesk,
      loads: this.loads,
      log: this.options.log,
    });
  }

  /** A record wherever it stands: what was written a moment ago is copied first. */
  private async auditRecord(auditId: string): ReturnType<AuditReader['find']> {
    const found = await this.trail.find(auditId);
    if (found) return found;
    await this.news.copyAll();
    return this.trail.find(auditId);
  }

  private opened(event: string): Promise<DeskEvent> {
    return this.reaching(() => this.followed.open(event));
  }

  private reaching<T>(act: () => Promise<T>): Promise<T> {
    return reachingRedis(act, (error) => this.warn('Redis could not be reached', error, ''));
  }

  private async look(): Promise<void> {
    try {
      await this.followed.find();
      const [read, { usedPerSec, perSec }] = await Promise.all([
        // A user of Redis who may not ask for INFO leads queues all the same.
        this.figureReader.read().catch(() => ({ figures: noFigures, health: noHealth })),
        this.changes.budget(),
        this.wide.watchers.look(),
      ]);
      Object.assign(this.wide, { ...read, budget: { usedPerSec, perSec } });
      await this.followed.look();
      // It guards itself against a call before it has finished: jobs may take longer than a look.
      this.changes.tick().catch((error) => this.warn('carrying on changes failed', error, ''));
      await Promise.all([this.news.look(), this.feed.tick()]);
      this.answered = true;
    } catch (error) {
      this.news.missed();
      if (this.redis.status === 'ready') this.warn('looking around failed', error, '');
    }
    if (!this.closed) this.lookTimer = setTimeout(() => void this.look(), lookMs);
  }

  private warn(message: string, error: unknown, event: string): void {
    this.options.log.warn({ event, reason: this.connections.reasonOf(error) }, message);
  }
}

/** A desk without Redis, for tests. */
import type { ChangeReply, ParsedActRequest, ParsedPlanRequest, Plan } from '../../contract/actions.ts';
import type { DeskFigures } from '../../contract/desk-figures.ts';
import { TacosError } from '../../contract/errors.ts';
import type { HpaQuery } from '../../contract/hpa.ts';
import type { Overview, QueueSnapshot } from '../../contract/snapshot.ts';
import type { ActOptions, Author, Desk, DeskNews, PositionsQuery, ServerFacts, Watcher } from '../desk.ts';
import { loadRun, loadSummary } from './load-runs.ts';
import { saleReportOf } from './sale-report.ts';
import {
  auditOf,
  budgetView,
  changeOf,
  deskFiguresOf,
  eventOf,
  finding,
  hpaView,
  overviewOf,
  planOf,
  positionOf,
  saleOf,
  settingsView,
  snapshotOf,
  storyOf,
  versionView,
} from './views.ts';

/** Knows evt_x only; remembers what it was asked. */
export class FakeDesk implements Desk {
  ready = true;
  connections: Desk['connections'] = { refusal: undefined };
  current: QueueSnapshot | undefined = snapshotOf();
  all: Overview = overviewOf();
  /** What /metrics tells. */
  told: DeskFigures = deskFiguresOf();
  /** Thrown by `plan` and `act` where set. */
  refusal: TacosError | undefined;
  readonly planned: { request: ParsedPlanRequest; author: Author }[] = [];
  readonly acted: { request: ParsedActRequest; options: ActOptions }[] = [];
  readonly asked: unknown[] = [];
  readonly watchers = new Set<Watcher>();
  private readonly listeners = new Set<(snapshot: QueueSnapshot) => void>();
  private readonly overviewListeners = new Set<(overview: Overview) => void>();
  private readonly newsListeners = new Set<(news: DeskNews) => void>();

  async listEvents() {
    return [eventOf()];
  }

  snapshot(event: string) {
    return event === 'evt_x' ? this.current : undefined;
  }

  async load(event: string) {
    this.need(event);
    this.current ??= snapshotOf();
  }

  onChange(_event: string, listener: (snapshot: QueueSnapshot) => void) {
    return listen(this.listeners, listener);
  }

  async overview() {
    return this.all;
  }

  onOverview(listener: (overview: Overview) => void) {
    return listen(this.overviewListeners, listener);
  }

  async settings(event: string) {
    this.need(event);
    return settingsView;
  }

  readonly sales = {
    view: async (event: string) => {
      this.need(event);
      return saleOf();
    },
    report: async (event: string) => {
      this.need(event);
      return saleReportOf();
    },
    check: async (event: string, ...asked: readonly unknown[]) => {
      this.need(event);
      this.asked.push(asked);
      return [finding];
    },
  };

  readonly loads = {
    list: async () => {
      if (this.refusal !== undefined) throw this.refusal;
      return [loadRun];
    },
    view: async (name: string) => {
      if (name !== loadRun.name) throw new TacosError('LOADTEST_NOT_FOUND');
      return loadRun;
    },
    summaries: async (name: string) => {
      if (name !== loadRun.name) throw new TacosError('LOADTEST_NOT_FOUND');
      return [loadSummary];
    },
    manifests: (request: object) => {
      this.asked.push(request);
      return [{ apiVersion: 'k6.io/v1alpha1', kind: 'TestRun' }];
    },
  };

  async history(event: string) {
    this.need(event);
    return [versionView];
  }

  async positions(event: string, query: PositionsQuery) {
    this.need(event);
    this.asked.push(query);
    return { rows: [positionOf()], waiting: 18_234, away: 12 };
  }

  async visitor(event: string, ref: string) {
    this.need(event);
    this.asked.push(ref);
    if (ref === '#404') throw new TacosError('VISITOR_NOT_FOUND');
    return storyOf('v_abcdefgh');
  }

  async budget() {
    return budgetView;
  }

  async hpa(query: HpaQuery = {}) {
    this.asked.push(query);
    if (this.refusal !== undefined) throw this.refusal;
    return hpaView;
  }

  async audit(query: object) {
    this.asked.push(query);
    return [auditOf()];
  }

  async auditEntry(auditId: string) {
    if (auditId !== 'aud_7Q2M') throw new TacosError('AUDIT_NOT_FOUND');
    return auditOf();
  }

  async plan(request: ParsedPlanRequest, author: Author): Promise<Plan> {
    if (this.refusal !== undefined) throw this.refusal;
    this.planned.push({ request, author });
    return planOf(request.action.type);
  }

  async act(request: ParsedActRequest, options: ActOptions): Promise<ChangeReply> {
    if (this.refusal !== undefined) throw this.refusal;
    this.acted.push({ request, options });
    return changeOf(request.action.type, request.events === 'all' ? ['evt_x', 'evt_y'] : request.events);
  }

  async doctor(event: string | undefined, server: ServerFacts) {
    this.asked.push({ event, server });
    return [finding];
  }

  figures() {
    return this.told;
  }

  watching(watcher: Watcher) {
    return listen(this.watchers, watcher);
  }

  onNews(listener: (news: DeskNews) => void) {
    return listen(this.newsListeners, listener);
  }

  async close() {}

  /** Streams that listen, of one event and of all. */
  get listenerCount(): number {
    return this.listeners.size + this.overviewListeners.size;
  }

  /** Changes the queue and tells every stream. */
  publish(snapshot: QueueSnapshot): void {
    this.current = snapshot;
    for (const listener of this.listeners) listener(snapshot);
  }

  /** Changes the overview and tells every stream of it. */
  publishOverview(overview: Overview): void {
    this.all = overview;
    for (const listener of this.overviewListeners) listener(overview);
  }

  /** Tells the news. */
  tell(news: DeskNews): void {
    for (const listener of this.newsListeners) listener(news);
  }

  private need(event: string): void {
    if (event !== 'evt_x') throw new TacosError('EVENT_NOT_FOUND');
  }
}

function listen<T>(all: Set<T>, one: T): () => void {
  all.add(one);
  return () => void all.delete(one);
}

/** An admin API without a server: answers what a test puts in, remembers what it was asked. */
import type { ActRequest, ChangeReply, Plan, PlanRequest } from '../../contract/actions.ts';
import { apiVersion } from '../../contract/admin-api.ts';
import type { HpaQuery } from '../../contract/hpa.ts';
import type { LoadManifestsRequest, LoadRun, LoadSummary } from '../../contract/loadtest.ts';
import type { SaleCheckRequest } from '../../contract/sale.ts';
import type { AdminApi, ChangeHeaders, StreamOptions } from '../admin-api.ts';
import type { OverviewMessage, StreamMessage } from '../watch/stream.ts';
import { hpaOf } from './hpa-view.ts';
import { changeFor, planFor } from './plans.ts';
import { saleOf, saleReportOf } from './sale.ts';
import {
  asOf,
  auditOf,
  budgetOf,
  eventOf,
  findingOf,
  overviewOf,
  positionOf,
  settingsOf,
  snapshotOf,
  storyOf,
  versionOf,
  whoamiOf,
} from './views.ts';

const wrap = (kind: string) => ({ apiVersion, kind, asOf, warnings: [] as string[] });

type Calls = Exclude<keyof AdminApi, 'environment' | 'clockSkewSec'>;

export class FakeApi implements AdminApi {
  environment: string | undefined = 'development';
  clockSkewSec: number | undefined = 0;
  snapshotNow = snapshotOf();
  eventsNow = [eventOf(), eventOf({ event: 'evt_late', name: '', phase: 'scheduled', waiting: 0 })];
  overviewNow = overviewOf();
  bucketWarnings: string[] = [];
  settingsNow = settingsOf();
  historyNow = [versionOf(), versionOf({ revision: 17, refillPerSec: 10, auditId: 'aud_7Q1C' })];
  /** The whole line; a page is cut from it. */
  positionsNow = Array.from({ length: 30 }, (_, at) => positionOf(at + 1));
  storyNow = storyOf();
  saleNow = saleOf();
  readonly saleChecks: SaleCheckRequest[] = [];
  budgetNow = budgetOf();
  hpaNow = hpaOf();
  /** What each look at a load test sees; the last one again and again. */
  loadRunsNow: LoadRun[] = [];
  loadSummariesNow: LoadSummary[] = [];
  readonly manifestsAsked: LoadManifestsRequest[] = [];
  auditNow = [auditOf(), auditOf({ auditId: 'aud_7Q2M', at: '2026-11-21T04:53:40.000Z' })];
  findingsNow = [findingOf()];
  whoamiNow = whoamiOf();
  /** Answer to every plan; undefined = made from what is asked. */
  planNow: Plan | undefined;
  /** Answer to every action; undefined = done for every event that is asked for. */
  changeNow: ChangeReply | undefined;
  /** Thrown by the next calls of that name. */
  readonly failures: Partial<Record<Calls, unknown>> = {};
  readonly hpaAsked: HpaQuery[] = [];
  readonly plans: PlanRequest[] = [];
  readonly acts: { request: ActRequest; headers: ChangeHeaders }[] = [];
  /** What the stream of each connection says; a function may wait or throw. The last one is used again. */
  streams: ((signal: AbortSignal) => AsyncIterable<StreamMessage>)[] = [];
  overviewStreams: ((signal: AbortSignal) => AsyncIterable<OverviewMessage>)[] = [];
  readonly resumedFrom: (string | undefined)[] = [];
  /** How each stream was opened. */
  readonly opened: StreamOptions[] = [];

  async version() {
    this.maybeFail('version');
    return { version: '1.2.3', environment: this.environment ?? '' };
  }

  async whoami() {
    this.maybeFail('whoami');
    return { ...wrap('Whoami'), item: this.whoamiNow };
  }

  async listEvents() {
    this.maybeFail('listEvents');
    return { ...wrap('EventList'), items: this.eventsNow };
  }

  async event(event: string) {
    this.maybeFail('event');
    return {
      ...wrap('Event'),
      item: this.eventsNow.find((each) => each.event === event) ?? eventOf({ event }),
    };
  }

  async snapshot(_event: string) {
    this.maybeFail('snapshot');
    return this.snapshotNow;
  }

  async overview() {
    this.maybeFail('overview');
    return this.overviewNow;
  }

  async bucket(_event: string) {
    this.maybeFail('bucket');
    const { bucket, event } = this.snapshotNow;
    return { ...wrap('Bucket'), warnings: this.bucketWarnings, item: { event, ...bucket } };
  }

  async history(_event: string) {
    this.maybeFail('history');
    return { ...wrap('VersionList'), items: this.historyNow };
  }

  async sale(_event: string) {
    this.maybeFail('sale');
    return { ...wrap('SaleStatus'), item: this.saleNow };
  }

  async saleReport(_event: string) {
    this.maybeFail('saleReport');
    return { ...wrap('SaleReport'), item: saleReportOf() };
  }

  async saleCheck(_event: string, ask: SaleCheckRequest) {
    this.maybeFail('saleCheck');
    this.saleChecks.push(ask);
    return { ...wrap('FindingList'), items: this.findingsNow };
  }

  async settings(_event: string) {
    this.maybeFail('settings');
    return { ...wrap('Settings'), item: this.settingsNow };
  }

  async positions(event: string, { from, limit }: { from: number; limit: number }) {
    this.maybeFail('positions');
    const { waiting, away } = this.snapshotNow;
    const page = this.positionsNow.filter(({ position }) => position !== null && position >= from);
    const items = [...page.slice(0, limit), ...this.positionsNow.filter(({ position }) => position === null)];
    return { ...wrap('PositionList'), event, waiting, away, items };
  }

  async visitor(_event: string, _ref: string) {
    this.maybeFail('visitor');
    return { ...wrap('Visitor'), item: this.storyNow };
  }

  async budget() {
    this.maybeFail('budget');
    return { ...wrap('Budget'), item: this.budgetNow };
  }

  async loadRuns() {
    this.maybeFail('loadRuns');
    return { ...wrap('LoadRunList'), items: this.loadRunsNow.slice(0, 1) };
  }

  async loadRun() {
    this.maybeFail('loadRun');
    const [run] = this.loadRunsNow.length > 1 ? this.loadRunsNow.splice(0, 1) : this.loadRunsNow;
    if (run === undefined) throw new Error('the test gave no load test');
    return { ...wrap('LoadRun'), item: run };
  }

  async loadSummaries() {
    this.maybeFail('loadSummaries');
    return { ...wrap('LoadSummaryList'), items: this.loadSummariesNow };
  }

  async loadManifests(request: LoadManifestsRequest) {
    this.maybeFail('loadManifests');
    this.manifestsAsked.push(request);
    return { ...wrap('LoadManifestList'), items: [{ apiVersion: 'v1', kind: 'ConfigMap' }] };
  }

  async hpa(query: HpaQuery) {
    this.maybeFail('hpa');
    this.hpaAsked.push(query);
    return { ...wrap('Hpa'), item: this.hpaNow };
  }

  async audit({ event, limit, before }: { event?: string; limit: number; before?: string }) {
    this.maybeFail('audit');
    const start = before === undefined ? 0 : this.auditNow.findIndex(({ auditId }) => auditId === before) + 1;
    const items = this.auditNow.slice(start).filter((entry) => event === undefined || entry.event === event);
    return { ...wrap('AuditList'), items: items.slice(0, limit) };
  }

  async auditEntry(auditId: string) {
    this.maybeFail('auditEntry');
    return { ...wrap('AuditEntry'), item: auditOf({ auditId }) };
  }

  async doctor(_event: string | undefined) {
    this.maybeFail('doctor');
    return { ...wrap('FindingList'), items: this.findingsNow };
  }

  async plan(request: PlanRequest) {
    this.plans.push(request);
    this.maybeFail('plan');
    return this.planNow ?? planFor(request);
  }

  async act(request: ActRequest, headers: ChangeHeaders) {
    this.acts.push({ request, headers });
    this.maybeFail('act');
    return this.changeNow ?? changeFor(request);
  }

  async *stream(_event: string, options: StreamOptions) {
    this.resumedFrom.push(options.lastEventId);
    this.opened.push(options);
    this.maybeFail('stream');
    const next = this.streams.length > 1 ? this.streams.shift() : this.streams[0];
    if (next !== undefined) yield* next(options.signal);
  }

  async *overviewStream(options: StreamOptions) {
    this.resumedFrom.push(options.lastEventId);
    this.opened.push(options);
    this.maybeFail('overviewStream');
    const next = this.overviewStreams.length > 1 ? this.overviewStreams.shift() : this.overviewStreams[0];
    if (next !== undefined) yield* next(options.signal);
  }

  private maybeFail(name: Calls): void {
    if (this.failures[name] !== undefined) throw this.failures[name];
  }
}

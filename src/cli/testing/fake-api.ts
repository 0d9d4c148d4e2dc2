/** An admin API without a server: answers what a test puts in, remembers what it was asked. */
import { apiVersion, type BucketChange, type CreateEvent } from '../../contract/admin-api.ts';
import type { AdminApi, ChangeHeaders } from '../api-client.ts';
import type { StreamMessage } from '../watch/stream.ts';
import { changeOf, eventOf, snapshotOf } from './views.ts';

const wrap = (kind: string) => ({
  apiVersion,
  kind,
  asOf: '2026-11-21T05:03:21.000Z',
  warnings: [] as string[],
});

export class FakeApi implements AdminApi {
  environment: string | undefined = 'development';
  snapshotNow = snapshotOf();
  eventsNow = [eventOf(), eventOf({ event: 'evt_late', name: '', phase: 'scheduled', waiting: 0 })];
  changeNow = changeOf();
  bucketWarnings: string[] = [];
  /** Thrown by the next calls of that name. */
  readonly failures: Partial<Record<keyof AdminApi, unknown>> = {};
  readonly changes: { event: string; change: BucketChange; headers: ChangeHeaders }[] = [];
  readonly created: CreateEvent[] = [];
  /** What the stream of each connection says; a function may wait or throw. The last one is used again. */
  streams: ((signal: AbortSignal) => AsyncIterable<StreamMessage>)[] = [];
  readonly resumedFrom: (string | undefined)[] = [];

  async version() {
    this.maybeFail('version');
    return { version: '1.2.3', environment: this.environment ?? '' };
  }

  async listEvents() {
    this.maybeFail('listEvents');
    return { ...wrap('EventList'), items: this.eventsNow };
  }

  async createEvent(input: CreateEvent) {
    this.maybeFail('createEvent');
    this.created.push(input);
    return { ...wrap('Event'), item: eventOf({ event: input.event, name: input.name ?? '' }) };
  }

  async snapshot() {
    this.maybeFail('snapshot');
    return this.snapshotNow;
  }

  async bucket() {
    this.maybeFail('bucket');
    const { bucket, event } = this.snapshotNow;
    return { ...wrap('Bucket'), warnings: this.bucketWarnings, item: { event, ...bucket } };
  }

  async changeBucket(event: string, change: BucketChange, headers: ChangeHeaders) {
    this.changes.push({ event, change, headers });
    if (change.dryRun) {
      const { receipt, auditId, ...plan } = this.changeNow;
      return { ...plan, applied: false, revision: 18 };
    }
    this.maybeFail('changeBucket');
    return this.changeNow;
  }

  async *stream(_event: string, { lastEventId, signal }: { lastEventId?: string; signal: AbortSignal }) {
    this.resumedFrom.push(lastEventId);
    this.maybeFail('stream');
    const next = this.streams.length > 1 ? this.streams.shift() : this.streams[0];
    if (next !== undefined) yield* next(signal);
  }

  private maybeFail(name: keyof AdminApi): void {
    if (this.failures[name] !== undefined) throw this.failures[name];
  }
}

/** A desk without Redis, and the views it hands out, for tests. */
import type {
  BucketChange,
  ChangeReply,
  CreateEvent,
  EventView,
  QueueSnapshot,
} from '../../contract/admin-api.ts';
import { TacosError } from '../../contract/errors.ts';
import type { Author, ChangeOptions, Desk } from '../desk.ts';

/** A snapshot of a healthy queue. */
export const snapshotOf = (change: Partial<QueueSnapshot> = {}): QueueSnapshot => ({
  kind: 'QueueSnapshot',
  asOf: '2026-11-21T05:03:21.000Z',
  event: 'evt_x',
  name: 'Summer Fest',
  seq: 7,
  phase: 'open',
  paused: false,
  waiting: 18_234,
  away: 12,
  joinedTotal: 20_000,
  admittedTotal: 1_700,
  leftTotal: 60,
  expiredTotal: 6,
  admitPerSec: 48.7,
  admitPerSec1m: 48.6,
  admitPerSec5m: 48.5,
  admitPerSec15m: 35,
  joinPerSec: 0.2,
  leavePerSec: 0.1,
  bucket: {
    tokens: 212,
    capacity: { now: 500, target: 500 },
    capacityIsDefault: false,
    refillPerSec: { now: 50, target: 50 },
    window: 500,
    revision: 18,
  },
  etaTailSec: 411,
  etaTailLowSec: 380,
  etaTailHighSec: 460,
  confidence: 1,
  revision: 18,
  gateways: { seen: 6, inForce: 6 },
  redis: { cpuPercent: 41, opsPerSec: 9_800, usedMemoryBytes: 212_000_000 },
  ageSec: 0.04,
  stale: false,
  lastChange: null,
  ...change,
});

/** An event of a list. */
export const eventOf = (change: Partial<EventView> = {}): EventView => ({
  event: 'evt_x',
  name: 'Summer Fest',
  kind: 'operator',
  phase: 'open',
  paused: false,
  timeZone: 'Asia/Seoul',
  maxWaiting: 0,
  waiting: 18_234,
  away: 12,
  refillPerSec: 50,
  capacity: 500,
  revision: 18,
  createdAt: '2026-11-21T04:00:00.000Z',
  ...change,
});

/** Knows evt_x only; remembers what it was asked. */
export class FakeDesk implements Desk {
  ready = true;
  closed = false;
  readonly created: { input: CreateEvent; author: Author }[] = [];
  readonly changes: { event: string; change: BucketChange; options: ChangeOptions }[] = [];
  current: QueueSnapshot | undefined = snapshotOf();
  private readonly listeners = new Set<(snapshot: QueueSnapshot) => void>();

  async listEvents(): Promise<EventView[]> {
    return [eventOf()];
  }

  async createEvent(input: CreateEvent, author: Author): Promise<EventView> {
    if (input.event === 'evt_x') throw new TacosError('EVENT_EXISTS');
    this.created.push({ input, author });
    return eventOf({ event: input.event, name: input.name ?? '' });
  }

  snapshot(event: string): QueueSnapshot | undefined {
    return event === 'evt_x' ? this.current : undefined;
  }

  async load(event: string): Promise<void> {
    if (event !== 'evt_x') throw new TacosError('EVENT_NOT_FOUND');
    this.current ??= snapshotOf();
  }

  onChange(_event: string, listener: (snapshot: QueueSnapshot) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async changeBucket(event: string, change: BucketChange, options: ChangeOptions): Promise<ChangeReply> {
    this.changes.push({ event, change, options });
    const before = snapshotOf().bucket;
    if (options.ifRevision !== undefined && options.ifRevision !== before.revision) {
      throw new TacosError('VERSION_CONFLICT', { message: 'The settings are at revision 18 now.' });
    }
    const refill = change.refillPerSec ?? before.refillPerSec.now;
    const capacity = change.capacity ?? before.capacity.now;
    const after = {
      ...before,
      capacity: { now: capacity, target: capacity },
      refillPerSec: { now: refill, target: refill },
    };
    const plan = { kind: 'Change' as const, event, before, warnings: [] };
    if (change.dryRun) return { ...plan, after, applied: false, revision: 18 };
    return {
      ...plan,
      after: { ...after, revision: 19 },
      applied: true,
      revision: 19,
      auditId: 'aud_7R0D',
      receipt: { inForce: 6, of: 6, afterMs: 212, missing: [] },
    };
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** Streams that listen. */
  get listenerCount(): number {
    return this.listeners.size;
  }

  /** Changes the queue and tells every stream. */
  publish(snapshot: QueueSnapshot): void {
    this.current = snapshot;
    for (const listener of this.listeners) listener(snapshot);
  }
}

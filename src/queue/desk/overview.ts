/** The state of all queues at a moment, a row each: made at most once a second, and only while somebody looks. */
import type { Overview } from '../../contract/snapshot.ts';
import type { RedisClient } from '../../redis/client.ts';
import { settle } from '../bucket.ts';
import { phaseAt } from '../settings.ts';
import type { DeskEvent } from './desk-event.ts';
import type { DeskWide } from './desk-wide.ts';
import { closedLast, eventIds, readStored, type StoredEvent } from './events-list.ts';
import { bucketView, worstOf } from './views.ts';

type Listener = (overview: Overview) => void;
type Row = Overview['events'][number];

/** An overview is made anew when it is older, ms. */
const madeAnewMs = 950;
/** Who is not followed changes hardly ever: read again after so long, ms. */
const storedMs = 5_000;

export interface OverviewParts {
  readonly redis: RedisClient;
  readonly followed: ReadonlyMap<string, DeskEvent>;
  readonly wide: DeskWide;
  readonly nowMs: () => number;
}

export class OverviewFeed {
  private readonly parts: OverviewParts;
  private readonly listeners = new Set<Listener>();
  private last: { overview: Overview; text: string; atMs: number } | undefined;
  private making: Promise<Overview> | undefined;
  private stored: { events: readonly StoredEvent[]; ids: readonly string[]; atMs: number } | undefined;
  private seq = 0;

  constructor(parts: OverviewParts) {
    this.parts = parts;
  }

  onOverview(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** As of at most a second ago. @throws when Redis cannot be reached */
  async overview(): Promise<Overview> {
    const { last } = this;
    if (last && performance.now() - last.atMs < madeAnewMs) return aged(last);
    this.making ??= this.make().finally(() => {
      this.making = undefined;
    });
    return this.making;
  }

  /** Once a second: tells who listens. @throws when Redis cannot be reached */
  async tick(): Promise<void> {
    if (this.listeners.size > 0) await this.overview();
  }

  private async make(): Promise<Overview> {
    const { followed, wide, nowMs } = this.parts;
    const stored = await this.readStored();
    const now = nowMs();
    const ids = new Set(stored.ids);
    const rows = stored.events.filter(({ id }) => !followed.has(id)).map((event) => storedRow(event, now));
    let ageSec = 0;
    for (const event of followed.values()) {
      if (!ids.has(event.id)) continue;
      const snapshot = event.peek();
      ageSec = Math.max(ageSec, event.ageSec());
      rows.push(followedRow(snapshot));
    }
    const overview: Overview = {
      kind: 'Overview',
      asOf: new Date(now - ageSec * 1000).toISOString(),
      seq: 0,
      budget: wide.budget,
      redis: wide.figures,
      events: rows.sort(closedLast),
      ageSec,
      stale: ageSec > 1,
    };
    const text = JSON.stringify({ ...overview, asOf: '', ageSec: 0 });
    const differs = text !== this.last?.text;
    if (differs) this.seq += 1;
    const numbered = { ...overview, seq: this.seq };
    this.last = { overview: numbered, text, atMs: performance.now() };
    if (differs) for (const listener of this.listeners) listener(numbered);
    return numbered;
  }

  /** Ids anew each time, the keys of those who are not followed every few seconds or when there is a new one. */
  private async readStored(): Promise<{ events: readonly StoredEvent[]; ids: readonly string[] }> {
    const { redis, followed } = this.parts;
    const ids = await eventIds(redis);
    const isKnown = this.stored?.ids.join() === ids.join();
    if (this.stored && isKnown && performance.now() - this.stored.atMs < storedMs) return this.stored;
    const events = await readStored(
      redis,
      ids.filter((id) => !followed.has(id)),
    );
    this.stored = { events, ids, atMs: performance.now() };
    return this.stored;
  }
}

function aged({ overview, atMs }: { overview: Overview; atMs: number }): Overview {
  const ageSec = Math.round(overview.ageSec * 1000 + performance.now() - atMs) / 1000;
  return { ...overview, ageSec };
}

function followedRow(snapshot: ReturnType<DeskEvent['peek']>): Row {
  const { bucket } = snapshot;
  return {
    event: snapshot.event,
    name: snapshot.name,
    phase: snapshot.phase,
    paused: snapshot.paused,
    timeZone: snapshot.timeZone ?? 'UTC',
    waiting: snapshot.waiting,
    away: snapshot.away,
    admitPerSec: snapshot.admitPerSec,
    refillPerSec: bucket.refillPerSec.now,
    tokens: bucket.tokens,
    capacity: bucket.capacity.now,
    etaTailSec: snapshot.etaTailSec,
    confidence: snapshot.confidence,
    alarm: worstOf(snapshot.alarms),
  };
}

/** Of an event that nobody follows nothing is measured: nobody is admitted there, and its wait is not known. */
function storedRow({ id, settings, waiting, away, bucket: state }: StoredEvent, nowMs: number): Row {
  const settled = settings.paused ? state : settle(state, settings, nowMs * 1000);
  const bucket = bucketView(settings, settled.tokensMicro, nowMs);
  return {
    event: id,
    name: settings.name,
    phase: phaseAt(settings, nowMs),
    paused: settings.paused,
    timeZone: settings.timeZone,
    waiting,
    away,
    admitPerSec: 0,
    refillPerSec: bucket.refillPerSec.now,
    tokens: bucket.tokens,
    capacity: bucket.capacity.now,
    etaTailSec: 0,
    confidence: 0.2,
    alarm: null,
  };
}

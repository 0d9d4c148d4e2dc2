/** Reads audit trails page by page: of one event from its own stream, of all from the copies. */
import type { AuditEntry } from '../../contract/audit.ts';
import type { RedisClient } from '../../redis/client.ts';
import { askEach } from '../../redis/nodes.ts';
import { globalKeys } from '../global-scripts.ts';
import { parseTombs, type Tomb } from '../job-store.ts';
import { keysOf } from '../scripts.ts';
import { isOfHpa } from './hpa/undo-hpa.ts';
import {
  parseRecord,
  type Restore,
  type StreamEntry,
  TrailFold,
  type TrailRecord,
  withUndo,
} from './trail.ts';

const pageRecords = 200;

/** Which entries; newest first. */
export interface TrailQuery {
  readonly limit: number;
  /** Older than that audit id. One that is not in the trail: none are. */
  readonly before?: string;
}

/** What decides about an undo. */
interface EventState {
  readonly revision: number | undefined;
  /** When the event was made, Redis ms. */
  readonly sinceMs: number;
  readonly tombs: readonly Tomb[];
}

/** Where to read, and what of it. */
interface TrailSource {
  readonly key: string;
  /** Whose stream it is; null = of all events. */
  readonly event: string | null;
  /** Only records whose text has this in it are looked at: parsing a long trail takes a second. */
  readonly mentions?: string;
  readonly wanted?: (record: TrailRecord) => boolean;
}

const ofAll: TrailSource = { key: globalKeys.audit, event: null };

export class AuditReader {
  private readonly redis: RedisClient;
  private readonly nowMs: () => number;

  /** `nowMs`: Redis time, ms. */
  constructor(redis: RedisClient, nowMs: () => number) {
    this.redis = redis;
    this.nowMs = nowMs;
  }

  /** Entries of one event; of one that is gone, what was copied of it. */
  async ofEvent(event: string, query: TrailQuery): Promise<AuditEntry[]> {
    const { meta, audit } = keysOf(event);
    if ((await this.redis.exists(meta)) === 1)
      return this.withUndo(await this.collect({ key: audit, event }, query));
    const wanted = ({ entry }: TrailRecord): boolean => entry.event === event;
    return this.withUndo(await this.collect({ ...ofAll, mentions: event, wanted }, query));
  }

  /** Entries of all events, in the order in which they were copied: within a second that of their times. */
  async ofAll(query: TrailQuery): Promise<AuditEntry[]> {
    return this.withUndo(await this.collect(ofAll, query));
  }

  /** One entry, with what its event keeps for an undo; undefined = there is none. */
  async find(auditId: string): Promise<{ entry: AuditEntry; restore?: Restore } | undefined> {
    const wanted = ({ entry }: TrailRecord): boolean => entry.auditId === auditId;
    const it = { mentions: auditId, wanted };
    const [copy] = await this.collect({ ...ofAll, ...it }, { limit: 1 });
    const event = copy?.entry.event ?? null;
    // The event's own stream is the newer one: what came of it may not have been copied yet.
    const [own] =
      event === null ? [] : await this.collect({ key: keysOf(event).audit, event, ...it }, { limit: 1 });
    const record = own ?? copy;
    if (!record) return undefined;
    const [entry] = await this.withUndo([record]);
    if (!entry) return undefined;
    return { entry, ...(record.restore === undefined ? {} : { restore: record.restore }) };
  }

  private async collect(
    { key, event, mentions = '', wanted = () => true }: TrailSource,
    query: TrailQuery,
  ): Promise<TrailRecord[]> {
    const fold = new TrailFold();
    const found: TrailRecord[] = [];
    let isPast = query.before === undefined;
    let end = '+';
    while (found.length < query.limit) {
      const page = (await this.redis.xrevrange(key, end, '-', 'COUNT', pageRecords)) as StreamEntry[];
      for (const stored of page) {
        if (mentions !== '' && !stored[1].some((text) => text.includes(mentions))) continue;
        const parsed = parseRecord(stored, event);
        const record = parsed && fold.take(parsed);
        if (!record) continue;
        if (isPast && found.length < query.limit && wanted(record)) found.push(record);
        if (record.entry.auditId === query.before) isPast = true;
      }
      const last = page.at(-1);
      if (!last || page.length < pageRecords) break;
      end = `(${last[0]}`;
    }
    return found;
  }

  private async withUndo(records: readonly TrailRecord[]): Promise<AuditEntry[]> {
    const events = [...new Set(records.flatMap(({ entry }) => entry.event ?? []))];
    const states = new Map<string, EventState>();
    const replies = await askEach(this.redis, events.map(keysOf), {
      keyOf: ({ meta }) => meta,
      ask: (pipeline, keys) => pipeline.hmget(keys.meta, 'revision', 'createdAt').hget(keys.tombs, 'index'),
    });
    for (const [index, event] of events.entries()) {
      const [ofMeta, ofTombs] = replies[index] ?? [];
      const [revision, createdAt] = (ofMeta?.[1] ?? []) as (string | null)[];
      const tombs = ofTombs?.[1] as string | null | undefined;
      states.set(event, {
        revision: revision === null || revision === undefined ? undefined : Number(revision),
        sinceMs: Number(createdAt ?? 0),
        tombs: parseTombs(tombs ?? ''),
      });
    }
    const own = async (key: string): Promise<EventState> => {
      const revision = Number((await this.redis.hget(key, 'revision')) ?? 0);
      return { revision, sinceMs: 0, tombs: [] };
    };
    const [budget, hpa] = await Promise.all([own(globalKeys.budget), own(globalKeys.hpa)]);
    const gone: EventState = { revision: undefined, sinceMs: 0, tombs: [] };
    const nowMs = this.nowMs();
    return records.map((record) => {
      const { event, at } = record.entry;
      const eventless = isOfHpa(record) ? hpa : budget;
      const state = event === null ? eventless : (states.get(event) ?? gone);
      // One of an earlier event of that name says nothing of this one.
      return withUndo(record, { nowMs, ...(Date.parse(at) < state.sinceMs ? gone : state) });
    });
  }
}

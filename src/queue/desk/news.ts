/** What the desk tells the webhook: audit records as they are copied, and alarms as they go on and off. */

import type { ChangeReply } from '../../contract/actions.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import type { RedisClient } from '../../redis/client.ts';
import { type AlarmNews, AlarmTeller } from './alarm-teller.ts';
import type { DeskEvent } from './desk-event.ts';
import type { DeskWide } from './desk-wide.ts';
import { eventIds } from './events-list.ts';
import { type FaultEntry, FaultLog } from './fault-log.ts';
import { type FaultSight, FaultWatch } from './fault-watch.ts';
import { GlobalAudit } from './global-audit.ts';

/** Something to tell, once over all admin processes. */
export type News = { readonly kind: 'audit'; readonly entry: AuditEntry } | AlarmNews;
type Listener = (news: News) => void;

/** A record that is copied later than so long after its time is history, not news: a desk was started, ms. */
const freshMs = 600_000;
/** Events that nobody here follows and whose trail is looked at each second, in turns. */
const sweepEvents = 100;
/** Events asked about at a time where all are. */
const batchEvents = 500;
/** Records told directly that are remembered: one that is sent again comes within seconds. */
const toldMax = 1_000;
/** Cursors of events that are gone are looked for so often, ms. */
const forgetMs = 60_000;

export interface NewsParts {
  readonly redis: RedisClient;
  readonly nowMs: () => number;
  /** The events that are followed, with the alarms that are on and what they were made from. */
  readonly events: ReadonlyMap<string, Pick<DeskEvent, 'alarms' | 'facts'>>;
  readonly wide: Pick<DeskWide, 'failovers' | 'health'>;
}

export class NewsDesk {
  private readonly parts: NewsParts;
  private readonly audit: GlobalAudit;
  private readonly teller: AlarmTeller;
  private readonly faults: FaultLog;
  private readonly watch = new FaultWatch();
  /** Seen here and not written down yet. */
  private seen: FaultEntry[] = [];
  private readonly listeners = new Set<Listener>();
  private sweep: string[] = [];
  private forgotAtMs = Number.NEGATIVE_INFINITY;
  private readonly toldDirect = new Set<string>();

  constructor(parts: NewsParts) {
    this.parts = parts;
    this.audit = new GlobalAudit(parts.redis);
    this.teller = new AlarmTeller(parts.redis);
    this.faults = new FaultLog(parts.redis);
  }

  onNews(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Once a second. @throws when Redis cannot be reached */
  async look(): Promise<void> {
    const { events } = this.parts;
    this.seen.push(...this.watch.look(this.sight()));
    await this.copy([...events.keys(), ...(await this.nextOfSweep())]);
    const news = await this.teller.look(new Map([...events].map(([id, { alarms }]) => [id, alarms])));
    if (news !== undefined) await this.writeDown(news);
    // Whoever tells of alarms has seen them too.
    this.seen = [];
    for (const each of news ?? []) this.tell(each);
  }

  /** A look failed before it came here. */
  missed(): void {
    this.watch.missed();
  }

  /** Copies what these events have new to the trail of all events, and tells of it. */
  async copy(events: readonly string[]): Promise<void> {
    const nowMs = this.parts.nowMs();
    for (const entry of await this.audit.copy([...new Set(events)])) {
      if (nowMs - Date.parse(entry.at) <= freshMs) this.tell({ kind: 'audit', entry });
    }
  }

  /**
   * Tells of records that stand in the trail of all events only, as what they changed has none of its own: nobody
   * copies them, so whoever made the change tells. A change that was sent again is told once.
   */
  async tellDirect(
    { action, results }: ChangeReply,
    find: (auditId: string) => Promise<{ readonly entry: AuditEntry } | undefined>,
  ): Promise<void> {
    for (const { event, auditId, applied } of results) {
      if (!applied || auditId === null || (event !== null && action !== 'event.delete')) continue;
      await this.tellRecord(auditId, find);
    }
  }

  /** The same of one record. */
  async tellRecord(
    auditId: string,
    find: (auditId: string) => Promise<{ readonly entry: AuditEntry } | undefined>,
  ): Promise<void> {
    if (this.toldDirect.has(auditId)) return;
    if (this.toldDirect.size >= toldMax) this.toldDirect.clear();
    this.toldDirect.add(auditId);
    const found = await find(auditId);
    if (found) this.tell({ kind: 'audit', entry: found.entry });
  }

  /** Copies what any event has new: 10,000 events take a tenth of a second. */
  async copyAll(): Promise<void> {
    const ids = await eventIds(this.parts.redis);
    for (let from = 0; from < ids.length; from += batchEvents) {
      await this.copy(ids.slice(from, from + batchEvents));
    }
  }

  close(): Promise<void> {
    return this.teller.close();
  }

  private sight(): FaultSight {
    const { events, wide, nowMs } = this.parts;
    return {
      nowMs: nowMs(),
      failovers: wide.failovers,
      failoverAtMs: wide.health.failoverAtMs,
      facts: new Map([...events].map(([id, { facts }]) => [id, facts])),
    };
  }

  private writeDown(news: readonly AlarmNews[]): Promise<void> {
    const atMs = this.parts.nowMs();
    return this.faults.append([...this.seen, ...news.map((each) => ({ ...each, atMs }))]);
  }

  private async nextOfSweep(): Promise<string[]> {
    if (this.sweep.length === 0) {
      const copied = await this.copiedOnce();
      this.sweep = await eventIds(this.parts.redis);
      const known = new Set(this.sweep);
      await this.audit.forget(copied.filter((event) => !known.has(event)));
    }
    return this.sweep.splice(0, sweepEvents);
  }

  /** Events of which something was copied; read now and then, before the events there are, to find those gone since. */
  private async copiedOnce(): Promise<string[]> {
    if (performance.now() - this.forgotAtMs < forgetMs) return [];
    this.forgotAtMs = performance.now();
    return this.audit.copied();
  }

  private tell(news: News): void {
    for (const listener of this.listeners) listener(news);
  }
}

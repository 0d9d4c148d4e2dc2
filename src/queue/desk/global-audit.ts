/**
 * Copies what was changed from each event's own stream to one for all events, which outlives them. Every desk copies;
 * lua/copy_audit.lua sees to it that each record is copied once, and by whom, so that it is told once.
 */
import type { AuditEntry } from '../../contract/audit.ts';
import type { RedisClient } from '../../redis/client.ts';
import { askEach } from '../../redis/nodes.ts';
import { globalKeys, runGlobal } from '../global-scripts.ts';
import { keysOf } from '../scripts.ts';
import { formatCopy, parseRecord, type StreamEntry, type TrailRecord } from './trail.ts';

/** Records of one script call. */
const copyMax = 200;
/** Tries for one event in one pass: each either copies a batch or learns that somebody else did. */
const triesMax = 60;

export class GlobalAudit {
  private readonly redis: RedisClient;

  /** `redis` was opened with the global scripts. */
  constructor(redis: RedisClient) {
    this.redis = redis;
  }

  /** Copies what these events have new. Gives the entries that this call copied, oldest first an event. */
  async copy(events: readonly string[]): Promise<AuditEntry[]> {
    if (events.length === 0) return [];
    const cursors = await this.redis.hmget(globalKeys.auditSeen, ...events);
    const sources = events.map((event, index) => ({
      key: keysOf(event).audit,
      from: after(cursors[index] ?? ''),
    }));
    const replies = await askEach(this.redis, sources, {
      keyOf: ({ key }) => key,
      ask: (pipeline, { key, from }) => pipeline.xrange(key, from, '+', 'COUNT', copyMax),
    });
    const copied: TrailRecord[] = [];
    for (const [index, event] of events.entries()) {
      const entries = (replies[index]?.[0]?.[1] ?? []) as StreamEntry[];
      if (entries.length > 0) copied.push(...(await this.copyEvent(event, cursors[index] ?? '', entries)));
    }
    return copied.flatMap(({ entry, addsTo }) => (addsTo === undefined ? [entry] : []));
  }

  /** Events of which something was copied. */
  copied(): Promise<string[]> {
    return this.redis.hkeys(globalKeys.auditSeen);
  }

  /** Forgets how far events were copied that are gone. */
  async forget(events: readonly string[]): Promise<void> {
    if (events.length > 0) await this.redis.hdel(globalKeys.auditSeen, ...events);
  }

  private async copyEvent(
    event: string,
    cursor: string,
    first: readonly StreamEntry[],
  ): Promise<TrailRecord[]> {
    const copied: TrailRecord[] = [];
    let entries = first;
    let seen = cursor;
    for (let tries = 0; tries < triesMax && entries.length > 0; tries += 1) {
      const last = entries.at(-1)?.[0] ?? seen;
      const records = entries.flatMap((entry) => parseRecord(entry, event) ?? []);
      const texts = JSON.stringify(records.map(formatCopy));
      const [word, rest] = await runGlobal(this.redis, 'copy_audit', {
        event,
        after: seen,
        last,
        records: texts,
      });
      if (word === 'copied') copied.push(...records);
      if (word === 'copied' && entries.length < copyMax) break;
      seen = word === 'moved' ? String(rest) : last;
      entries = (await this.redis.xrange(
        keysOf(event).audit,
        after(seen),
        '+',
        'COUNT',
        copyMax,
      )) as StreamEntry[];
    }
    return copied;
  }
}

const after = (cursor: string): string => (cursor === '' ? '-' : `(${cursor}`);

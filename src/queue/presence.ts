/**
 * Who was heard, kept in memory and reported to Redis in bulk. A near place is reported at every heartbeat; one that is
 * far from the front at most once a minute, with a `due` that covers the minute, so polling costs Redis nothing.
 */
import {
  presenceBatchMax,
  presenceFarReportMs,
  presenceNearWaitSec,
  presenceReportMs,
  presenceSlackSec,
} from '../contract/limits.ts';

const blockPlaces = 1024;

/** What a heartbeat says. Times in Redis ms. */
export interface Heartbeat {
  readonly seq: number;
  readonly heardMs: number;
  readonly pollAfterSec: number;
  readonly near: boolean;
}

/** Whether a place counts as near the front: by its wait, or as two windows hold it. */
export const isNear = (position: number, waitSec: number, window: number): boolean =>
  waitSec < presenceNearWaitSec || position <= 2 * window;

/** Silence of a place begins so long after it was heard, ms: the longer of presence_sec and what it was told + 8 s. */
export const dueAfterMs = (presenceMs: number, pollAfterSec: number): number =>
  Math.max(presenceMs, (pollAfterSec + presenceSlackSec) * 1000) + presenceReportMs;

export class Presence {
  /** seq → due, tenths of a second since base. */
  private pending = new Map<number, number>();
  /** When each place was last reported, tenths of a second since base + 1, in blocks; 0 = never. */
  private readonly reported = new Map<number, Uint32Array>();
  private readonly baseMs: number;

  constructor(baseMs: number) {
    this.baseMs = baseMs;
  }

  /** Places waiting to be reported. */
  get size(): number {
    return this.pending.size;
  }

  heard(heartbeat: Heartbeat, presenceMs: number): void {
    const { seq, heardMs } = heartbeat;
    const number = Math.floor(seq / blockPlaces);
    let block = this.reported.get(number);
    if (!block) {
      block = new Uint32Array(blockPlaces);
      this.reported.set(number, block);
    }
    const nowDs = Math.max(0, Math.floor((heardMs - this.baseMs) / 100)) + 1;
    const lastDs = block[seq % blockPlaces] ?? 0;
    if (!heartbeat.near && lastDs > 0 && nowDs - lastDs < presenceFarReportMs / 100) return;
    block[seq % blockPlaces] = nowDs;
    const covered = heartbeat.near ? 0 : presenceFarReportMs;
    const dueMs = heardMs + dueAfterMs(presenceMs, heartbeat.pollAfterSec) + covered;
    this.pending.set(seq, Math.max(0, Math.ceil((dueMs - this.baseMs) / 100)));
  }

  /** Sets when the silence of a place begins, Redis ms: for a stream that was cut. */
  silentFrom(seq: number, dueMs: number): void {
    this.pending.set(seq, Math.max(0, Math.ceil((dueMs - this.baseMs) / 100)));
  }

  /** Takes out up to one batch of records as lua/presence.lua reads them: seq and due, 4 bytes each. */
  takeBatch(): { records: Buffer; entries: [seq: number, dueDs: number][] } | undefined {
    if (this.pending.size === 0) return undefined;
    const entries: [number, number][] = [];
    for (const entry of this.pending) {
      entries.push(entry);
      this.pending.delete(entry[0]);
      if (entries.length === presenceBatchMax) break;
    }
    const records = Buffer.allocUnsafe(entries.length * 8);
    for (const [index, [seq, dueDs]] of entries.entries()) {
      records.writeUInt32BE(seq, index * 8);
      records.writeUInt32BE(dueDs, index * 8 + 4);
    }
    return { records, entries };
  }

  /** Puts a batch back that could not be reported, unless its places were heard again meanwhile. */
  putBack(entries: readonly (readonly [seq: number, dueDs: number])[]): void {
    for (const [seq, dueDs] of entries) if (!this.pending.has(seq)) this.pending.set(seq, dueDs);
  }
}

/**
 * How many people of a line, those stepped around for their silence included, were not heard for a minute. Counted in
 * the background, from 4 bytes a place: every 5 s, and less often the longer the line is. See heard.ts for how far such
 * figures are right.
 */
import type { RedisClient } from '../../redis/client.ts';
import type { EtaModel } from '../eta.ts';
import type { Replica } from '../replica.ts';
import { windowAt } from '../settings.ts';
import { readDues } from './dues.ts';
import { heardSec, silentMs } from './heard.ts';

/** Shortest time between two counts, ms, and the places that take so long. */
const everyMs = 5_000;
const placesPerTurn = 300_000;
/** Longer lines are counted only while somebody watches. */
const unwatchedPlacesMax = 300_000;
const batchPlaces = 10_000;
/** Places that share one estimate of the wait. */
const etaPlaces = 200;

/** A line as it is counted. */
interface CountedLine {
  readonly replica: Replica;
  readonly eta: EtaModel;
  readonly dueKey: string;
  readonly nowMs: () => number;
}

export class SilentCount {
  private readonly redis: RedisClient;
  private count = 0;
  private nextMs = 0;
  private running = false;

  constructor(redis: RedisClient) {
    this.redis = redis;
  }

  /** As counted last. */
  get value(): number {
    return this.count;
  }

  /** Counts if it is time. @throws when Redis cannot be reached */
  async look(line: CountedLine & { readonly watched: boolean }): Promise<void> {
    const { replica, watched } = line;
    const places = replica.waiting.count + replica.away.size;
    if (places === 0) this.count = 0;
    const isTooLong = !watched && places >= unwatchedPlacesMax;
    if (this.running || places === 0 || isTooLong || performance.now() < this.nextMs) return;
    this.running = true;
    try {
      const turns = Math.max(1, places / placesPerTurn);
      this.nextMs = performance.now() + everyMs * turns;
      this.count = await this.countNow(line);
    } finally {
      this.running = false;
    }
  }

  private async countNow(line: CountedLine): Promise<number> {
    const { replica, eta, dueKey } = line;
    const { baseMs, presenceMs } = replica.settings;
    let silent = await this.countAway(line);
    for (let from = 1; ; from += batchPlaces) {
      const seqs = replica.waiting.slice(from, batchPlaces);
      const dueOf = await readDues(this.redis, dueKey, seqs);
      const nowMs = line.nowMs();
      const window = windowAt(replica.settings, nowMs);
      let etaSec = 0;
      for (const [index, seq] of seqs.entries()) {
        const position = from + index;
        if (index % etaPlaces === 0) etaSec = eta.at(position, nowMs).etaSec;
        const heard = heardSec({ dueDs: dueOf(seq), baseMs, presenceMs, position, window, etaSec, nowMs });
        if (heard !== null && heard * 1000 > silentMs) silent += 1;
      }
      if (seqs.length < batchPlaces) return silent;
    }
  }

  /** Of those who are stepped around for their silence; who never entered on their turn may well be heard. */
  private async countAway(line: CountedLine): Promise<number> {
    const { replica, eta, dueKey } = line;
    const { baseMs, presenceMs } = replica.settings;
    const away = [...replica.away].filter(([, { unclaimed }]) => !unclaimed).sort(([a], [b]) => a - b);
    let silent = 0;
    for (let from = 0; from < away.length; from += batchPlaces) {
      const batch = away.slice(from, from + batchPlaces);
      const dueOf = await readDues(
        this.redis,
        dueKey,
        batch.map(([seq]) => seq),
      );
      const nowMs = line.nowMs();
      const window = windowAt(replica.settings, nowMs);
      for (const [seq, { sinceMs }] of batch) {
        const position = replica.position(seq);
        const { etaSec } = eta.at(position, nowMs);
        const heard = heardSec({ dueDs: dueOf(seq), baseMs, presenceMs, position, window, etaSec, nowMs });
        // At the latest when they were stepped around their silence had begun.
        if (Math.max((heard ?? 0) * 1000, nowMs - sinceMs) > silentMs) silent += 1;
      }
    }
    return silent;
  }
}

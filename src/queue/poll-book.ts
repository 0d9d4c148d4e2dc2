/**
 * What one gateway process remembers of each place for an operator's question: polls, first and last of them, and the
 * latest refusals. Plain numbers in blocks, 12 bytes a place; nothing of it is told to Redis unless somebody asks.
 */
import { LRUCache } from 'lru-cache';

const blockPlaces = 1024;
/** Places whose refusals are kept, and refusals of each: 10,000 × 20 × some 40 bytes is 8 MB. */
const refusedPlacesMax = 10_000;
const refusalsMax = 20;

interface Block {
  readonly polls: Uint32Array;
  /** Tenths of a second since base + 1; 0 = never. */
  readonly firstDs: Uint32Array;
  readonly lastDs: Uint32Array;
}

/** A "no" that a visitor got. */
export interface Refusal {
  readonly atMs: number;
  readonly reason: string;
}

/** One place, as far as this process heard of it. Times in Redis ms; null = never. */
export interface PollStory {
  readonly polls: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Newest first. */
  readonly refusals: readonly Refusal[];
}

export class PollBook {
  private readonly blocks = new Map<number, Block>();
  private readonly refusals = new LRUCache<number, Refusal[]>({ max: refusedPlacesMax });
  private readonly baseMs: number;

  constructor(baseMs: number) {
    this.baseMs = baseMs;
  }

  /** Counts a poll, or a status pushed to a stream. */
  polled(seq: number, nowMs: number): void {
    const number = Math.floor(seq / blockPlaces);
    let block = this.blocks.get(number);
    if (!block) {
      const numbers = (): Uint32Array => new Uint32Array(blockPlaces);
      block = { polls: numbers(), firstDs: numbers(), lastDs: numbers() };
      this.blocks.set(number, block);
    }
    const at = seq % blockPlaces;
    const nowDs = Math.max(0, Math.floor((nowMs - this.baseMs) / 100)) + 1;
    block.polls[at] = (block.polls[at] ?? 0) + 1;
    if (block.firstDs[at] === 0) block.firstDs[at] = nowDs;
    block.lastDs[at] = nowDs;
  }

  /** Notes why an enter was refused. */
  refused(seq: number, refusal: Refusal): void {
    const known = this.refusals.get(seq);
    if (!known) this.refusals.set(seq, [refusal]);
    else {
      known.unshift(refusal);
      known.length = Math.min(known.length, refusalsMax);
    }
  }

  story(seq: number): PollStory {
    const block = this.blocks.get(Math.floor(seq / blockPlaces));
    const at = seq % blockPlaces;
    return {
      polls: block?.polls[at] ?? 0,
      firstMs: this.timeOf(block?.firstDs[at]),
      lastMs: this.timeOf(block?.lastDs[at]),
      refusals: this.refusals.peek(seq) ?? [],
    };
  }

  /** Places heard since a time, one bit a seq, bit 0 = seq 0 as Redis counts them: most significant first. */
  seenSince(sinceMs: number): Buffer {
    const sinceDs = Math.max(0, Math.ceil((sinceMs - this.baseMs) / 100)) + 1;
    let last = -1;
    for (const number of this.blocks.keys()) last = Math.max(last, number);
    const bits = Buffer.alloc(((last + 1) * blockPlaces) / 8);
    for (const [number, { lastDs }] of this.blocks) {
      for (let at = 0; at < blockPlaces; at += 1) {
        if ((lastDs[at] ?? 0) < sinceDs) continue;
        const seq = number * blockPlaces + at;
        bits[seq >> 3] = (bits[seq >> 3] ?? 0) | (128 >> (seq & 7));
      }
    }
    return bits;
  }

  private timeOf(ds: number | undefined): number | null {
    return ds === undefined || ds === 0 ? null : this.baseMs + (ds - 1) * 100;
  }
}

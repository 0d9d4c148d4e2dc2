/**
 * Limits how often one client asks, over all gateways, without a round trip: every process lets people through on its
 * own reading of the shared bucket, charges Redis for some twenty requests at a time in the background, and takes over
 * what the answer says. A reading is never lower than the truth, so nobody within the limit is refused; what several
 * processes let through on old readings becomes a debt that is paid back, so over seconds the limit holds. Whoever asks
 * seldom never reaches a charge and costs Redis nothing; whoever is refused costs nothing either. While Redis is away
 * every process goes by its own count.
 */
import type { limitScopes } from '../metrics/meters.ts';

export type LimitScope = (typeof limitScopes)[number];

/** A token bucket for each client of one scope. */
export interface Limit {
  readonly scope: LimitScope;
  /** Requests a second. */
  readonly perSec: number;
  /** Requests at once. */
  readonly burst: number;
}

/** Requests that were let through: how many, and how long ago the first of them was, ms. */
export interface Used {
  readonly count: number;
  readonly ageMs: number;
}

/** Takes requests out of a client's shared bucket and tells the tokens left, below 0 = owed, above the burst = full. */
export type ChargeShared = (limit: Limit, client: string, used: Used) => Promise<number>;

interface Bucket {
  /** As far as this process knows: the last shared reading, refilled, less what it let through since. */
  tokens: number;
  atMs: number;
  /** Let through since the last charge. */
  used: number;
  /** When the first of them was. */
  usedSinceMs: number;
  isCharging: boolean;
}

/**
 * Requests that one charge of Redis stands for: twenty, or a tenth of a second of a high limit; but at most a fifth of
 * the burst, lest many processes together let through more than the debt can hold.
 */
const chargeMin = 20;
const chargeOf = ({ perSec, burst }: Limit): number => Math.min(Math.max(chargeMin, perSec / 10), burst / 5);
/** Charges on their way at once; beyond, this process goes by its own count. */
const chargingMax = 500;
/** Requests are reckoned as at most so old, ms. */
const ageMsMax = 60_000;
/** Clients that one generation remembers. */
const clientsMax = 200_000;

export class RateLimiter {
  private readonly charge: ChargeShared;
  private readonly monoMs: () => number;
  private readonly books = new Map<Limit, Book>();
  private charging = 0;

  constructor(options: { readonly charge: ChargeShared; readonly monoMs?: () => number }) {
    this.charge = options.charge;
    this.monoMs = options.monoMs ?? (() => performance.now());
  }

  /** Counts a request: 0 = it may pass, else the seconds after which the next one may. */
  take(limit: Limit, client: string): number {
    const nowMs = this.monoMs();
    const bucket = this.bookOf(limit).get(client, nowMs);
    bucket.tokens = Math.min(limit.burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * limit.perSec);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return (1 - bucket.tokens) / limit.perSec;
    bucket.tokens -= 1;
    if (bucket.used <= 0) bucket.usedSinceMs = nowMs;
    bucket.used += 1;
    if (bucket.used >= chargeOf(limit) && !bucket.isCharging) {
      this.settle(limit, client, bucket);
    }
    return 0;
  }

  /** What was let through last is not to count after all. Where it was charged already, the next charge is lower. */
  giveBack(limit: Limit, client: string): void {
    const bucket = this.bookOf(limit).get(client, this.monoMs());
    bucket.tokens = Math.min(limit.burst, bucket.tokens + 1);
    bucket.used -= 1;
  }

  private settle(limit: Limit, client: string, bucket: Bucket): void {
    if (this.charging >= chargingMax) return;
    const ageMs = Math.min(ageMsMax, this.monoMs() - bucket.usedSinceMs);
    const used = { count: bucket.used, ageMs };
    bucket.used = 0;
    bucket.isCharging = true;
    this.charging += 1;
    this.charge(limit, client, used)
      .then(
        (tokens) => {
          // What went through while the charge was on its way is not in its answer.
          bucket.tokens = Math.min(limit.burst, tokens) - bucket.used;
          bucket.atMs = this.monoMs();
        },
        () => {
          // Redis is away. The charge may have arrived: counting it again could only be too strict.
        },
      )
      .finally(() => {
        bucket.isCharging = false;
        this.charging -= 1;
      });
  }

  private bookOf(limit: Limit): Book {
    let book = this.books.get(limit);
    if (book === undefined) {
      book = new Book(limit);
      this.books.set(limit, book);
    }
    return book;
  }
}

/**
 * The clients of one limit in two generations: a bucket that nobody asked for in the time in which it fills up is as
 * good as new, so it is let go with its generation.
 */
class Book {
  private readonly limit: Limit;
  private readonly lifeMs: number;
  private young = new Map<string, Bucket>();
  private old = new Map<string, Bucket>();
  private turnsAtMs: number | undefined;

  constructor(limit: Limit) {
    this.limit = limit;
    this.lifeMs = Math.max(1, limit.burst / limit.perSec) * 1000 * 2;
  }

  get(client: string, nowMs: number): Bucket {
    this.turnsAtMs ??= nowMs + this.lifeMs;
    if (nowMs >= this.turnsAtMs || this.young.size >= clientsMax) {
      this.old = this.young;
      this.young = new Map();
      this.turnsAtMs = nowMs + this.lifeMs;
    }
    const known = this.young.get(client);
    if (known !== undefined) return known;
    const bucket = this.old.get(client) ?? {
      tokens: this.limit.burst,
      atMs: nowMs,
      used: 0,
      usedSinceMs: nowMs,
      isCharging: false,
    };
    this.young.set(client, bucket);
    return bucket;
  }
}

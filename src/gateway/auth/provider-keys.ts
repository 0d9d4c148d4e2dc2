/**
 * The public keys of the provider of JWTs. They never become too old to use: while the provider is away, those known go
 * on verifying. Every answer replaces them as a whole, so that a key which was taken back ends within the cache time.
 *
 * In memory → Redis (what another gateway read) → provider. A timer looks again in the background: after the cache time,
 * or with growing pauses while that fails; another gateway may still have read them then. A key that is not known is
 * looked for at once, by one read for all who ask at the same time, and at most one in `cooldownMs`.
 */
import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JWK,
  type JWTHeaderParameters,
  type JWTVerifyGetKey,
} from 'jose';
import type { KeyShare, SharedKeys } from './key-share.ts';

export interface ProviderKeysOptions {
  /** Asks the provider; bounded in time. @throws Error saying why there are none */
  readonly fetchKeys: () => Promise<readonly JWK[]>;
  readonly share: KeyShare;
  /** Keys of this age are read again, ms. */
  readonly cacheMs: number;
  /** Least time between two reads from the provider, ms; default 2 s. */
  readonly cooldownMs?: number;
  readonly log: { warn(detail: object, message: string): void; info(detail: object, message: string): void };
}

/** No key is known, or not this one, and the provider cannot be asked. The token may be good. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
  readonly retryAfterSec = 2;
}

/** Pauses after reads that failed: 1 s, 2 s, 4 s …, ms. */
const pauseMsMin = 1_000;
const pauseMsMax = 30_000;

/** Requests that may wait for a key which is not known. */
const waitingMax = 1_000;

export class ProviderKeys {
  private readonly options: ProviderKeysOptions;
  private readonly cooldownMs: number;
  private lookup: JWTVerifyGetKey | undefined;
  private known: readonly string[] = [];
  /** When the keys in use were read from the provider, epoch ms. */
  private readMs = Number.NEGATIVE_INFINITY;
  private takenBack = 0;
  private starting: Promise<void> | undefined;
  /** The read under way. */
  private reading: Promise<void> | undefined;
  /** The read that begins when the cooldown is over. */
  private nextRead: Promise<void> | undefined;
  private beganMs = Number.NEGATIVE_INFINITY;
  private failures = 0;
  /** Keys for which the last read was made; those for which the next will be. */
  private soughtLast = new Set<string>();
  private soughtNext = new Set<string>();
  private waiting = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: ProviderKeysOptions) {
    this.options = options;
    this.cooldownMs = options.cooldownMs ?? 2_000;
  }

  /** Begins to read the keys, and goes on until `close`. Resolves when some are known or none can be had for now. */
  start(): Promise<void> {
    this.starting ??= this.begin();
    return this.starting;
  }

  /** Rises when a key that was known is not among the new ones: what was verified before may not be any more. */
  get generation(): number {
    return this.takenBack;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Finds the key of a token, for jwtVerify. @throws KeysUnavailableError, jose's errors */
  readonly find = async (header: JWTHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> => {
    if (this.lookup === undefined) await this.start();
    const look = (): Promise<CryptoKey | undefined> => this.keyOf(header, token);
    // Anybody writes headers: a kid may be any JSON.
    const id = JSON.stringify([header.alg, header.kid]);
    return (await look()) ?? (await this.sought(id, look));
  };

  private async keyOf(header: JWTHeaderParameters, token: FlattenedJWSInput) {
    try {
      return (await this.lookup?.(header, token)) as CryptoKey | undefined;
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error;
    }
  }

  /** A key that is not known: reads, or waits for the read under way. */
  private async sought(id: string, look: () => Promise<CryptoKey | undefined>): Promise<CryptoKey> {
    if (this.reading !== undefined) {
      await this.reading;
      const found = await look();
      if (found !== undefined) return found;
    }
    if (performance.now() < this.beganMs + this.cooldownMs) {
      if (this.failures > 0) throw new KeysUnavailableError();
      if (this.soughtLast.has(id)) throw new errors.JWKSNoMatchingKey();
    }
    if (this.waiting >= waitingMax) throw new KeysUnavailableError();
    this.waiting += 1;
    this.soughtNext.add(id);
    await this.read().finally(() => {
      this.waiting -= 1;
    });
    const found = await look();
    if (found !== undefined) return found;
    throw this.failures > 0 ? new KeysUnavailableError() : new errors.JWKSNoMatchingKey();
  }

  private async begin(): Promise<void> {
    const ageMs = await this.takeShared();
    if (ageMs === undefined) await this.read();
    else if (ageMs < this.options.cacheMs) this.lookLater(this.options.cacheMs - ageMs);
    else void this.read();
  }

  /** A read from the provider that begins after now, as soon as the cooldown allows; shared. Never rejects. */
  private read(): Promise<void> {
    this.nextRead ??= this.readAfterCooldown();
    return this.nextRead;
  }

  private async readAfterCooldown(): Promise<void> {
    const waitMs = this.beganMs + this.cooldownMs - performance.now();
    if (waitMs > 0) await pause(waitMs);
    await this.reading;
    // Whoever asks from now on may need what this read comes too early for.
    this.nextRead = undefined;
    this.soughtLast = this.soughtNext;
    this.soughtNext = new Set();
    this.beganMs = performance.now();
    this.reading = this.readNow();
    await this.reading;
    this.reading = undefined;
  }

  private async readNow(): Promise<void> {
    const { fetchKeys, share, cacheMs, log } = this.options;
    try {
      const read = { keys: await fetchKeys(), readMs: Date.now() };
      this.take(read);
      if (this.failures > 0) log.info({}, 'the signing keys of tokens can be read again');
      this.failures = 0;
      share.write(read).catch(() => {});
      this.lookLater(cacheMs);
    } catch (error) {
      this.failures += 1;
      if (this.failures === 1) {
        log.warn(
          { cause: causeOf(error) },
          'the signing keys of tokens cannot be read; those known stay in use',
        );
      }
      await (this.lookup === undefined ? this.takeShared() : this.takeLaterShared());
      this.lookLater(Math.min(pauseMsMax, pauseMsMin * 2 ** (this.failures - 1)));
    }
  }

  private take({ keys, readMs }: SharedKeys): void {
    const now = keys.map(({ kid, kty, crv, n, e, x, y }) => JSON.stringify([kid, kty, crv, n, e, x, y]));
    this.lookup = createLocalJWKSet({ keys: [...keys] });
    if (!this.known.every((key) => now.includes(key))) this.takenBack += 1;
    this.known = now;
    this.readMs = readMs;
  }

  /** Takes what another gateway read; their age in ms, undefined = there are none. Never rejects. */
  private async takeShared(): Promise<number | undefined> {
    try {
      const shared = await this.options.share.read();
      if (shared === undefined) return undefined;
      this.take(shared);
      return ageMsOf(shared);
    } catch (error) {
      this.options.log.warn(
        { cause: causeOf(error) },
        'the signing keys of tokens cannot be read from Redis',
      );
      return undefined;
    }
  }

  /** Looks again after so long, give or take: the gateways of a fleet must not ask all at once. */
  private lookLater(ms: number): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    this.timer = setTimeout(() => void this.lookAgain(), ms * (0.9 + 0.1 * Math.random()));
    this.timer.unref();
  }

  private async lookAgain(): Promise<void> {
    const { cacheMs } = this.options;
    const ageMs = this.failures > 0 ? undefined : await this.takeLaterShared();
    if (ageMs === undefined || ageMs > cacheMs / 2) await this.read();
    else this.lookLater(cacheMs - ageMs);
  }

  /** Takes what another gateway read later than what is in use: its age in ms, undefined = none. Never rejects. */
  private async takeLaterShared(): Promise<number | undefined> {
    const shared = await this.options.share.read().catch(() => undefined);
    if (shared === undefined || shared.readMs <= this.readMs) return undefined;
    this.take(shared);
    return ageMsOf(shared);
  }
}

const ageMsOf = ({ readMs }: SharedKeys): number => Math.max(0, Date.now() - readMs);

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as { code?: unknown; message?: unknown } | undefined;
  return String(cause?.code ?? cause?.message ?? error.message);
}

/**
 * A live feed: keeps a stream open, for ever, and holds the last thing it said with the state of the link.
 * Line mode and the live screen both read from here.
 *
 * The first connection must succeed, else `run` throws: a mistyped event is no reason to wait. After that the feed
 * reconnects with exponential backoff and full jitter, naming the last event it has seen; what it knows stays.
 */
import type { Overview, QueueSnapshot } from '../../contract/snapshot.ts';
import type { AdminApi, StreamOptions } from '../admin-api.ts';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Clock, pause } from '../runtime.ts';
import { type LinkFacts, noLink } from './link.ts';
import type { SignMessage } from './stream.ts';

const backoffMs = { min: 500, max: 10_000 };
/** Nothing at all, not even a heartbeat, for this long: the connection is dead, whatever TCP says. */
const silentMs = 8_000;

interface Surroundings {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** This screen may change things: other screens are told. Default false. */
  readonly write?: boolean;
}

/** Where a feed comes from: what its messages carry, and how to open it. */
export interface FeedSource<T extends { readonly ageSec: number }> extends Surroundings {
  readonly open: (options: StreamOptions) => AsyncIterable<DataMessage<T> | SignMessage>;
}

/** A message with data, whatever its kind. */
export interface DataMessage<T> {
  readonly kind: 'data';
  readonly id: string;
  readonly data: T;
}

/** A feed of data of one type. */
export class LiveFeed<T extends { readonly ageSec: number }> {
  /** What was heard last, and when, of the monotonic clock, ms. */
  latest: T | undefined;
  latestAtMs = 0;
  facts: LinkFacts = noLink;
  private readonly source: FeedSource<T>;
  private readonly listeners = new Set<(feed: this) => void>();
  private lastEventId: string | undefined;
  private resyncAsked: AbortController | undefined;
  private retryNow: AbortController | undefined;

  constructor(source: FeedSource<T>) {
    this.source = source;
  }

  /** Told of every message and change of the connection. */
  onChange(listener: (feed: this) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Drops the connection, or the wait for one, and opens another at once. */
  resync(): void {
    this.resyncAsked?.abort();
    this.retryNow?.abort();
  }

  /** Follows until told to stop or the event is gone. @throws CliError when the first connection fails */
  async run(): Promise<void> {
    const { signal } = this.source;
    while (!signal.aborted) {
      try {
        await this.followOnce();
      } catch (error) {
        if (signal.aborted) return;
        this.failed(error);
      }
      if (signal.aborted || this.isGone()) return;
      await this.waitToRetry();
    }
  }

  private async followOnce(): Promise<void> {
    const { open, signal, write = false } = this.source;
    const silence = new AbortController();
    const resync = new AbortController();
    this.resyncAsked = resync;
    let timer = setTimeout(() => silence.abort(), silentMs);
    const lastEventId = this.lastEventId;
    const messages = open({
      ...(lastEventId === undefined ? {} : { lastEventId }),
      ...(write ? { write } : {}),
      signal: AbortSignal.any([signal, silence.signal, resync.signal]),
    });
    try {
      for await (const message of messages) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silentMs);
        this.take(message);
        this.tell();
      }
    } finally {
      clearTimeout(timer);
      this.resyncAsked = undefined;
    }
  }

  private take(message: DataMessage<T> | SignMessage): void {
    const heardAtMs = this.source.clock.monotonic();
    if (message.kind === 'auth') {
      this.facts = { ...this.facts, end: 'auth' };
      return;
    }
    if (message.kind === 'heartbeat') {
      this.facts = { ...this.facts, heardAtMs, serverAgeSec: message.heartbeat.ageSec, isConnected: true };
      return;
    }
    this.lastEventId = message.id;
    this.latest = message.data;
    this.latestAtMs = heardAtMs;
    this.facts = {
      ...noLink,
      heardAtMs,
      serverAgeSec: message.data.ageSec,
      isInStep: true,
      isConnected: true,
    };
  }

  /** Decides what a broken or refused connection means. */
  private failed(error: unknown): void {
    if (this.latest === undefined) throw error;
    const exitCode = error instanceof CliError ? error.details.exitCode : undefined;
    if (exitCode === exitCodes.notFound) this.facts = { ...this.facts, end: 'gone' };
    else if (exitCode === exitCodes.notAllowed) this.facts = { ...this.facts, end: 'auth' };
  }

  private async waitToRetry(): Promise<void> {
    const { clock, random, signal } = this.source;
    const attempt = this.facts.attempt + 1;
    const most = Math.min(backoffMs.max, backoffMs.min * 2 ** (attempt - 1));
    const waitMs = random() * most;
    this.facts = {
      ...this.facts,
      isConnected: false,
      isInStep: false,
      attempt,
      retryAtMs: clock.monotonic() + waitMs,
    };
    const asked = new AbortController();
    this.retryNow = asked;
    this.tell();
    await pause(waitMs, AbortSignal.any([signal, asked.signal]));
    this.retryNow = undefined;
    this.facts = { ...this.facts, isConnected: true, retryAtMs: undefined };
    if (!signal.aborted) this.tell();
  }

  private isGone(): boolean {
    return this.facts.end === 'gone';
  }

  private tell(): void {
    for (const listener of this.listeners) listener(this);
  }
}

export interface FeedOptions extends Surroundings {
  readonly api: Pick<AdminApi, 'stream'>;
  readonly event: string;
}

/** The feed of one queue. */
export class Feed extends LiveFeed<QueueSnapshot> {
  readonly event: string;

  constructor({ api, event, ...surroundings }: FeedOptions) {
    super({
      ...surroundings,
      open: async function* (options) {
        for await (const message of api.stream(event, options)) {
          yield message.kind === 'snapshot'
            ? { kind: 'data', id: message.id, data: message.snapshot }
            : message;
        }
      },
    });
    this.event = event;
  }

  /** The last snapshot. */
  get snapshot(): QueueSnapshot | undefined {
    return this.latest;
  }
}

/** The feed of all queues. */
export class OverviewFeed extends LiveFeed<Overview> {
  constructor({ api, ...surroundings }: Surroundings & { readonly api: Pick<AdminApi, 'overviewStream'> }) {
    super({
      ...surroundings,
      open: async function* (options) {
        for await (const message of api.overviewStream(options)) {
          yield message.kind === 'overview'
            ? { kind: 'data', id: message.id, data: message.overview }
            : message;
        }
      },
    });
  }
}

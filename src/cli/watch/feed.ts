/**
 * The live feed of one queue: keeps a stream open, for ever, and holds the last snapshot with the state of the link.
 * Line mode and the live screen both read from here.
 *
 * The first connection must succeed, else `run` throws: a mistyped event is no reason to wait. After that the feed
 * reconnects with exponential backoff and full jitter, naming the last event it has seen; what it knows stays.
 */
import type { QueueSnapshot } from '../../contract/admin-api.ts';
import type { AdminApi } from '../api-client.ts';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Clock, pause } from '../runtime.ts';
import type { LinkFacts } from './link.ts';

const backoffMs = { min: 500, max: 10_000 };
/** Nothing at all, not even a heartbeat, for this long: the connection is dead, whatever TCP says. */
const silentMs = 8_000;

export interface FeedOptions {
  readonly api: Pick<AdminApi, 'stream'>;
  readonly event: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random: () => number;
}

export type FeedListener = (feed: Feed) => void;

export class Feed {
  snapshot: QueueSnapshot | undefined;
  facts: LinkFacts = {
    heardAtMs: undefined,
    serverAgeSec: 0,
    isInStep: false,
    isConnected: false,
    attempt: 0,
    retryAtMs: undefined,
    end: undefined,
  };
  private readonly options: FeedOptions;
  private readonly listeners = new Set<FeedListener>();
  private lastEventId: string | undefined;
  private resyncAsked: AbortController | undefined;

  constructor(options: FeedOptions) {
    this.options = options;
  }

  /** Told of every snapshot, heartbeat and change of the connection. */
  onChange(listener: FeedListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Drops the connection and opens another one at once. */
  resync(): void {
    this.resyncAsked?.abort();
  }

  /** Follows until told to stop or the event is gone. @throws CliError when the first connection fails */
  async run(): Promise<void> {
    const { signal } = this.options;
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
    const { api, event, signal } = this.options;
    const silence = new AbortController();
    const resync = new AbortController();
    this.resyncAsked = resync;
    let timer = setTimeout(() => silence.abort(), silentMs);
    const lastEventId = this.lastEventId;
    const messages = api.stream(event, {
      ...(lastEventId === undefined ? {} : { lastEventId }),
      signal: AbortSignal.any([signal, silence.signal, resync.signal]),
    });
    try {
      for await (const message of messages) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silentMs);
        const heardAtMs = this.options.clock.monotonic();
        if (message.kind === 'snapshot') {
          this.lastEventId = message.id;
          this.snapshot = message.snapshot;
          const serverAgeSec = message.snapshot.ageSec;
          this.facts = {
            heardAtMs,
            serverAgeSec,
            isInStep: true,
            isConnected: true,
            attempt: 0,
            retryAtMs: undefined,
            end: undefined,
          };
        } else {
          this.facts = {
            ...this.facts,
            heardAtMs,
            serverAgeSec: message.heartbeat.ageSec,
            isConnected: true,
          };
        }
        this.tell();
      }
    } finally {
      clearTimeout(timer);
      this.resyncAsked = undefined;
    }
  }

  /** Decides what a broken or refused connection means. */
  private failed(error: unknown): void {
    if (this.snapshot === undefined) throw error;
    const exitCode = error instanceof CliError ? error.details.exitCode : undefined;
    if (exitCode === exitCodes.notFound) this.facts = { ...this.facts, end: 'gone' };
    else if (exitCode === exitCodes.notAllowed) this.facts = { ...this.facts, end: 'auth' };
  }

  private async waitToRetry(): Promise<void> {
    const { clock, random, signal } = this.options;
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
    this.tell();
    await pause(waitMs, signal);
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

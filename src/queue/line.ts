/**
 * The line as one gateway process serves it: tokens in, answers out. Joins and enters go to Redis, statuses are
 * answered from replicas, heartbeats are reported in bulk. Boot order: connections → tailer → finder → upkeep.
 */

import { type Refusal, refuse, TacosError } from '../contract/errors.ts';
import type { EnterReply, JoinReply, LeaveReply, StatusReply } from '../contract/visitor-api.ts';
import { connect, type RedisClient } from '../redis/client.ts';
import { CommandCounts } from '../redis/command-counts.ts';
import { observeCommands } from '../redis/command-observer.ts';
import { Connections } from '../redis/connections.ts';
import { EnterDesk, reasonOf } from './enter-desk.ts';
import { eventGauges } from './event-gauges.ts';
import type { EventHost } from './event-host.ts';
import { EventFinder } from './events.ts';
import { Hosts } from './hosts.ts';
import { Keyring } from './keyring.ts';
import type { LineOptions } from './line-options.ts';
import type { Caller, JoinRequest, Line, LineGauges, Outcome, Unsubscribe } from './line-types.ts';
import { RedisClock } from './redis-clock.ts';
import { scripts } from './scripts.ts';
import type { ServedEvent } from './served-event.ts';
import { soon } from './soon.ts';
import { StaleEventError, Store } from './store.ts';
import { Streams } from './streams.ts';
import { isNewerToken, readWaitingToken, type WaitingToken } from './waiting-token.ts';

export type { LineOptions } from './line-options.ts';

const findMs = 1_000;
const rereadMs = 10_000;
const newerRetrySec = 5;

/** Opens the line. Resolves once Redis answered or after 1.5 s in vain; it goes on trying by itself. */
export async function createLine(options: LineOptions): Promise<Line> {
  const line = new RedisLine(options);
  await line.start();
  return line;
}

class RedisLine implements Line {
  private readonly options: LineOptions;
  private readonly keyring: Keyring;
  private readonly enters: EnterDesk;
  private readonly writes: RedisClient;
  private readonly reads: RedisClient;
  private readonly connections: Connections;
  private readonly counts = new CommandCounts();
  private readonly store: Store;
  private readonly clock = new RedisClock();
  private readonly finder: EventFinder;
  private readonly streams: Streams;
  private readonly hosts: Hosts;
  private findTimer: NodeJS.Timeout | undefined;
  private readonly keyTimer: NodeJS.Timeout | undefined;
  private loadedOnce = false;
  private closed = false;

  constructor(options: LineOptions) {
    this.options = options;
    this.keyring = new Keyring(options.waitingTokenKeys);
    this.writes = connect(options.redis, { name: 'tacos-write', scripts });
    this.reads = connect(options.redis, { name: 'tacos-read' });
    this.connections = new Connections([this.writes, this.reads], options.log);
    this.counts.watch(this.writes);
    this.counts.watch(this.reads);
    if (options.trace) {
      observeCommands(this.writes, options.trace.command, scripts);
      observeCommands(this.reads, options.trace.command);
    }
    this.store = new Store(this.writes, (event) => this.hosts.otherRun(event));
    this.enters = new EnterDesk({
      store: this.store,
      signer: options.passes,
      authRequired: options.enterAuthRequired,
    });
    if (options.rereadWaitingTokenKeys) this.keyTimer = setInterval(() => this.rereadKeys(), rereadMs);
    this.streams = new Streams({ nowMs: () => this.clock.nowMs() });
    this.hosts = new Hosts({
      writes: this.writes,
      reads: this.reads,
      store: this.store,
      clock: this.clock,
      keyring: this.keyring,
      gatewayId: options.gatewayId,
      workerId: options.workerId,
      timeZone: options.timeZone,
      ...(options.figures === undefined ? {} : { figures: options.figures }),
      ...(options.brake === undefined ? {} : { brake: options.brake }),
      ...(options.trace === undefined ? {} : { trace: options.trace }),
      isStreaming: (host, seq) => this.streams.isOpen(host, seq),
      onClosed: (host) => {
        this.streams.end(host);
        options.log.info({ event: host.served.id }, 'event is gone');
      },
      warn: (message, error, event) => this.warn(message, error, event),
      info: (message, event) => options.log.info({ event }, message),
    });
    this.finder = new EventFinder(this.reads);
  }

  async start(): Promise<void> {
    await this.connections.start();
    await this.find();
  }

  get ready(): boolean {
    return this.loadedOnce;
  }

  join(request: JoinRequest): Promise<Outcome<JoinReply>> {
    const known = this.hosts.get(request.eventId);
    if (known) return known.joins.join(request);
    const { eventsAutoCreate } = this.options;
    return soon(
      this.hosts.find(request.eventId, eventsAutoCreate).then((host) => {
        return 'code' in host ? host : host.joins.join(request);
      }),
    );
  }

  status(waitingToken: string): Outcome<StatusReply> | Promise<Outcome<StatusReply>> {
    const token = this.read(waitingToken);
    if ('code' in token) return token;
    const host = this.hosts.get(token.event);
    return host ? this.statusOf(host, token) : this.withHost(token, (found) => this.statusOf(found, token));
  }

  async enter(waitingToken: string, caller: Caller): Promise<Outcome<EnterReply>> {
    const token = this.read(waitingToken);
    if ('code' in token) return token;
    return this.withHost(token, (host) =>
      this.guarded(async () => {
        const asked = await this.enters.enter(host.served, token, caller);
        const outcome = returning(host, token, asked);
        const atMs = host.served.nowMs();
        if (outcome.ok) host.accuracy.entered(token.seq, atMs);
        else host.book.refused(token.seq, { atMs, reason: reasonOf(outcome) });
        return outcome;
      }),
    );
  }

  async leave(waitingToken: string): Promise<Outcome<LeaveReply>> {
    const token = this.read(waitingToken);
    if ('code' in token) return token;
    return this.withHost(token, (host) =>
      this.guarded(async () => {
        const word = await this.store.leave(host.served.ref, { seq: token.seq });
        if (word === 'unknown') return returning(host, token, refuse('TOKEN_NOT_FOUND'));
        if (word === 'entered') return refuse('ALREADY_ENTERED');
        if (word === 'expired') return refuse('TOKEN_EXPIRED');
        host.served.told.left(token.seq);
        return { ok: true, reply: { status: 'left', message: 'You have left the queue.' } };
      }),
    );
  }

  async subscribe(waitingToken: string, push: (reply: StatusReply) => void): Promise<Outcome<Unsubscribe>> {
    const token = this.read(waitingToken);
    if ('code' in token) return token;
    // The stream begins after the wait: one that was refused as late must not begin later.
    const found = await this.withHost(token, (host) => ({ ok: true, reply: host }));
    if (!found.ok) return found;
    const first = this.statusOf(found.reply, token);
    if (!first.ok) return first;
    return { ok: true, reply: this.streams.add(found.reply, token, first.reply, push) };
  }

  dependencies(): Record<string, { ok: boolean; detail: string }> {
    const stale = this.hosts.all().filter(({ served }) => served.isStale);
    return {
      redis: { ok: this.writes.status === 'ready', detail: this.connections.refusal ?? this.writes.status },
      replicas: {
        ok: this.loadedOnce && stale.length === 0,
        detail: this.loadedOnce ? `${this.hosts.size} loaded, ${stale.length} stale` : 'not loaded yet',
      },
    };
  }

  gauges(): LineGauges {
    const events = this.hosts.all().map((host) => eventGauges(host));
    return { events, redisCommands: this.counts.snapshot() };
  }

  facts(eventId: string): ServedEvent | undefined {
    return this.hosts.get(eventId)?.served;
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  noteRefusal(...[eventId = '', operation, code]: Parameters<Line['noteRefusal']>): void {
    this.hosts.get(eventId)?.refused(operation, code);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.findTimer);
    clearInterval(this.keyTimer);
    this.streams.close();
    await this.hosts.close();
    this.writes.disconnect();
    this.reads.disconnect();
  }

  /** The place of a token, counted; or that it is none of ours, or was asked about too often. */
  private read(waitingToken: string): WaitingToken | Refusal {
    const token = readWaitingToken(this.keyring, waitingToken);
    if (!token) {
      // A version that knows it is being rolled out or back: the visitor keeps the token, and asks again.
      if (isNewerToken(this.keyring, waitingToken))
        return refuse('UNAVAILABLE', { retryAfterSec: newerRetrySec });
      return refuse('TOKEN_NOT_FOUND');
    }
    const waitSec = this.options.limitPlace?.(token.life + token.seq) ?? 0;
    return waitSec > 0 ? refuse('RATE_LIMITED', { retryAfterSec: Math.ceil(waitSec) }) : token;
  }

  private statusOf(host: EventHost, token: WaitingToken): Outcome<StatusReply> {
    const { served } = host;
    if (token.life !== served.life) return refuse('TOKEN_NOT_FOUND');
    const reply = served.status(token);
    if (served.mayBeLost(token)) host.returns.note(token);
    if (!reply) return refuse('TOKEN_NOT_FOUND');
    host.heard(token.seq, reply);
    host.accuracy.shown(token.seq, reply, served.nowMs());
    return { ok: true, reply };
  }

  /** Runs `act` at the token's event, after loading it if need be. */
  private withHost<T>(
    token: WaitingToken,
    act: (host: EventHost) => Outcome<T> | Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const known = this.hosts.get(token.event);
    const at = (host: EventHost): Outcome<T> | Promise<Outcome<T>> =>
      token.life === host.served.life ? act(host) : refuse('TOKEN_NOT_FOUND');
    if (known) return Promise.resolve(at(known));
    return soon(
      this.hostOf(token).then((host) => {
        if (!('code' in host)) return at(host);
        return host.code === 'EVENT_NOT_FOUND' ? refuse('TOKEN_NOT_FOUND') : host;
      }),
    );
  }

  /** Where events are made by the first join, a token of one that is not there makes none: its Redis was a throwaway. */
  private hostOf(token: WaitingToken): Promise<EventHost | Refusal> {
    const { eventsAutoCreate } = this.options;
    return eventsAutoCreate ? this.hosts.find(token.event, false) : this.hosts.findByToken(token);
  }

  /** What Redis's absence makes of a transition: the place is safe, the visitor asks again. */
  private async guarded<T>(act: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof TacosError) return error.refusal;
      if (!(error instanceof StaleEventError)) this.warn('a transition failed', error, '');
      return refuse('UNAVAILABLE', { retryAfterSec: 2 });
    }
  }

  private async find(): Promise<void> {
    try {
      await this.hosts.open(await this.finder.look());
      this.loadedOnce = true;
    } catch (error) {
      this.finder.lookAgain();
      if (this.writes.status === 'ready') this.warn('looking for events failed', error, '');
    }
    if (!this.closed) this.findTimer = setTimeout(() => void this.find(), findMs);
  }

  private rereadKeys(): void {
    try {
      const keys = this.options.rereadWaitingTokenKeys?.();
      if (keys) this.keyring.update(keys);
    } catch (error) {
      this.warn('the waiting token keys could not be read again, the old ones stay', error, '');
    }
  }

  private warn(message: string, error: unknown, event: string): void {
    this.options.log.warn({ event, reason: this.connections.reasonOf(error) }, message);
  }
}

/** A refusal that stands only until the token's own word has reached Redis is one to ask again. */
function returning<T>(host: EventHost, token: WaitingToken, outcome: Outcome<T>): Outcome<T> {
  if (outcome.ok || !host.served.mayBeLost(token)) return outcome;
  const isNews = outcome.code === 'TOKEN_NOT_FOUND' || (outcome.code === 'NOT_YOURS' && token.verified);
  return isNews && host.returns.note(token) ? refuse('UNAVAILABLE', { retryAfterSec: 1 }) : outcome;
}

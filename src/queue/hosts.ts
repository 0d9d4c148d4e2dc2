/**
 * The events that one gateway process serves. An event is opened when the finder or a call asks for it and Redis knows
 * it; closed when it is gone; closed and opened anew when another life of it has taken its place.
 */
import { type Refusal, refuse, TacosError } from '../contract/errors.ts';
import type { RedisClient } from '../redis/client.ts';
import type { Ask } from './ask.ts';
import type { BrakePolicy } from './brake.ts';
import { EventHost } from './event-host.ts';
import { makeEvent, putAmongEvents } from './events.ts';
import type { Keyring } from './keyring.ts';
import type { LineTracer } from './line-tracer.ts';
import { Recoverer } from './recoverer.ts';
import { RecoveryStore } from './recovery-store.ts';
import type { RedisClock } from './redis-clock.ts';
import { mayRemake, remakeByToken } from './remake.ts';
import type { WorkerFigures } from './report-figures.ts';
import { ServedEvent } from './served-event.ts';
import type { Store } from './store.ts';
import { type Followed, Tailer } from './tailer.ts';
import type { WaitingToken } from './waiting-token.ts';

export interface HostsOptions {
  readonly writes: RedisClient;
  readonly reads: RedisClient;
  readonly store: Store;
  readonly clock: RedisClock;
  readonly keyring: Keyring;
  readonly gatewayId: string;
  readonly workerId: string;
  /** IANA zone of events that are made at the first join. */
  readonly timeZone: string;
  /** What the worker says of itself in its reports; absent = nothing. */
  readonly figures?: () => WorkerFigures;
  /** Whether a place has a stream open in this process. */
  readonly isStreaming?: (host: EventHost, seq: number) => boolean;
  /** Settings of the adaptive brake; absent = off. */
  readonly brake?: BrakePolicy;
  readonly trace?: LineTracer;
  /** Told of a host that serves no longer: nobody's place is there any more. */
  readonly onClosed: (host: EventHost) => void;
  readonly warn: (message: string, error: unknown, event: string) => void;
  readonly info: (message: string, event: string) => void;
}

const unknownEventMs = 1_000;
const unknownEventsMax = 10_000;

const isMissing = (until: ReadonlyMap<string, number>, event: string): boolean =>
  (until.get(event) ?? 0) > performance.now();

function noteMissing(until: Map<string, number>, event: string): void {
  if (until.size >= unknownEventsMax) until.clear();
  until.set(event, performance.now() + unknownEventMs);
}

export class Hosts {
  private readonly options: HostsOptions;
  private readonly tailer: Tailer;
  private readonly recovery: RecoveryStore;
  private readonly recoverer: Recoverer;
  private readonly hosts = new Map<string, EventHost>();
  private readonly unknownUntil = new Map<string, number>();
  /** Events that no token brings back, as far as is known until then. */
  private readonly endedUntil = new Map<string, number>();
  private readonly remakes = new Map<string, Promise<boolean>>();
  /** Event → the life of it that cannot be served here, so that it is told once. */
  private readonly refused = new Map<string, string>();

  constructor(options: HostsOptions) {
    this.options = options;
    this.tailer = new Tailer({
      redis: options.reads,
      clock: options.clock,
      onApplied: (followed, change) => this.applied(followed, change),
      onGone: (event) => this.drop(event),
      onLost: (event) => this.recoverer.lost(event),
      onError: (error, event) => options.warn('reading the journal failed', error, event),
    });
    this.recovery = new RecoveryStore(options.writes);
    this.recoverer = new Recoverer({
      store: this.recovery,
      workerId: options.workerId,
      followed: (event) => this.tailer.get(event),
      served: (event) => this.hosts.get(event)?.served,
      refresh: (event) => this.tailer.refresh(event),
      forget: (event, befores) => this.tailer.dropBefores(event, befores),
      announce: (event) => putAmongEvents(options.writes, event),
      info: options.info,
      warn: options.warn,
    });
  }

  /** A transition of this event was not sent, as its Redis runs anew. */
  otherRun(event: string): void {
    this.recoverer.lost(event);
  }

  get size(): number {
    return this.hosts.size;
  }

  get(event: string): EventHost | undefined {
    return this.hosts.get(event);
  }

  all(): EventHost[] {
    return [...this.hosts.values()];
  }

  /** Serves these events from now on. @throws when one of them could not be loaded */
  async open(events: readonly string[]): Promise<void> {
    await Promise.all(events.map((event) => this.tailer.follow(event)));
  }

  /** The host of an event, loaded if need be; made if `create` and there is no such event. */
  async find(event: string, create: boolean): Promise<EventHost | Refusal> {
    const known = this.hosts.get(event);
    if (known) return known;
    if (!create && isMissing(this.unknownUntil, event)) return refuse('EVENT_NOT_FOUND');
    try {
      if ((await this.tailer.follow(event)) || (create && (await this.autoCreate(event)))) {
        return this.hosts.get(event) ?? refuse('UNAVAILABLE', { retryAfterSec: 1 });
      }
    } catch (error) {
      if (error instanceof TacosError) return error.refusal;
      if (this.options.writes.status === 'ready') this.options.warn('loading an event failed', error, event);
      return refuse('UNAVAILABLE', { retryAfterSec: 2 });
    }
    noteMissing(this.unknownUntil, event);
    return refuse('EVENT_NOT_FOUND');
  }

  /**
   * The host of a token's event, loaded if need be; made again by the token where Redis was wiped and nobody is left who
   * knew the event.
   */
  async findByToken(token: WaitingToken): Promise<EventHost | Refusal> {
    const found = await this.find(token.event, false);
    if (!('code' in found) || found.code !== 'EVENT_NOT_FOUND') return found;
    if (!mayRemake(token, this.options.clock.nowMs())) return found;
    // That a join found no event says nothing of a token: only that it was not made again by one does.
    if (isMissing(this.endedUntil, token.event)) return found;
    try {
      if (!(await this.remade(token))) {
        noteMissing(this.endedUntil, token.event);
        return found;
      }
    } catch (error) {
      this.options.warn('an event could not be made again by a token', error, token.event);
      return refuse('UNAVAILABLE', { retryAfterSec: 2 });
    }
    this.unknownUntil.delete(token.event);
    return this.find(token.event, false);
  }

  /** Makes the event again, once for all who ask meanwhile. */
  private remade(token: WaitingToken): Promise<boolean> {
    const { writes, store, workerId, timeZone } = this.options;
    const underWay = this.remakes.get(token.event);
    if (underWay) return underWay;
    const tools = { redis: writes, store, recovery: this.recovery, worker: workerId, timeZone };
    const made = remakeByToken(tools, token).finally(() => this.remakes.delete(token.event));
    this.remakes.set(token.event, made);
    return made;
  }

  /** The last report of each event, then nothing more. */
  async close(): Promise<void> {
    this.recoverer.close();
    this.tailer.close();
    await Promise.allSettled(this.all().map((host) => host.close()));
  }

  private async autoCreate(event: string): Promise<boolean> {
    const { writes, store, keyring, timeZone } = this.options;
    const plan = { kind: 'auto', timeZone } as const;
    const audit = JSON.stringify({
      action: 'create',
      actor: 'gateway',
      reason: 'first join (EVENTS_AUTO_CREATE)',
    });
    await makeEvent(writes, store, { id: event, kid: keyring.signingKid, plan, audit });
    // The first answer may be that of a load which somebody else began before the event was there.
    return (await this.tailer.follow(event)) || this.tailer.follow(event);
  }

  private applied(followed: Followed, change: { settings: boolean; asked?: readonly Ask[] }): void {
    const { event, replica } = followed;
    let host = this.hosts.get(event);
    if (host && replica && host.served.life !== replica.settings.life) {
      this.drop(event);
      host = undefined;
    }
    host ??= this.openHost(followed);
    if (host && change.settings) host.acknowledge();
    if (host && replica && change.settings) host.served.told.follow(replica.settings);
    if (host && change.settings) this.recoverer.changed(followed);
    for (const ask of change.asked ?? []) if (host) void this.answer(host, ask);
  }

  /** An operator's question: what this process knows goes to Redis, where it is read and soon forgotten. */
  private async answer(host: EventHost, ask: Ask): Promise<void> {
    const { store, workerId, warn } = this.options;
    try {
      await store.answer(host.served.ref, { askId: ask.askId, worker: workerId, payload: host.answer(ask) });
    } catch (error) {
      warn('an operator’s question could not be answered', error, host.served.id);
    }
  }

  private openHost(followed: Followed): EventHost | undefined {
    const { writes, store, keyring, gatewayId, workerId, figures, isStreaming, brake, warn } = this.options;
    const { event, replica } = followed;
    const life = replica?.settings.life ?? '';
    if (this.refused.get(event) === life) return undefined;
    let served: ServedEvent;
    try {
      served = new ServedEvent({ followed, tailer: this.tailer, keyring });
    } catch (error) {
      this.refused.set(event, life);
      warn('this event cannot be served here', error, event);
      return undefined;
    }
    const onSweepError = (error: unknown): void => warn('a sweep failed', error, event);
    const host = new EventHost({
      served,
      store,
      redis: writes,
      keyring,
      gatewayId,
      workerId,
      ...(figures === undefined ? {} : { figures }),
      ...(isStreaming === undefined ? {} : { isStreaming }),
      ...(brake === undefined ? {} : { brake }),
      ...(this.options.trace === undefined ? {} : { trace: this.options.trace }),
      onSweepError,
      onReturnError: (error) => warn('places could not be given back by their tokens', error, event),
    });
    this.hosts.set(event, host);
    return host;
  }

  private drop(event: string): void {
    this.refused.delete(event);
    this.recoverer.drop(event);
    const host = this.hosts.get(event);
    if (!host) return;
    this.hosts.delete(event);
    void host.close();
    this.options.onClosed(host);
  }
}

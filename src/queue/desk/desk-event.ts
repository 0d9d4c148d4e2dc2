/**
 * One event as the desk watches it: snapshots with a running number, sent only when something differs and four times a
 * second at most. The last one made is also what a reader gets who asks meanwhile, so that one number is one state.
 */
import type { AlarmFacts } from '../../contract/alarm-facts.ts';
import { type Alarm, evaluateAlarms, newAlarmMemory } from '../../contract/alarms.ts';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import type { RedisClient } from '../../redis/client.ts';
import { EtaModel } from '../eta.ts';
import { etaInputs } from '../eta-inputs.ts';
import type { EventSecret, Keyring } from '../keyring.ts';
import type { Replica } from '../replica.ts';
import { isTimeZone, phaseAt, windowAt } from '../settings.ts';
import type { EventRef } from '../store.ts';
import type { Followed, Tailer } from '../tailer.ts';
import { alarmFacts } from './alarm-inputs.ts';
import type { DeskWide } from './desk-wide.ts';
import { EventReads } from './event-reads.ts';
import { streamingOf } from './fleet.ts';
import type { Report } from './receipt.ts';
import { References } from './references.ts';
import type { RowParts } from './rows.ts';
import { SilentCount } from './silent-count.ts';
import { snapshotOf } from './snapshot-of.ts';
import { seqOf } from './visitor-names.ts';

type Listener = (snapshot: QueueSnapshot) => void;

/** Who watches an event, and how far their numbers came: both outlast a loss of the event by Redis. */
export interface Audience {
  readonly listeners: Set<Listener>;
  seq: number;
}

/** A snapshot is made anew when it is older, ms: a little less than a tick, which is never early. */
const madeAnewMs = 240;
/** Somebody who asked within this time counts as watching, ms. */
const askedMs = 10_000;

export interface DeskEventOptions {
  readonly followed: Followed;
  readonly tailer: Tailer;
  readonly redis: RedisClient;
  readonly keyring: Keyring;
  readonly wide: DeskWide;
  readonly audience: Audience;
}

export class DeskEvent {
  readonly reads: EventReads;
  alarms: readonly Alarm[] = [];
  /** What the alarms were made from; undefined before the first look. */
  facts: AlarmFacts | undefined;
  private readonly options: DeskEventOptions;
  private readonly silent: SilentCount;
  private readonly alarmMemory = newAlarmMemory();
  /** What stands and falls with the event's life and incarnation. */
  private own: { life: string; incarnation: string; eta: EtaModel; references: References | undefined };
  /** Joins and leaves are known from here on, Redis ms. */
  sinceMs: number;
  private last: { snapshot: QueueSnapshot; text: string; atMs: number } | undefined;
  private askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DeskEventOptions) {
    this.options = options;
    this.reads = new EventReads(options.redis, options.followed.keys);
    this.silent = new SilentCount(options.redis);
    this.own = this.begin();
    this.sinceMs = options.followed.clock.nowMs();
  }

  get id(): string {
    return this.options.followed.event;
  }

  get replica(): Replica {
    const { replica } = this.options.followed;
    if (!replica) throw new Error(`event ${this.id} is not loaded`);
    return replica;
  }

  get ref(): EventRef {
    const { event, keys } = this.options.followed;
    return { id: event, keys, incarnation: this.replica.settings.incarnation };
  }

  /** Names people and places; undefined where the key that the event was made with is not known here. */
  get secret(): EventSecret | undefined {
    const { kid, life } = this.replica.settings;
    return this.options.keyring.eventSecret(kid, this.id, life);
  }

  get references(): References | undefined {
    return this.own.references;
  }

  tokensMicro(): number {
    return this.replica.tokensAt(this.options.followed.clock.nowUs());
  }

  /** Since the journal was last read to its end, s. */
  ageSec(): number {
    return Math.round(Math.max(0, performance.now() - this.options.followed.freshAtMs)) / 1000;
  }

  reports(): Promise<readonly Report[]> {
    return this.reads.readReports();
  }

  /** The seq of a visitor named as in contract/visitors.ts; undefined = nobody of that name. */
  resolve(visitorRef: string): Promise<number | undefined> {
    return seqOf(this, this.options.redis, visitorRef);
  }

  onChange(listener: Listener): () => void {
    const { listeners } = this.options.audience;
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** The state as it was at most a quarter of a second ago; its age is that of now. */
  snapshot(): QueueSnapshot {
    this.askedAtMs = performance.now();
    const { snapshot, atMs } = this.current();
    const ageSec = Math.round(snapshot.ageSec * 1000 + performance.now() - atMs) / 1000;
    return { ...snapshot, ageSec };
  }

  /** The last one made, about a second old at most; asking for it is no watching. */
  peek(): QueueSnapshot {
    return (this.last ?? this.make()).snapshot;
  }

  /** Sends a snapshot to whoever watches if something differs from the last one. */
  tick(): void {
    if (this.isWatched) this.current();
  }

  private get isWatched(): boolean {
    return this.options.audience.listeners.size > 0 || performance.now() - this.askedAtMs < askedMs;
  }

  /** Reads what is not in the journal, once a second. @throws when Redis cannot be reached */
  async look(): Promise<void> {
    const { followed } = this.options;
    const { clock } = followed;
    const nowMs = clock.nowMs();
    await this.reads.look(this.replica, nowMs);
    this.refreshEta();
    this.facts = alarmFacts(this, this.current().snapshot, this.options.wide, nowMs);
    this.alarms = evaluateAlarms(this.facts, this.alarmMemory);
    await this.silent.look({
      replica: this.replica,
      eta: this.own.eta,
      dueKey: followed.keys.due,
      watched: this.isWatched,
      nowMs: () => clock.nowMs(),
    });
  }

  /** Reads what was changed, and tells the listeners at once. @throws when Redis cannot be reached */
  async settingsChanged(): Promise<void> {
    const { life, incarnation } = this.replica.settings;
    if (life !== this.own.life || incarnation !== this.own.incarnation) {
      if (life !== this.own.life) this.sinceMs = this.options.followed.clock.nowMs();
      this.own = this.begin();
      this.reads.startAnew();
    }
    await this.reads.readChanges();
    this.make();
  }

  /** The parts of rows as they stand now. `dueOf`: of other places than the window's. */
  rowParts(dueOf: (seq: number) => number = (seq) => this.reads.dueOf(seq)): RowParts {
    const { clock } = this.options.followed;
    const { replica, own } = this;
    const { settings } = replica;
    const nowMs = clock.nowMs();
    this.refreshEta();
    return {
      replica,
      eta: own.eta,
      arrivals: this.reads.arrivals,
      view: {
        phase: phaseAt(settings, nowMs),
        paused: settings.paused,
        window: windowAt(settings, nowMs),
        tiers: settings.tiers,
        tokensMicro: this.tokensMicro(),
      },
      nowMs,
      // Of an event whose key is not known here nobody can be named.
      referenceOf: (seq) => own.references?.of(seq) ?? 'v_????????',
      dueOf,
      streaming: streamingOf(this.reads.reports, nowMs),
    };
  }

  private current(): { snapshot: QueueSnapshot; atMs: number } {
    const { last } = this;
    const isYoung = last !== undefined && performance.now() - last.atMs < madeAnewMs;
    // Whoever has just changed something finds it changed.
    return isYoung && last.snapshot.revision === this.replica.settings.revision ? last : this.make();
  }

  private make(): { snapshot: QueueSnapshot; atMs: number } {
    const atMs = performance.now();
    const { tailer, followed, wide, audience } = this.options;
    const snapshot = snapshotOf(
      {
        event: this.id,
        parts: this.rowParts(),
        reads: this.reads,
        alarms: this.alarms,
        silentOver60Sec: this.silent.value,
        sinceMs: this.sinceMs,
        tokensMicro: this.tokensMicro(),
        ageSec: this.ageSec(),
        stale: tailer.isStale(followed),
      },
      wide,
    );
    const text = JSON.stringify({ ...snapshot, asOf: '', ageSec: 0 });
    const differs = text !== this.last?.text;
    if (differs) audience.seq += 1;
    const numbered = { ...snapshot, seq: audience.seq };
    this.last = { snapshot: numbered, text, atMs };
    if (differs) for (const listener of audience.listeners) listener(numbered);
    return this.last;
  }

  private refreshEta(): void {
    this.own.eta.refresh(etaInputs(this.replica, this.options.followed.clock.nowMs(), this.tokensMicro()));
  }

  private begin(): typeof this.own {
    const { timeZone, life, incarnation } = this.replica.settings;
    const { secret } = this;
    return {
      life,
      incarnation,
      eta: new EtaModel({ timeZone: isTimeZone(timeZone) ? timeZone : 'UTC' }),
      references: secret && new References(secret),
    };
  }
}

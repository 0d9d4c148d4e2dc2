/**
 * One event as a gateway holds it in memory: who waits in which order, who is away, how places ended, the bucket and
 * the settings, all as of journal entry `n`. Made from a load of the keys plus the journal from the entry that was the
 * last when the load began; entries say absolute states, so those that the load had already seen do no harm.
 */
import { type BucketRates, type BucketState, settle } from './bucket.ts';
import type { EndedIndex, Ending } from './ended-index.ts';
import { Flow, type FlowSlot } from './flow.ts';
import type { JournalEntry } from './journal.ts';
import type { PlaceIndex } from './place-index.ts';
import { RecentGrants } from './recent-grants.ts';
import { Restorable } from './restorable.ts';
import { type EventSettings, parseSettings } from './settings.ts';

export interface AwayPlace {
  readonly sinceMs: number;
  readonly unclaimed: boolean;
}

export interface Totals {
  readonly joined: number;
  readonly entered: number;
  readonly left: number;
  readonly expired: number;
}

export type PlaceState = 'waiting' | 'away' | Exclude<Ending, 'none'> | 'ahead' | 'unknown';

/** What `load` read. */
export interface LoadedEvent {
  readonly n: number;
  readonly maxSeq: number;
  readonly meta: Readonly<Record<string, string>>;
  readonly bucket: BucketState;
  readonly waiting: PlaceIndex;
  readonly ended: EndedIndex;
  readonly away: ReadonlyMap<number, AwayPlace>;
  /** Expired places that can be given back, each list until its time (Redis ms). */
  readonly restorable?: readonly { readonly untilMs: number; readonly seqs: readonly number[] }[];
  /** 10 s slot → admissions, and the entry up to which they are counted. */
  readonly admits: readonly FlowSlot[];
  readonly admitsN: number;
}

export class Replica {
  readonly event: string;
  settings: EventSettings;
  /** The settings as Redis keeps them, to make the event again. */
  meta: Readonly<Record<string, string>>;
  /** The last journal entry taken in. */
  n: number;
  /** Highest seq given out. */
  maxSeq: number;
  readonly waiting: PlaceIndex;
  readonly flow: Flow;
  /** Places that entered lately → when, Redis ms. */
  readonly grants: RecentGrants;
  private readonly ended: EndedIndex;
  private readonly awayPlaces: Map<number, AwayPlace>;
  private readonly restorable = new Restorable();
  private readonly countFrom: number;
  private bucket: BucketState;
  /** Seqs that recoveries left out and nobody turned out to have. */
  private skipped: number;
  private endedCounts = { entered: 0, left: 0, expired: 0 };

  /** `before` is the replica that this one takes the place of: what it counted of the same life is kept. */
  constructor(event: string, loaded: LoadedEvent, before?: Replica) {
    this.event = event;
    this.meta = loaded.meta;
    this.settings = parseSettings(loaded.meta);
    this.skipped = Number(loaded.meta.skipped ?? 0);
    const isSameLife = before?.settings.life === this.settings.life;
    this.n = loaded.n;
    this.maxSeq = loaded.maxSeq;
    this.waiting = loaded.waiting;
    this.ended = loaded.ended;
    this.awayPlaces = new Map(loaded.away);
    this.bucket = loaded.bucket;
    for (const { untilMs, seqs } of loaded.restorable ?? []) this.restorable.add(seqs, untilMs);
    this.countFrom = loaded.admitsN;
    this.endedCounts = countEndings(loaded);
    this.flow = isSameLife && before ? before.flow : new Flow();
    this.grants = isSameLife && before ? before.grants : new RecentGrants();
    if (!isSameLife) this.flow.preload(loaded.admits);
  }

  get away(): ReadonlyMap<number, AwayPlace> {
    return this.awayPlaces;
  }

  get totals(): Totals {
    return { joined: this.maxSeq - this.skipped, ...this.endedCounts };
  }

  get rates(): BucketRates {
    return this.settings;
  }

  /** Where a place is. `ahead`: given out after the last entry that was read, so it waits. */
  state(seq: number): PlaceState {
    if (this.waiting.has(seq)) return 'waiting';
    if (seq > this.maxSeq) return 'ahead';
    if (this.awayPlaces.has(seq)) return 'away';
    const ending = this.ended.get(seq);
    return ending === 'none' ? 'unknown' : ending;
  }

  /** Until when an operator can give this expired place back, Redis ms; 0 = not (any more). */
  restorableUntil(seq: number): number {
    return this.ended.get(seq) === 'expired' ? this.restorable.until(seq) : 0;
  }

  /** People waiting in front + 1, also for a place that is away: what it would have on its return. */
  position(seq: number): number {
    const ahead = seq > this.maxSeq ? seq - this.maxSeq : 1;
    return this.waiting.countBefore(seq) + ahead;
  }

  /** Micro-tokens at a Redis time; the bucket stands still while paused. */
  tokensAt(nowUs: number): number {
    if (this.settings.paused) return this.bucket.tokensMicro;
    return settle(this.bucket, this.settings, nowUs).tokensMicro;
  }

  /** Takes in the next entry, read at `readMs` (Redis ms); the caller has seen to it that none is missing. */
  apply(n: number, entry: JournalEntry, readMs: number): void {
    this.n = n;
    switch (entry.kind) {
      case 'joined':
        for (let seq = entry.firstSeq; seq < entry.firstSeq + entry.count; seq += 1)
          this.waiting.set(seq, true);
        this.maxSeq = Math.max(this.maxSeq, entry.firstSeq + entry.count - 1);
        this.flow.record('joined', entry.nowMs, entry.count);
        return;
      case 'entered':
        this.end(entry.seq, 'entered');
        this.grants.note(entry.seq, entry.refilledAtUs / 1000);
        this.bucket = { tokensMicro: entry.tokensMicro, refilledAtUs: entry.refilledAtUs };
        if (n > this.countFrom) this.flow.record('entered', entry.refilledAtUs / 1000, 1);
        return;
      case 'left':
        this.end(entry.seq, 'left');
        this.flow.record('left', entry.nowMs, 1);
        return;
      case 'away':
        for (const seq of entry.seqs) {
          this.waiting.set(seq, false);
          this.awayPlaces.set(seq, { sinceMs: entry.nowMs, unclaimed: entry.reason === 'unclaimed' });
        }
        this.flow.record(entry.reason, entry.nowMs, entry.seqs.length);
        return;
      case 'back':
        for (const seq of entry.seqs) {
          this.awayPlaces.delete(seq);
          this.waiting.set(seq, true);
        }
        this.flow.record('back', readMs, entry.seqs.length);
        return;
      case 'expired':
        this.restorable.forget(entry.nowMs);
        for (const seq of entry.seqs) this.end(seq, 'expired');
        if (entry.restorableUntilMs) this.restorable.add(entry.seqs, entry.restorableUntilMs);
        this.flow.record('expired', entry.nowMs, entry.seqs.length);
        return;
      case 'restored':
        for (const seq of entry.seqs) this.giveBack(seq);
        this.skipped = entry.skipped ?? this.skipped;
        this.restorable.remove(entry.seqs);
        return;
      case 'remembered':
        for (const seq of entry.seqs) this.end(seq, entry.how);
        this.skipped = entry.skipped;
        return;
      case 'settings':
        this.restorable.forget(readMs);
        this.meta = entry.meta;
        this.settings = parseSettings(entry.meta);
        this.bucket = { tokensMicro: entry.tokensMicro, refilledAtUs: entry.refilledAtUs };
        return;
      case 'asked':
      case 'unknown':
    }
  }

  private end(seq: number, how: 'entered' | 'left' | 'expired'): void {
    this.waiting.set(seq, false);
    this.awayPlaces.delete(seq);
    this.countEnding(seq, how);
  }

  private giveBack(seq: number): void {
    this.countEnding(seq, 'none');
    this.awayPlaces.delete(seq);
    this.waiting.set(seq, true);
  }

  private countEnding(seq: number, how: Ending): void {
    const before = this.ended.get(seq);
    if (before === how) return;
    if (before !== 'none') this.endedCounts[before] -= 1;
    if (how !== 'none') this.endedCounts[how] += 1;
    this.ended.set(seq, how);
  }
}

function countEndings(loaded: LoadedEvent): { entered: number; left: number; expired: number } {
  const counts = { entered: 0, left: 0, expired: 0 };
  for (let seq = 1; seq <= loaded.maxSeq; seq += 1) {
    const ending = loaded.ended.get(seq);
    if (ending !== 'none') counts[ending] += 1;
  }
  return counts;
}

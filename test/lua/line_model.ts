/** The line as plain TypeScript, simple enough to be believed: what every script must answer and leave behind. */
import { overdraftTokens } from '../../src/contract/limits.ts';
import { type BucketState, settle } from '../../src/queue/bucket.ts';
import type { JournalEntry } from '../../src/queue/journal.ts';
import { type EventSettings, phaseAt, tierWaitMs, windowAt } from '../../src/queue/settings.ts';
import type { EnterReply, JoinException } from '../../src/queue/store.ts';
import { t0Us } from './line.ts';
import type { PlaceState, States } from './sound.ts';

interface Place {
  state: PlaceState;
  readonly joinedMs: number;
  dueDs: number;
  grantedMs?: number;
  /** Persons and keys that hold it, with the body of the join. */
  readonly names: readonly string[];
  readonly body: string;
}

/** A member of a batch: who joins, under which key, with which body. */
export interface ModelMember {
  readonly person?: string;
  readonly key?: string;
  readonly body?: string;
}

const dueDs = (nowUs: number, dueMs: number): number =>
  Math.max(0, Math.ceil((Math.floor(nowUs / 1000) + dueMs - t0Us / 1000) / 100));

export class LineModel {
  readonly places: Place[] = [];
  settings: EventSettings;
  bucket: BucketState;
  private readonly people = new Map<string, { seq: number; body: string }>();
  private readonly subjects = new Map<string, number>();
  restoring = false;
  private sweptMs = 0;
  private graceMs = 0;

  constructor(settings: EventSettings, bucket: BucketState) {
    this.settings = settings;
    this.bucket = bucket;
  }

  get states(): States {
    return new Map(this.places.map(({ state }, index) => [index + 1, state]));
  }

  place(seq: number): Place {
    const place = this.places[seq - 1];
    if (!place) throw new Error(`no place ${seq}`);
    return place;
  }

  get waiting(): number[] {
    return this.places.flatMap(({ state }, index) => (state === 'waiting' ? [index + 1] : []));
  }

  position(seq: number): number {
    return this.waiting.filter((other) => other < seq).length + 1;
  }

  private isLive(seq: number): boolean {
    return ['waiting', 'silent', 'unclaimed'].includes(this.place(seq).state);
  }

  tokensAt(nowUs: number): number {
    return this.settings.paused
      ? this.bucket.tokensMicro
      : settle(this.bucket, this.settings, nowUs).tokensMicro;
  }

  join(
    members: readonly ModelMember[],
    nowUs: number,
    dueMs: number,
  ): { word: string; exceptions: JoinException[] } {
    const nowMs = Math.floor(nowUs / 1000);
    const phase = phaseAt(this.settings, nowMs);
    if (phase === 'draining' || phase === 'closed') return { word: 'closed', exceptions: [] };
    const exceptions: JoinException[] = [];
    for (const [member, { person, key, body = '' }] of members.entries()) {
      const byKey = this.holder(key && `key ${key}`);
      const held = byKey ?? this.holder(person && `person ${person}`);
      if (held) {
        const { joinedMs } = this.place(held.seq);
        const what = byKey ? (byKey.body === body ? 0 : 2) : 1;
        exceptions.push({ member, what, seq: held.seq, joinedMs });
        continue;
      }
      const names = [...(person ? [`person ${person}`] : []), ...(key ? [`key ${key}`] : [])];
      this.places.push({ state: 'waiting', joinedMs: nowMs, dueDs: dueDs(nowUs, dueMs), names, body });
      for (const name of names) this.people.set(name, { seq: this.places.length, body });
    }
    return { word: 'joined', exceptions };
  }

  private holder(name: string | undefined): { seq: number; body: string } | undefined {
    const held = name === undefined ? undefined : this.people.get(name);
    return held && this.isLive(held.seq) ? held : undefined;
  }

  enter(
    seq: number,
    subject: string,
    nowUs: number,
    dueMs: number,
  ): EnterReply['word'] | { denied: string; position: number } {
    const place = this.place(seq);
    const nowMs = Math.floor(nowUs / 1000);
    if (place.state === 'entered') {
      if (subject !== '' && this.subjects.get(subject) !== seq) return 'not_yours';
      if (nowMs - (place.grantedMs ?? 0) >= 30_000) return 'entered';
      return subject === '' && [...this.subjects.values()].includes(seq) ? 'not_yours' : 'granted';
    }
    if (place.state === 'left' || place.state === 'expired') return place.state;
    const phase = phaseAt(this.settings, nowMs);
    if (phase === 'closed') return 'closed';
    if (this.subjects.has(subject)) return 'subject_entered';
    const position = this.position(seq);
    const denied = this.whyNot(position, nowMs - place.joinedMs, nowUs);
    if (denied) {
      place.state = 'waiting';
      place.dueDs = dueDs(nowUs, dueMs);
      return { denied, position };
    }
    this.bucket = { tokensMicro: this.tokensAt(nowUs) - 1_000_000, refilledAtUs: nowUs };
    place.state = 'entered';
    place.grantedMs = nowMs;
    if (subject !== '') this.subjects.set(subject, seq);
    return 'granted';
  }

  private whyNot(position: number, waitedMs: number, nowUs: number): string | undefined {
    const phase = phaseAt(this.settings, nowUs / 1000);
    if (phase !== 'open' && phase !== 'draining') return 'not_open';
    if (this.settings.paused) return 'paused';
    if (this.restoring) return 'restoring';
    if (position > windowAt(this.settings, nowUs / 1000)) return 'window';
    if (waitedMs < tierWaitMs(this.settings.tiers, position)) return 'waited';
    const tokens = this.tokensAt(nowUs) / 1e6 + (position <= 10 ? overdraftTokens : 0);
    return position > Math.floor(tokens) ? 'tokens' : undefined;
  }

  leave(seq: number): string {
    const place = this.place(seq);
    if (!this.isLive(seq)) return place.state;
    place.state = 'left';
    return 'left';
  }

  /** How many come back. */
  hear(seqs: readonly number[], nowUs: number, dueMs: number): number {
    const back = new Set(seqs.filter((seq) => this.place(seq).state === 'silent'));
    for (const seq of seqs) {
      // As `presenceRecords` rounds it: from whole microseconds.
      this.place(seq).dueDs = Math.ceil((nowUs + dueMs * 1000 - t0Us) / 100_000);
      if (back.has(seq)) this.place(seq).state = 'waiting';
    }
    return back.size;
  }

  /** Who must be stepped around as silent, given who was as unclaimed (the claim clocks have their own tests). */
  sweep(nowUs: number, limit: number, unclaimed: readonly number[]): number[] {
    const nowMs = Math.floor(nowUs / 1000);
    if (this.sweptMs > 0 && nowMs - this.sweptMs > 5_000) this.graceMs = nowMs;
    this.sweptMs = nowMs;
    const phase = phaseAt(this.settings, nowMs);
    if (phase !== 'open' && phase !== 'draining') return [];
    const isClaimed = new Set(unclaimed);
    const silent: number[] = [];
    let present = 0;
    for (const seq of this.waiting) {
      const isSilent =
        nowMs >= this.graceMs + 40_000 && this.place(seq).dueDs < Math.floor((nowMs - t0Us / 1000) / 100);
      if (isClaimed.has(seq)) this.place(seq).state = 'unclaimed';
      else if (isSilent) silent.push(seq);
      else present += 1;
      const moved = silent.length + unclaimed.filter((other) => other <= seq).length;
      if (present >= windowAt(this.settings, nowMs) || moved >= limit) break;
    }
    for (const seq of silent) this.place(seq).state = 'silent';
    return silent;
  }

  /** Takes over who expired, after judging that each was silent for so long. */
  expire(seqs: readonly number[], nowUs: number, nearMs: number): void {
    const nowMs = Math.floor(nowUs / 1000);
    if (seqs.length > 0 && nowMs < this.graceMs + 300_000) throw new Error('expired in the grace time');
    for (const seq of seqs) {
      const silentMs = nowMs - t0Us / 1000 - this.place(seq).dueDs * 100;
      if (!this.isLive(seq) || silentMs < nearMs - 100)
        throw new Error(`place ${seq} expired after ${silentMs} ms`);
      this.place(seq).state = 'expired';
    }
  }

  /** Takes over who an operator expired: who was silent for so long, or anybody. */
  expireByOperator(seqs: readonly number[], nowUs: number, silentForMs: number | undefined): void {
    const nowMs = Math.floor(nowUs / 1000);
    for (const seq of seqs) {
      const heardMs = Math.max(t0Us / 1000 + this.place(seq).dueDs * 100, this.graceMs + 40_000);
      const isSilent = nowMs - heardMs >= Math.max(0, (silentForMs ?? 0) - this.settings.presenceMs);
      if (!this.isLive(seq) || !(silentForMs === undefined || isSilent))
        throw new Error(`place ${seq} is ${this.place(seq).state} and was expired`);
      this.place(seq).state = 'expired';
    }
  }

  /** Takes over who was given back: their names lead to them again, as heard now. */
  restore(seqs: readonly number[], nowUs: number, dueMs: number): void {
    for (const seq of seqs) {
      const place = this.place(seq);
      if (place.state !== 'expired') throw new Error(`place ${seq} is ${place.state} and was given back`);
      place.state = 'waiting';
      place.dueDs = dueDs(nowUs, dueMs);
      for (const name of place.names) this.people.set(name, { seq, body: place.body });
    }
  }

  /** Takes over a place that ended because a smaller one of the same person is given back. */
  endNewer(seq: number): void {
    const place = this.place(seq);
    if (place.names.length === 0 || !(this.isLive(seq) || place.state === 'expired'))
      throw new Error(`place ${seq} is ${place.state} and was ended`);
    place.state = 'left';
  }

  /** @throws where one person or key holds two places */
  expectOnePlaceEach(): void {
    const holders = new Map<string, number>();
    for (const [index, { names }] of this.places.entries()) {
      if (!this.isLive(index + 1)) continue;
      for (const name of names) {
        if (holders.has(name)) throw new Error(`${name} holds ${holders.get(name)} and ${index + 1}`);
        holders.set(name, index + 1);
      }
    }
  }

  /** A closed event is open again: silence counts from now on. */
  reopened(nowUs: number): void {
    this.graceMs = Math.floor(nowUs / 1000);
  }

  /** Before settings change: the bucket as it is, at the old rates. */
  settleBucket(nowUs: number): void {
    this.bucket = { tokensMicro: this.tokensAt(nowUs), refilledAtUs: nowUs };
  }
}

/** The seqs of entries of a kind. */
export function seqsOf(
  entries: readonly JournalEntry[],
  kind: 'expired' | 'restored' | 'left' | 'silent' | 'unclaimed',
): number[] {
  return entries.flatMap((entry) => {
    if (entry.kind === 'expired' || entry.kind === 'restored') return entry.kind === kind ? entry.seqs : [];
    if (entry.kind === 'left') return kind === 'left' ? [entry.seq] : [];
    return entry.kind === 'away' && entry.reason === kind ? entry.seqs : [];
  });
}

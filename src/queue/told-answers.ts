/**
 * What this process told visitors itself. Its replica learns of that from the journal a moment later; where Redis dies in
 * that moment and forgets it, nobody else knows. Who entered by which subject is in no journal at all.
 */
import { recentGrantsMax } from '../contract/limits.ts';
import type { KnownPlace } from './recovery-store.ts';
import type { Replica } from './replica.ts';
import type { EventSettings } from './settings.ts';

interface Given {
  readonly incarnation: string;
  readonly firstSeq: number;
  readonly count: number;
}

export class ToldAnswers {
  /** Places given that the replica did not know yet, a batch each. */
  private given: Given[] = [];
  /** Places that ended, in the order of the answers: the last ones. */
  private readonly ended = new Map<number, KnownPlace>();
  private highest = 0;
  private known: Pick<EventSettings, 'incarnation' | 'epoch'> | undefined;

  /** Highest seq of a place given. */
  get seq(): number {
    return this.highest;
  }

  /** The settings as they are now: where a flush began another incarnation, what was told before it counts no more. */
  follow({ incarnation, epoch }: Pick<EventSettings, 'incarnation' | 'epoch'>): void {
    if (this.known?.epoch === epoch && this.known.incarnation !== incarnation) {
      this.given = [];
      this.ended.clear();
    }
    this.known = { incarnation, epoch };
  }

  /** Places were given in this incarnation of the event; what the replica of it knows by now is forgotten. */
  joined(firstSeq: number, count: number, replica: Replica): void {
    if (count === 0) return;
    const { incarnation } = replica.settings;
    this.highest = Math.max(this.highest, firstSeq + count - 1);
    this.given = this.given.filter(
      (one) => one.incarnation !== incarnation || one.firstSeq + one.count > replica.maxSeq + 1,
    );
    this.given.push({ incarnation, firstSeq, count });
  }

  /** A place was let in: when (Redis ms), and the digest of its subject where one is known. */
  entered(seq: number, grantedMs: number, subject?: Buffer): void {
    this.note({ seq, what: 'entered', grantedMs, ...(subject === undefined ? {} : { subject }) });
  }

  left(seq: number): void {
    this.note({ seq, what: 'left' });
  }

  /** Subject that a place was entered by, where this process let it in. */
  subjectOf(seq: number): Buffer | undefined {
    return this.ended.get(seq)?.subject;
  }

  /**
   * What it told, and `now` does not know; also grants to subjects since a Redis time (ms), as others who give them back do
   * not know to whom.
   */
  lost(now: Replica, sinceMs: number): KnownPlace[] {
    const places: KnownPlace[] = [];
    for (const { incarnation, firstSeq, count } of this.given) {
      if (incarnation === now.settings.incarnation) continue;
      for (let seq = firstSeq; seq < firstSeq + count; seq += 1)
        if (!this.ended.has(seq) && now.state(seq) === 'unknown') places.push({ seq, what: 'waiting' });
    }
    for (const place of this.ended.values()) {
      const is = now.state(place.seq);
      const isOnlyHere = place.subject !== undefined && (place.grantedMs ?? 0) >= sinceMs;
      if (isOnlyHere || (is !== place.what && is !== 'entered' && is !== 'ahead')) places.push(place);
    }
    return places;
  }

  /** What was given in other incarnations than this one is in Redis. */
  settled(incarnation: string): void {
    this.given = this.given.filter((one) => one.incarnation === incarnation);
  }

  private note(place: KnownPlace): void {
    this.ended.set(place.seq, place);
    if (this.ended.size <= recentGrantsMax) return;
    const oldest = this.ended.keys().next();
    if (!oldest.done) this.ended.delete(oldest.value);
  }
}

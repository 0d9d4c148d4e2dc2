/**
 * What a gateway process does when Redis has lost its memory, event by event:
 *
 *   found out   a transition would go to another run of Redis than the event was read from, or what was read is behind what
 *               is known. Nothing is sent; visitors are told to ask again, statuses go on from memory.
 *   recover     one script call says what this process knows. The first caller begins a new epoch, in which nobody is let
 *               in yet; the others' calls add what they know more (lua/recover.lua).
 *   merge       the replica is read anew, and what the old one knew and the new one does not is given back
 *               (lua/merge.lua). Then this process is through; when all are, or the time is up, people are let in again.
 */
import {
  recoveryBatchMax,
  recoveryFreezeMs,
  recoveryGapSeqs,
  recoveryGapUnknownSeqs,
} from '../contract/limits.ts';
import type { Followed } from './followed.ts';
import { knowledge, lostPlaces, settingsOf } from './knowledge.ts';
import { knowledgeOf } from './recoveries.ts';
import type { KnownPlace, RecoveryStore } from './recovery-store.ts';
import type { Replica } from './replica.ts';
import type { ServedEvent } from './served-event.ts';
import { OtherRunError, StaleEventError } from './store.ts';

export interface RecovererOptions {
  readonly store: RecoveryStore;
  readonly workerId: string;
  readonly followed: (event: string) => Followed | undefined;
  readonly served: (event: string) => ServedEvent | undefined;
  /** Reads an event anew without delay. */
  readonly refresh: (event: string) => void;
  /** What these replicas knew has been given back. */
  readonly forget: (event: string, befores: readonly Replica[]) => void;
  /** Makes an event that was lost one that is found. */
  readonly announce: (event: string) => Promise<void>;
  readonly info: (message: string, event: string) => void;
  readonly warn: (message: string, error: unknown, event: string) => void;
}

/** Recoveries are asked for at most so often, ms. */
const callMs = 200;
/** Gateways begin to merge within so long, ms, so that most find the work done by others. */
const spreadMs = 300;
/** Seqs looked at in one go, about a millisecond. */
const lookSeqs = 4_096;
/** A failover that loses writes loses those of its last seconds; grants to subjects are said again for longer than that, ms. */
const lostWithinMs = 60_000;
/** A failure that lasts is told once in so long, ms. */
const warnMs = 10_000;
/** A merge that failed is tried again after so long, ms. */
const againMs = 250;

interface Course {
  calling: boolean;
  calledMs: number;
  merging: boolean;
}

export class Recoverer {
  private readonly options: RecovererOptions;
  private readonly courses = new Map<string, Course>();
  private warnedMs = Number.NEGATIVE_INFINITY;
  private closed = false;

  constructor(options: RecovererOptions) {
    this.options = options;
  }

  close(): void {
    this.closed = true;
  }

  /** Redis has lost something of the event, or may have. Harmless when repeated, as it will be until it is recovered. */
  lost(event: string): void {
    const course = this.courseOf(event);
    const nowMs = performance.now();
    if (this.closed || course.calling || nowMs - course.calledMs < callMs) return;
    course.calling = true;
    course.calledMs = nowMs;
    void this.recover(event).finally(() => {
      course.calling = false;
    });
  }

  /** The event was loaded, or its settings changed: does what a recovery under way asks of this process. */
  changed(followed: Followed): void {
    const { event, replica, befores } = followed;
    if (replica === undefined || this.closed) return;
    if (replica.settings.run === '') this.lost(event);
    if (befores.length === 0 && replica.settings.recoverUntilMs === 0) return;
    const course = this.courseOf(event);
    if (course.merging) return;
    course.merging = true;
    void this.merge(event).finally(() => {
      course.merging = false;
    });
  }

  /** An event that is served no longer. */
  drop(event: string): void {
    this.courses.delete(event);
  }

  private courseOf(event: string): Course {
    let course = this.courses.get(event);
    if (course === undefined) {
      course = { calling: false, calledMs: Number.NEGATIVE_INFINITY, merging: false };
      this.courses.set(event, course);
    }
    return course;
  }

  private async recover(event: string): Promise<void> {
    const { store, workerId, refresh, info, warn } = this.options;
    const followed = this.options.followed(event);
    const replica = followed?.replica;
    if (followed === undefined || replica === undefined) return;
    const known = knowledge(replica, followed.befores, this.options.served(event)?.told.seq ?? 0);
    const ref = { id: event, keys: followed.keys, incarnation: known.incarnation };
    try {
      const word = await store.recover(ref, {
        worker: workerId,
        known,
        gap: followed.isFirsthand ? recoveryGapSeqs : recoveryGapUnknownSeqs,
        ...(replica.settings.run === '' ? {} : { fields: settingsOf(replica) }),
      });
      if (word === 'recovered')
        info('Redis lost its last writes, or may have: this event is recovered', event);
      refresh(event);
    } catch (error) {
      const nowMs = performance.now();
      if (error instanceof StaleEventError || nowMs - this.warnedMs < warnMs) return;
      this.warnedMs = nowMs;
      warn('an event could not be recovered yet', error, event);
    }
  }

  /** Until this process is through and people are let in again. */
  private async merge(event: string): Promise<void> {
    await pause(Math.random() * spreadMs);
    while (!this.closed) {
      const served = this.options.served(event);
      const followed = this.options.followed(event);
      if (served === undefined || followed?.replica === undefined) return;
      try {
        if (await this.mergeOnce(served, followed)) return;
        const leftMs = served.settings.recoverUntilMs - served.nowMs();
        await pause(Math.min(Math.max(leftMs, 0), recoveryFreezeMs) + Math.random() * spreadMs);
      } catch (error) {
        // Of another incarnation by now, or Redis is out of reach: what is known stays known.
        if (error instanceof StaleEventError && !(error instanceof OtherRunError))
          this.options.refresh(event);
        else if (!(error instanceof StaleEventError))
          this.options.warn('giving back places failed', error, event);
        await pause(againMs);
      }
      // Until it is written down that the recovery is over, by whoever is the first after the last, or after its time.
      const isDone =
        served.settings.recoverUntilMs === 0 && this.options.followed(event)?.befores.length === 0;
      if (isDone) return;
    }
  }

  /** Gives back all that this process knows; whether people are let in again. @throws StaleEventError */
  private async mergeOnce(served: ServedEvent, followed: Followed): Promise<boolean> {
    const { store, workerId, forget, announce } = this.options;
    const { befores } = followed;
    const { recoveries } = served.settings;
    if (recoveries.at(-1)?.incarnation === '*') await announce(served.id);
    const { ref } = served;
    for (const before of befores) {
      const { incarnation, epoch, life } = before.settings;
      const knows = knowledgeOf(recoveries, { incarnation, epoch, n: before.n });
      if (life === served.life && knows !== 'nothing') await this.giveBack(served, before, knows === 'all');
    }
    const last = recoveries.at(-1);
    const sinceMs = last === undefined || last.incarnation === '*' ? 0 : last.atMs - lostWithinMs;
    await this.sendAll(served, served.told.lost(served.replica, sinceMs));
    const { over } = await store.merge(ref, { worker: workerId, through: true, places: [] });
    forget(served.id, befores);
    served.told.settled(ref.incarnation);
    return over;
  }

  /** `isNewer`: the replica knows later entries than Redis had. */
  private async giveBack(served: ServedEvent, before: Replica, isNewer: boolean): Promise<void> {
    let places: KnownPlace[] = [];
    for (let from = 1; from <= before.maxSeq; from += lookSeqs) {
      const range = { from, to: Math.min(before.maxSeq, from + lookSeqs - 1) };
      const lost = lostPlaces(before, served.replica, range, (seq) => served.told.subjectOf(seq));
      places.push(...lost.filter(({ what }) => isNewer || what !== 'expired'));
      if (places.length >= recoveryBatchMax) {
        await this.sendAll(served, places);
        places = [];
      }
      await new Promise(setImmediate);
    }
    await this.sendAll(served, places);
  }

  private async sendAll(served: ServedEvent, places: readonly KnownPlace[]): Promise<void> {
    const { store, workerId } = this.options;
    for (let from = 0; from < places.length; from += recoveryBatchMax) {
      if (this.closed) throw new StaleEventError(served.id);
      const batch = places.slice(from, from + recoveryBatchMax);
      await store.merge(served.ref, { worker: workerId, through: false, places: batch });
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

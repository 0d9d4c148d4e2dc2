/** What ends, gives back or deletes places of an event in bulk, as typed calls. */

import { undoPlacesSec } from '../contract/actions.ts';
import {
  pollAfterJitter,
  pollAfterSecMax,
  presenceReportMs,
  presenceSlackSec,
  sweepBatchMax,
} from '../contract/limits.ts';
import { timeOf } from '../redis/nodes.ts';
import { type EventRef, StoreBase } from './store-base.ts';

/** `expire` ends places as expired and keeps them for a restore; `remove` ends listed ones as left. */
export type JobKind = 'expire' | 'remove' | 'restore';

export interface JobStart {
  readonly kind: JobKind;
  readonly auditId: string;
  readonly changeId: string;
  readonly audit: string;
  /** Expire: everybody who is in the line when it starts. Only while paused. */
  readonly all?: boolean;
  /** Expire: who was not heard for so long, ms. */
  readonly silentForMs?: number;
  /** Expire and remove: these places, at most 500. */
  readonly seqs?: readonly number[];
  /** Restore: audit id of the expiry that is undone. */
  readonly undoes?: string;
  readonly nowUs?: number;
}

export type StartReply =
  | { word: 'started'; nowMs: number }
  /** Another job has not finished. */
  | { word: 'busy'; auditId: string }
  /** Restore: there is nothing that could be given back. */
  | { word: 'gone' }
  /** `all` while the event is not paused. */
  | { word: 'not_paused' };

export type StepReply =
  /** `last` = what the job that finished last came to. */
  | { word: 'idle'; last?: { auditId: string; places: number } }
  /** `places` = ended or given back so far. */
  | { word: 'stepped'; auditId: string; places: number; more: boolean };

/** Places of an expiry that can be given back until a time, Redis ms. */
export interface Tomb {
  readonly auditId: string;
  readonly untilMs: number;
  readonly places: number;
}

/**
 * How long after a restore silence begins, ms: whoever asks with an expired place is told to ask again after the
 * longest time, so they are heard within it.
 */
export const restoredDueMs =
  (pollAfterSecMax * (1 + pollAfterJitter) + presenceSlackSec) * 1000 + presenceReportMs;

export class JobStore extends StoreBase {
  /** Begins a job. It goes on in batches by `stepJob`, called by whoever started it and by every sweeper. */
  async startJob(event: EventRef, job: JobStart): Promise<StartReply> {
    const seqs = [...(job.seqs ?? [])].sort((a, b) => a - b);
    if (seqs.length > sweepBatchMax) throw new RangeError(`a job lists at most ${sweepBatchMax} places`);
    const { all, silentForMs, undoes } = job;
    const scope = { all, silentForMs, undoes, seqs: seqs.length > 0 ? seqs.join() : undefined };
    const reply = await this.run(
      'start_job',
      event,
      {
        kind: job.kind,
        auditId: job.auditId,
        scope: JSON.stringify(scope),
        undoSec: undoPlacesSec,
        changeId: job.changeId,
        audit: job.audit,
        ...(job.nowUs === undefined ? {} : { nowUs: job.nowUs }),
      },
      ['started', 'busy', 'gone', 'not_paused'],
    );
    if (reply[0] === 'started') return { word: 'started', nowMs: Number(reply[1]) };
    if (reply[0] === 'busy') return { word: 'busy', auditId: String(reply[1]) };
    return { word: reply[0] as 'gone' };
  }

  /** The next batch of the job under way. */
  async stepJob(event: EventRef, options: { limit?: number; nowUs?: number } = {}): Promise<StepReply> {
    const args = { limit: sweepBatchMax, dueMs: restoredDueMs, ...options };
    const [word, auditId, places, more] = await this.run('step_job', event, args, ['idle', 'stepped']);
    if (word === 'stepped')
      return { word, auditId: String(auditId), places: Number(places), more: more === 1 };
    if (!auditId) return { word: 'idle' };
    return { word: 'idle', last: { auditId: String(auditId), places: Number(places) } };
  }

  /** Expiries whose places can still be given back, oldest first. */
  async tombs(event: EventRef): Promise<Tomb[]> {
    const [index, nowUs] = await Promise.all([
      this.redis.hget(event.keys.tombs, 'index'),
      timeOf(this.redis, event.keys.tombs),
    ]);
    return parseTombs(index ?? '').filter(({ untilMs }) => untilMs > nowUs / 1000);
  }

  /** Ends every place of a test event and forgets every grant. Numbers go on where they were. */
  async flush(
    event: EventRef,
    change: { changeId: string; audit: string; newIncarnation?: string; nowUs?: number },
  ): Promise<'flushed' | 'refused'> {
    const newIncarnation = change.newIncarnation ?? crypto.randomUUID().replaceAll('-', '').slice(0, 8);
    const reply = await this.run('flush', event, { ...change, newIncarnation }, ['flushed', 'refused']);
    return reply[0] as 'flushed';
  }

  /**
   * Deletes everything of an event that is closed, or a test; the caller takes it out of the set of events and writes
   * the record, as the event's own trail goes with it. Sent again, it throws StaleEventError: the event is gone.
   */
  async deleteEvent(event: EventRef, options: { nowUs?: number } = {}): Promise<'deleted' | 'refused'> {
    return (await this.run('delete_event', event, options, ['deleted', 'refused']))[0] as 'deleted';
  }
}

/** The field `index` of `tombs`: "auditId untilMs places" a tomb, one a line. */
export function parseTombs(index: string): Tomb[] {
  return index
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [auditId = '', untilMs, places] = line.split(' ');
      return { auditId, untilMs: Number(untilMs), places: Number(places) };
    });
}

/** What an event's past and its gateways can be asked for, as typed calls. */

import { JobStore } from './job-store.ts';
import type { EventRef } from './store-base.ts';

/** What gateways can be asked: the story of one place, or who has seen the message in force. */
export type AskWhat = 'story' | 'seen';

/** An event's settings as of a revision. */
export interface Version {
  readonly revision: number;
  readonly meta: Readonly<Record<string, string>>;
}

/** Answers are kept for so long, ms. */
const answersMs = 60_000;

export class TrailStore extends JobStore {
  /** Settings as of each revision, newest first: the last 100 and the first. */
  async versions(event: EventRef): Promise<Version[]> {
    const kept = await this.redis.hgetall(event.keys.versions);
    return Object.entries(kept)
      .map(([revision, meta]) => ({
        revision: Number(revision),
        meta: JSON.parse(meta) as Record<string, string>,
      }))
      .sort((a, b) => b.revision - a.revision);
  }

  /**
   * Who joined when, from a byte on: 8 bytes a record (u32 first seq of a batch, u32 tenths of a second since the
   * event's base, both big-endian), at most one a second. Records never move, so a reader goes on where it stopped.
   */
  arrivals(event: EventRef, fromByte: number): Promise<Buffer> {
    return this.redis.getrangeBuffer(event.keys.arrivals, fromByte, -1);
  }

  /** Appends a record to the audit trail, once a `noteId` (kept for a day); false where it was there already. */
  async noteAudit(
    event: EventRef,
    note: { noteId: string; record: string; nowUs?: number },
  ): Promise<boolean> {
    return (await this.run('note_audit', event, note, ['noted', 'known']))[0] === 'noted';
  }

  /** Asks every gateway that serves the event, through the journal. `askId`: letters, digits, `_` and `-`. */
  async ask(
    event: EventRef,
    question: { askId: string; what: AskWhat; seq: number; sinceMs: number; nowUs?: number },
  ): Promise<void> {
    await this.run('ask', event, question, ['asked']);
  }

  /** Answers a question for one worker process. */
  async answer(event: EventRef, answer: { askId: string; worker: string; payload: Buffer }): Promise<void> {
    const { answers } = event.keys;
    const field = `${answer.askId}:${answer.worker}`;
    const replies = await this.redis
      .multi()
      .hset(answers, field, answer.payload)
      // Not EXPIRE: on this connection that name is a script's.
      .pexpire(answers, answersMs)
      .exec();
    const failed = replies?.find(([error]) => error)?.[0];
    if (failed) throw failed;
  }

  /** What has been answered so far. */
  async answers(event: EventRef, askId: string): Promise<{ worker: string; payload: Buffer }[]> {
    const { answers } = event.keys;
    const fields = (await this.redis.hkeys(answers)).filter((field) => field.startsWith(`${askId}:`));
    if (fields.length === 0) return [];
    const payloads = await this.redis.hmgetBuffer(answers, ...fields);
    return fields.flatMap((field, index) => {
      const payload = payloads[index];
      return payload ? [{ worker: field.slice(askId.length + 1), payload }] : [];
    });
  }
}

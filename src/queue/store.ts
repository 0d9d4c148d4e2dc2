/**
 * The transitions of the line as typed calls; see store-base.ts for what a reply can be. What operators do in bulk is in
 * job-store.ts, what they ask in trail-store.ts; both are reached through this class.
 */
import { overdraftTokens, reservationTtlSec, sweepBatchMax, sweepLeaseMs } from '../contract/limits.ts';
import { keysOf, runScript, type ScriptReply } from './scripts.ts';
import type { EventRef } from './store-base.ts';
import { TrailStore } from './trail-store.ts';

export { type EventRef, FencedError, OtherRunError, StaleEventError } from './store-base.ts';

/** What became of a member that got no new place. `what`: 0 same place, 1 duplicate, 2 key with another body, 3 full, 4 entered. */
export interface JoinException {
  readonly member: number;
  readonly what: number;
  readonly seq: number;
  readonly joinedMs: number;
}

export type JoinReply =
  | {
      word: 'joined';
      firstSeq: number;
      nowMs: number;
      waitingBefore: number;
      exceptions: readonly JoinException[];
    }
  | { word: 'scheduled'; opensAtMs: number }
  /** A recovery is finding out which seqs were given out. */
  | { word: 'closed' | 'recovering' };

export type EnterReply =
  | { word: 'granted'; grantedMs: number; nowMs: number }
  | { word: 'denied'; reason: string; position: number; cause: string }
  | { word: 'entered' | 'left' | 'expired' | 'not_yours' | 'subject_entered' | 'closed' | 'unknown' };

export type ChangeReply =
  | { word: 'applied'; revision: number; nowMs: number }
  | { word: 'conflict' | 'unchanged'; revision: number };

/** A new value for refill or capacity, micro-tokens; the times count from the change on, ms. */
export interface TimedChange {
  readonly to: number;
  readonly rampMs?: number;
  readonly forMs?: number;
}

/**
 * Meta fields that `setSettings` puts as they are, as text (lua/set_settings.lua names them; others are refused). refill
 * and capacity as `formatTimedValue` writes them; capacity '' = the default, max(100, 4 s of refill).
 */
export type SettingsFields = Readonly<Record<string, string>>;

export type PhaseAction = 'pause' | 'resume' | 'open' | 'drain' | 'keep' | 'close';

const changeWords = ['applied', 'unchanged', 'conflict'];

export class Store extends TrailStore {
  /** Makes an event; false where it exists. The caller adds it to the set of events. */
  async createEvent(
    id: string,
    event: { fields: Record<string, string>; tokensMicro: number; audit: string },
  ): Promise<boolean> {
    const reply = await runScript(this.redis, 'create_event', keysOf(id), {
      fields: JSON.stringify(event.fields),
      tokens: event.tokensMicro,
      audit: event.audit,
    });
    return reply[0] === 'created';
  }

  async join(
    event: EventRef,
    batch: { sender: string; batchNo: number; dueMs: number; members: Buffer; nowUs?: number },
  ): Promise<JoinReply> {
    const reply = await this.run('join', event, batch, ['joined', 'scheduled', 'closed', 'recovering']);
    if (reply[0] === 'closed' || reply[0] === 'recovering') return { word: reply[0] };
    if (reply[0] === 'scheduled') return { word: 'scheduled', opensAtMs: Number(reply[1]) };
    const numbers = reply as unknown as readonly number[];
    const exceptions: JoinException[] = [];
    for (let at = 4; at < numbers.length; at += 4) {
      const [member = 0, what = 0, seq = 0, joinedMs = 0] = numbers.slice(at, at + 4);
      exceptions.push({ member, what, seq, joinedMs });
    }
    const [, firstSeq = 0, nowMs = 0, waitingBefore = 0] = numbers;
    return { word: 'joined', firstSeq, nowMs, waitingBefore, exceptions };
  }

  async enter(
    event: EventRef,
    place: { seq: number; joinedMs: number; subject: Buffer | ''; dueMs: number; nowUs?: number },
  ): Promise<EnterReply> {
    const words = [
      'granted',
      'denied',
      'entered',
      'left',
      'expired',
      'not_yours',
      'subject_entered',
      'closed',
      'unknown',
    ];
    const args = { ...place, overdraft: overdraftTokens, repeatMs: reservationTtlSec * 1000 };
    const reply = await this.run('enter', event, args, words);
    if (reply[0] === 'granted')
      return { word: 'granted', grantedMs: Number(reply[1]), nowMs: Number(reply[2]) };
    if (reply[0] === 'denied') {
      return {
        word: 'denied',
        reason: String(reply[1]),
        position: Number(reply[2]),
        cause: String(reply[3]),
      };
    }
    return { word: reply[0] as 'entered' };
  }

  async leave(
    event: EventRef,
    place: { seq: number; nowUs?: number },
  ): Promise<'left' | 'entered' | 'expired' | 'unknown'> {
    const reply = await this.run('leave', event, place, ['left', 'entered', 'expired', 'unknown']);
    return reply[0] as 'left';
  }

  /** Notes who was heard (8 bytes a place) and that the reporter lives; revision -1 says goodbye. */
  async presence(
    event: EventRef,
    report: {
      reporter: string;
      gateway: string;
      revision: number;
      records: Buffer | '';
      /** As CountBook writes it; '' = as reported last. */
      counts?: string;
      nowUs?: number;
    },
  ): Promise<{ back: number }> {
    const reply = await this.run('presence', event, { ...report, counts: report.counts ?? '' }, ['heard']);
    return { back: Number(reply[1]) };
  }

  /** People could not be heard for lack of time: nobody is stepped around for 40 s from now, nor expired for 300 s. */
  async startGrace(event: EventRef, options: { nowUs?: number } = {}): Promise<void> {
    await this.run('start_grace', event, options, ['started']);
  }

  /** One sweep, if this worker holds or gets the lease; else how long another one holds it. */
  async stepAside(
    event: EventRef,
    sweep: { worker: string; leaseMs?: number; limit?: number; nowUs?: number },
  ): Promise<{ heldMs: number } | { silent: number; unclaimed: number; more: boolean }> {
    const args = { leaseMs: sweepLeaseMs, limit: sweepBatchMax, ...sweep };
    const reply = await this.run('step_aside', event, args, ['swept', 'held']);
    if (reply[0] === 'held') return { heldMs: Number(reply[1]) };
    return { silent: Number(reply[1]), unclaimed: Number(reply[2]), more: reply[3] === 1 };
  }

  async expire(
    event: EventRef,
    options: { limit?: number; nowUs?: number } = {},
  ): Promise<{ expired: number; more: boolean }> {
    const reply = await this.run('expire', event, { limit: sweepBatchMax, ...options }, ['expired']);
    return { expired: Number(reply[1]), more: reply[2] === 1 };
  }

  async prune(
    event: EventRef,
    options: { limit?: number; nowUs?: number } = {},
  ): Promise<{ people: number }> {
    const args = { limit: sweepBatchMax, repeatMs: reservationTtlSec * 1000, ...options };
    const reply = await this.run('prune', event, args, ['pruned']);
    return { people: Number(reply[1]) };
  }

  /** Changes settings: meta fields as text, put as they are, or values that change from now on. */
  async setSettings(
    event: EventRef,
    change: {
      ifRevision?: number;
      changeId: string;
      fields?: SettingsFields;
      timed?: { refill?: TimedChange; capacity?: TimedChange };
      audit: string;
      nowUs?: number;
    },
  ): Promise<ChangeReply> {
    const args = {
      ifRevision: change.ifRevision ?? '',
      changeId: change.changeId,
      fields: JSON.stringify(change.fields ?? {}),
      timed: JSON.stringify(change.timed ?? {}),
      audit: change.audit,
      ...(change.nowUs === undefined ? {} : { nowUs: change.nowUs }),
    };
    return asChange(await this.run('set_settings', event, args, changeWords));
  }

  /**
   * `keep` = draining and paused in one step; `close` may put a text that visitors see from then on; `advance` is
   * `advance` below.
   */
  async setPhase(
    event: EventRef,
    change: {
      action: PhaseAction | 'advance';
      ifRevision?: number;
      deadlineMs?: number;
      message?: string;
      changeId: string;
      audit: string;
      nowUs?: number;
    },
  ): Promise<ChangeReply> {
    if (change.action === 'advance') return this.advance(event, change);
    const { ifRevision = '', deadlineMs = 0, message = '', ...rest } = change;
    return asChange(
      await this.run('set_phase', event, { ...rest, ifRevision, deadlineMs, message }, changeWords),
    );
  }

  /** Writes down, once, what time has done: opened, closed, ended a limited value or a message. */
  async advance(event: EventRef, options: { nowUs?: number } = {}): Promise<ChangeReply> {
    const { nowUs } = options;
    return asChange(
      await this.run('advance', event, nowUs === undefined ? {} : { nowUs }, ['applied', 'unchanged']),
    );
  }

  /** What the workers said of themselves last: worker → report, as `parseReports` reads it. */
  reports(event: EventRef): Promise<Record<string, string>> {
    return this.redis.hgetall(event.keys.reporters);
  }

  /**
   * Steps the adaptive brake (permille of the refill; 1000 ends it), for the worker that holds the sweeper's lease.
   * `early`: it bends already within `leadMs`. It is over by itself after `forMs`.
   */
  async setBrake(
    event: EventRef,
    step: {
      worker: string;
      permille: number;
      leadMs: number;
      forMs: number;
      why: string;
      audit: string;
      nowUs?: number;
    },
  ): Promise<'set' | 'unchanged' | 'early' | 'held'> {
    const reply = await this.run('set_brake', event, step, ['set', 'unchanged', 'early', 'held']);
    return reply[0] as 'set';
  }

  /** Forgets the people of an event that is closed for `keepMs`; what became of each place stays. */
  async dropLine(event: EventRef, options: { keepMs: number; nowUs?: number }): Promise<boolean> {
    return (await this.run('drop_line', event, options, ['dropped', 'kept']))[0] === 'dropped';
  }

  /** Deletes a test or auto-created event that nobody called for `idleMs`. */
  async dropEvent(event: EventRef, options: { idleMs: number; nowUs?: number }): Promise<boolean> {
    return (await this.run('drop_event', event, options, ['dropped', 'kept']))[0] === 'dropped';
  }
}

function asChange(reply: ScriptReply): ChangeReply {
  const revision = Number(reply[1]);
  if (reply[0] === 'applied') return { word: 'applied', revision, nowMs: Number(reply[2]) };
  return { word: reply[0] as 'conflict', revision };
}

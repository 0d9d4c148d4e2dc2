/** Recovery as typed calls. They go to whichever run of Redis answers, as finding that out is their purpose. */
import {
  overdraftTokens,
  recoveryBatchMax,
  recoveryFreezeMs,
  recoveryHoldMs,
  reservationTtlSec,
} from '../contract/limits.ts';
import { runIdAt } from '../redis/nodes.ts';
import { restoredDueMs } from './job-store.ts';
import { type EventRef, StoreBase, slotOfKeys } from './store-base.ts';
import type { WaitingToken } from './waiting-token.ts';

/** What a gateway knows of an event that Redis may have forgotten. */
export interface Known {
  readonly life: string;
  /** Incarnation that it knows, and of that the number of the last journal entry. */
  readonly incarnation: string;
  readonly n: number;
  readonly epoch: number;
  /** Version of the settings that it knows. */
  readonly revision: number;
  /** Highest seq that it saw given out. */
  readonly seq: number;
}

/** A place as somebody knew it before Redis lost it. */
export interface KnownPlace {
  readonly seq: number;
  readonly what: 'waiting' | 'entered' | 'left' | 'expired';
  /** When it was granted, Redis ms; absent = long ago. */
  readonly grantedMs?: number;
  /** Digest of the subject that entered, where that is known. */
  readonly subject?: Buffer;
}

const whats = ['waiting', 'entered', 'left', 'expired'] as const;
const recordBytes = 27;

/** Records as lua/merge.lua reads them. */
export function packPlaces(places: readonly KnownPlace[]): Buffer {
  const records = Buffer.alloc(places.length * recordBytes);
  for (const [index, { seq, what, grantedMs = 0, subject }] of places.entries()) {
    const at = index * recordBytes;
    records.writeUInt32BE(seq, at);
    records[at + 4] = whats.indexOf(what);
    records.writeUIntBE(grantedMs, at + 5, 6);
    subject?.copy(records, at + 11, 0, 16);
  }
  return records;
}

const tokenBytes = 29;

/** Records as lua/give_back.lua reads them. */
function packTokens(tokens: readonly WaitingToken[]): Buffer {
  const records = Buffer.alloc(tokens.length * tokenBytes);
  for (const [index, { seq, epoch, joinedMs, verified, person }] of tokens.entries()) {
    const at = index * tokenBytes;
    records.writeUInt32BE(seq, at);
    records.writeUInt16BE(epoch, at + 4);
    records.writeUIntBE(joinedMs, at + 6, 6);
    records[at + 12] = person === undefined ? 0 : verified ? 2 : 1;
    person?.copy(records, at + 13, 0, 16);
  }
  return records;
}

export class RecoveryStore extends StoreBase {
  /**
   * Begins a recovery where Redis has lost anything of the event, be it only that this caller knows more; else it says what
   * the caller knows. `fields`: every setting as of `known.revision`, for where Redis lost them, or the whole event; absent = none.
   */
  async recover(
    event: EventRef,
    call: {
      worker: string;
      known: Known;
      gap: number;
      fields?: Readonly<Record<string, string>>;
      run?: string;
      newIncarnation?: string;
      freezeMs?: number;
      holdMs?: number;
      nowUs?: number;
    },
  ): Promise<'recovered' | 'done' | 'deleted' | 'unreachable'> {
    const run = call.run ?? runIdAt(this.redis, slotOfKeys(event.keys));
    if (run === undefined) return 'unreachable';
    const { incarnation, ...known } = call.known;
    const args = {
      run,
      newIncarnation: call.newIncarnation ?? crypto.randomUUID().replaceAll('-', '').slice(0, 8),
      worker: call.worker,
      known: JSON.stringify(known),
      fields: call.fields === undefined ? '' : JSON.stringify(call.fields),
      gap: call.gap,
      overdraft: overdraftTokens,
      freezeMs: call.freezeMs ?? recoveryFreezeMs,
      holdMs: call.holdMs ?? recoveryHoldMs,
      ...(call.nowUs === undefined ? {} : { nowUs: call.nowUs }),
    };
    const words = ['recovered', 'done', 'deleted'];
    const anyRun: EventRef = { id: event.id, keys: event.keys, incarnation };
    return (await this.run('recover', anyRun, args, words))[0] as 'recovered';
  }

  /**
   * Gives back places and ends that Redis lost, 500 at most. `through`: this worker knows no more. `over`: people are let in
   * again.
   */
  async merge(
    event: EventRef,
    call: { worker: string; through: boolean; places: readonly KnownPlace[]; nowUs?: number },
  ): Promise<{ given: number; ended: number; over: boolean }> {
    if (call.places.length > recoveryBatchMax)
      throw new RangeError(`a merge names at most ${recoveryBatchMax} places`);
    const args = {
      worker: call.worker,
      through: call.through ? 1 : 0,
      records: packPlaces(call.places),
      dueMs: restoredDueMs,
      repeatMs: reservationTtlSec * 1000,
      ...(call.nowUs === undefined ? {} : { nowUs: call.nowUs }),
    };
    const reply = await this.run('merge', event, args, ['merged']);
    return { given: Number(reply[1]), ended: Number(reply[2]), over: reply[3] === 1 };
  }

  /** Gives back places by the visitors' own tokens, 500 at most; how many came back. */
  async giveBack(
    event: EventRef,
    tokens: readonly WaitingToken[],
    options: { nowUs?: number } = {},
  ): Promise<number> {
    if (tokens.length > recoveryBatchMax)
      throw new RangeError(`a call names at most ${recoveryBatchMax} tokens`);
    const args = { records: packTokens(tokens), dueMs: restoredDueMs, ...options };
    return Number((await this.run('give_back', event, args, ['given']))[1]);
  }
}

/**
 * Gathers the joins of one event in this process into batches. One batch is under way at a time, so a batch whose reply
 * was lost can be sent again under its number without making a second place; while it is away the next one grows. The
 * pace keeps a fleet below `joinCallsPerSecMax` calls a second an event: with more processes, batches grow instead.
 */
import {
  joinBatchMax,
  joinBatchWaitMs,
  joinCallsPerSecMax,
  joinQueueMax,
  redisCommandMs,
} from '../contract/limits.ts';
import { refusedWrite } from '../redis/refused-writes.ts';
import { type JoinMember, packMembers } from './join-members.ts';
import type { LineTracer } from './line-tracer.ts';
import { type JoinReply, StaleEventError } from './store.ts';

/** What became of one join. */
export type JoinResult =
  | { readonly word: 'joined'; readonly seq: number; readonly joinedMs: number; readonly position: number }
  | { readonly word: 'same' | 'duplicate' | 'conflict'; readonly seq: number; readonly joinedMs: number }
  | { readonly word: 'scheduled'; readonly opensAtMs: number }
  | { readonly word: 'closed' | 'full' | 'entered' | 'unavailable' | 'overloaded' | 'stale' | 'recovering' };

interface Waiting {
  readonly member: JoinMember;
  readonly sinceMs: number;
  /** Its request, where that is traced. */
  readonly request: object | undefined;
  readonly resolve: (result: JoinResult) => void;
}

export interface JoinerOptions {
  /** Sends one batch; called again with the same number when the first answer was lost. */
  readonly send: (batchNo: number, members: Buffer) => Promise<JoinReply>;
  /** Told of places that were given, with consecutive numbers. */
  readonly given?: (firstSeq: number, count: number) => void;
  /** Processes that share the event, this one included. */
  readonly processes: () => number;
  /** False while Redis is known to be out of reach: joins are refused at once. */
  readonly reachable: () => boolean;
  readonly trace?: LineTracer;
}

/** A join is refused when it has waited so long, ms; the rest of 2 s is for the answer's way. */
const patienceMs = redisCommandMs + 100;
const resendMs = 25;
/** A batch whose timer is so late goes out with the next join, ms. */
const timerLateMs = 5;

export class Joiner {
  private readonly options: JoinerOptions;
  private waiting: Waiting[] = [];
  private sent: readonly Waiting[] = [];
  private batchNo = 0;
  private busy = false;
  private timer: NodeJS.Timeout | undefined;
  private patience: NodeJS.Timeout | undefined;
  private sentMs = Number.NEGATIVE_INFINITY;
  /** When the timer is due. */
  private flushAtMs = 0;
  /** Of the last batch, until its reply. */
  private tookMs = 0;

  constructor(options: JoinerOptions) {
    this.options = options;
  }

  /** Resolves with what became of the join, at the latest after `patienceMs`. */
  join(member: JoinMember): Promise<JoinResult> {
    if (!this.options.reachable()) return Promise.resolve({ word: 'unavailable' });
    if (this.isTooLong()) return Promise.resolve({ word: 'overloaded' });
    return new Promise((resolve) => {
      const request = this.options.trace?.current();
      const sinceMs = performance.now();
      this.waiting.push({ member, sinceMs, request, resolve });
      // With thousands of sockets to read, the loop comes to no timer for seconds.
      if (this.timer !== undefined && sinceMs > this.flushAtMs + timerLateMs) this.flushNow();
      else this.schedule();
    });
  }

  /**
   * Whether a join that came now would wait in vain: batches go one after the other, each as fast as the last one went.
   * Better to say so at once than when its patience is over.
   */
  private isTooLong(): boolean {
    const { length } = this.waiting;
    if (length >= joinQueueMax) return true;
    if (length < joinBatchMax) return false;
    const waitingSince = this.busy ? performance.now() - this.sentMs : 0;
    const eachMs = Math.max(this.paceMs, this.tookMs, waitingSince);
    return (Math.floor(length / joinBatchMax) + 2) * eachMs > patienceMs;
  }

  /** From one batch to the next, this process's share of what all may send. */
  private get paceMs(): number {
    return (this.options.processes() * 1000) / joinCallsPerSecMax;
  }

  private schedule(): void {
    this.patience ??= setTimeout(() => this.refuseOld(), patienceMs);
    if (this.busy || this.timer) return;
    const now = performance.now();
    const waitMs = Math.max(joinBatchWaitMs, this.sentMs + this.paceMs - now);
    this.flushAtMs = now + waitMs;
    this.timer = setTimeout(() => this.flushNow(), waitMs);
  }

  private flushNow(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    void this.flush();
  }

  private async flush(): Promise<void> {
    const batch = this.waiting.slice(0, joinBatchMax);
    if (batch.length === 0) return;
    this.waiting = this.waiting.slice(joinBatchMax);
    this.busy = true;
    this.sent = batch;
    this.sentMs = performance.now();
    this.batchNo += 1;
    const members = packMembers(batch.map((one) => one.member));
    const send = () => this.sendUntilKnown(members, batch[0]?.sinceMs ?? 0);
    const { trace } = this.options;
    const reply = await (trace === undefined
      ? send()
      : trace.together(requestsOf(batch), batch.length, send));
    settleBatch(batch, reply);
    if (typeof reply === 'object' && reply.word === 'joined')
      this.options.given?.(reply.firstSeq, batch.length - reply.exceptions.length);
    this.tookMs = performance.now() - this.sentMs;
    this.sent = [];
    this.busy = false;
    if (this.waiting.length > 0) this.schedule();
  }

  /** Sends again after an ambiguous failure while the oldest join may still be answered. */
  private async sendUntilKnown(
    members: Buffer,
    sinceMs: number,
  ): Promise<JoinReply | 'unavailable' | 'stale'> {
    for (;;) {
      try {
        return await this.options.send(this.batchNo, members);
      } catch (error) {
        if (error instanceof StaleEventError) return 'stale';
        if (refusedWrite(error)) return 'unavailable';
        const leftMs = patienceMs - (performance.now() - sinceMs);
        if (leftMs < 2 * resendMs) return 'unavailable';
        await new Promise((resolve) => setTimeout(resolve, resendMs));
      }
    }
  }

  /** Also those that are under way: what Redis says of them later comes too late to be told. */
  private refuseOld(): void {
    const now = performance.now();
    const isOld = (one: Waiting): boolean => now - one.sinceMs >= patienceMs;
    for (const one of [...this.sent, ...this.waiting]) if (isOld(one)) one.resolve({ word: 'unavailable' });
    this.waiting = this.waiting.filter((one) => !isOld(one));
    const oldest = this.sent.find((one) => !isOld(one)) ?? this.waiting[0];
    this.patience =
      oldest && setTimeout(() => this.refuseOld(), Math.max(1, oldest.sinceMs + patienceMs - now));
  }
}

const requestsOf = (batch: readonly Waiting[]): object[] =>
  batch.map(({ request }) => request).filter((request) => request !== undefined);

const heldWords = ['same', 'duplicate', 'conflict'] as const;
const enteredCode = 4;

function settleBatch(batch: readonly Waiting[], reply: JoinReply | 'unavailable' | 'stale'): void {
  if (typeof reply === 'string') {
    for (const one of batch) one.resolve({ word: reply });
    return;
  }
  if (reply.word !== 'joined') {
    for (const one of batch) one.resolve(reply);
    return;
  }
  let given = 0;
  let next = 0;
  for (const [index, one] of batch.entries()) {
    const exception = reply.exceptions[next];
    if (exception?.member === index) {
      next += 1;
      const { what, seq, joinedMs } = exception;
      const word = heldWords[what];
      one.resolve(word ? { word, seq, joinedMs } : { word: what === enteredCode ? 'entered' : 'full' });
      continue;
    }
    given += 1;
    const position = reply.waitingBefore + given;
    one.resolve({ word: 'joined', seq: reply.firstSeq + given - 1, joinedMs: reply.nowMs, position });
  }
}

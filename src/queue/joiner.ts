/**
 * Gathers the joins of one event in this process into batches. A lane has one batch under way at a time, so a batch whose
 * reply was lost can be sent again under its number without making a second place. While it is away the next one grows, and
 * takes another lane only where the reply is long in coming: from a slow Redis, or to a loop that has much else to read. The
 * pace keeps a fleet below `joinCallsPerSecMax` calls a second an event: with more processes, batches grow instead.
 */
import {
  joinBatchMax,
  joinBatchWaitMs,
  joinCallsPerSecMax,
  joinLaneMs,
  joinLanes,
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

interface Batch {
  readonly no: number;
  readonly lane: number;
  readonly joins: readonly Waiting[];
  readonly sentMs: number;
}

export interface JoinerOptions {
  /** Sends one batch of a lane, 0 to `joinLanes` - 1; called again with the same number when the first answer was lost. */
  readonly send: (lane: number, batchNo: number, members: Buffer) => Promise<JoinReply>;
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
  /** In the order in which they were sent. */
  private readonly underWay = new Set<Batch>();
  private readonly freeLanes = Array.from({ length: joinLanes }, (_, lane) => joinLanes - 1 - lane);
  private batchNo = 0;
  private timer: NodeJS.Timeout | undefined;
  private patience: NodeJS.Timeout | undefined;
  /** When the last batch went. */
  private sentMs = Number.NEGATIVE_INFINITY;
  /** When the timer is due. */
  private flushAtMs = 0;
  /** Of the last batch that came back, until its reply. */
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
   * Whether a join that came now would wait in vain: for those before it, then for a lane and for its reply, each batch being
   * away as long as the last one was. Better to say so at once than when its patience is over.
   */
  private isTooLong(): boolean {
    const { length } = this.waiting;
    if (length >= joinQueueMax) return true;
    if (length < joinBatchMax) return false;
    const [oldest] = this.underWay;
    const tookMs = Math.max(this.tookMs, oldest === undefined ? 0 : performance.now() - oldest.sentMs);
    const eachMs = Math.max(this.paceMs, tookMs / joinLanes);
    return Math.floor(length / joinBatchMax) * eachMs + 2 * tookMs > patienceMs;
  }

  /** From one batch to the next, this process's share of what all may send. */
  private get paceMs(): number {
    return (this.options.processes() * 1000) / joinCallsPerSecMax;
  }

  private schedule(): void {
    this.patience ??= setTimeout(() => this.refuseOld(), patienceMs);
    if (this.timer !== undefined || this.freeLanes.length === 0) return;
    const now = performance.now();
    const gapMs = this.underWay.size === 0 ? this.paceMs : Math.max(this.paceMs, joinLaneMs);
    const waitMs = Math.max(joinBatchWaitMs, this.sentMs + gapMs - now);
    this.flushAtMs = now + waitMs;
    this.timer = setTimeout(() => this.flushNow(), waitMs);
  }

  private unschedule(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private flushNow(): void {
    this.unschedule();
    void this.flush();
  }

  private async flush(): Promise<void> {
    const lane = this.waiting.length > 0 ? this.freeLanes.pop() : undefined;
    if (lane === undefined) return;
    const joins = this.waiting.slice(0, joinBatchMax);
    this.waiting = this.waiting.slice(joinBatchMax);
    this.sentMs = performance.now();
    this.batchNo += 1;
    const batch = { no: this.batchNo, lane, joins, sentMs: this.sentMs };
    this.underWay.add(batch);
    if (this.waiting.length > 0) this.schedule();
    const send = () => this.sendUntilKnown(batch);
    const { trace } = this.options;
    const reply = await (trace === undefined
      ? send()
      : trace.together(requestsOf(joins), joins.length, send));
    settleBatch(joins, reply);
    if (typeof reply === 'object' && reply.word === 'joined')
      this.options.given?.(reply.firstSeq, joins.length - reply.exceptions.length);
    this.tookMs = performance.now() - batch.sentMs;
    this.underWay.delete(batch);
    this.freeLanes.push(lane);
    if (this.waiting.length === 0) return;
    // The timer may have been set for a second lane.
    this.unschedule();
    this.schedule();
  }

  /** Sends again after an ambiguous failure while the oldest join may still be answered. */
  private async sendUntilKnown({ lane, no, joins }: Batch): Promise<JoinReply | 'unavailable' | 'stale'> {
    const members = packMembers(joins.map(({ member }) => member));
    const sinceMs = joins[0]?.sinceMs ?? 0;
    for (;;) {
      try {
        return await this.options.send(lane, no, members);
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
    const all = [...[...this.underWay].flatMap(({ joins }) => joins), ...this.waiting];
    for (const one of all) if (isOld(one)) one.resolve({ word: 'unavailable' });
    this.waiting = this.waiting.filter((one) => !isOld(one));
    const oldest = all.find((one) => !isOld(one));
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

/**
 * Places that come back by their visitors' own tokens after Redis lost its memory: collected from the requests that come
 * anyway, and sent in bulk, each once. Also whose places are that gateways gave back, as replicas know no persons. Not while
 * the gateways still merge: what they know of a place goes first.
 */
import { recoveryBatchMax } from '../contract/limits.ts';
import type { RecoveryStore } from './recovery-store.ts';
import type { ServedEvent } from './served-event.ts';
import type { WaitingToken } from './waiting-token.ts';

export interface ReturnsOptions {
  readonly store: RecoveryStore;
  readonly served: ServedEvent;
  readonly onError: (error: unknown) => void;
}

/** What is collected goes to Redis so often, ms. */
const sendMs = 200;
/** Tokens that wait to be sent at most; whoever comes beyond is taken at their next poll. */
const pendingMax = 50_000;

export class Returns {
  private readonly options: ReturnsOptions;
  private pending = new Map<number, WaitingToken>();
  /** Seqs that were sent, of the newest epoch. */
  private sent = new Set<number>();
  private epoch = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: ReturnsOptions) {
    this.options = options;
  }

  /** Takes a token for whose place a recovery may have something to put right; false = it was sent already. */
  note(token: WaitingToken): boolean {
    const { epoch } = this.options.served.settings;
    if (epoch !== this.epoch) {
      this.epoch = epoch;
      this.sent.clear();
    }
    if (this.sent.has(token.seq)) return false;
    if (this.pending.size < pendingMax && !this.closed) {
      this.pending.set(token.seq, token);
      this.timer ??= setTimeout(() => void this.send(), sendMs);
    }
    return true;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async send(): Promise<void> {
    const { served, store, onError } = this.options;
    const tokens = served.isRecovering ? [] : this.take();
    try {
      if (tokens.length > 0) await store.giveBack(served.ref, tokens);
    } catch (error) {
      // They come again with their next poll.
      for (const { seq } of tokens) this.sent.delete(seq);
      onError(error);
    }
    this.timer = undefined;
    if (this.pending.size > 0 && !this.closed) this.timer = setTimeout(() => void this.send(), sendMs);
  }

  private take(): WaitingToken[] {
    const tokens: WaitingToken[] = [];
    for (const [seq, token] of this.pending) {
      tokens.push(token);
      this.pending.delete(seq);
      this.sent.add(seq);
      if (tokens.length === recoveryBatchMax) break;
    }
    return tokens;
  }
}

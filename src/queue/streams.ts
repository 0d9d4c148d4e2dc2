/**
 * Push to the visitors who chose it: each gets a status at once, again when something that matters changed, and at the
 * pace of its own poll_after_sec. Being connected is being present.
 */
import { presenceReportMs, sweepMs } from '../contract/limits.ts';
import type { StatusReply } from '../contract/visitor-api.ts';
import type { EventHost } from './event-host.ts';
import type { WaitingToken } from './waiting-token.ts';

interface Stream {
  readonly host: EventHost;
  readonly token: WaitingToken;
  readonly push: (reply: StatusReply) => void;
  last: StatusReply;
  nextMs: number;
}

const tickMs = sweepMs / 2;
/** Silence of a cut stream begins after so long, ms. */
const cutSilenceMs = 5_000;

export class Streams {
  private readonly streams = new Set<Stream>();
  private readonly nowMs: () => number;
  private readonly timer: NodeJS.Timeout;

  constructor(options: { nowMs: () => number }) {
    this.nowMs = options.nowMs;
    this.timer = setInterval(() => this.tick(), tickMs);
  }

  /** Begins a stream; `first` has been worked out by the caller. Returns what ends it. */
  add(
    host: EventHost,
    token: WaitingToken,
    first: StatusReply,
    push: (reply: StatusReply) => void,
  ): () => void {
    const stream: Stream = { host, token, push, last: first, nextMs: 0 };
    this.streams.add(stream);
    this.send(stream, first);
    return () => {
      if (!this.streams.delete(stream)) return;
      host.served.presence.silentFrom(token.seq, this.nowMs() + cutSilenceMs + presenceReportMs);
    };
  }

  close(): void {
    clearInterval(this.timer);
    this.streams.clear();
  }

  private tick(): void {
    const now = performance.now();
    for (const stream of this.streams) {
      const reply = stream.host.served.status(stream.token);
      if (reply && (now >= stream.nextMs || differs(stream.last, reply))) this.send(stream, reply);
    }
  }

  private send(stream: Stream, reply: StatusReply): void {
    stream.last = reply;
    stream.nextMs = performance.now() + reply.poll_after_sec * 1000;
    stream.host.heard(stream.token.seq, reply);
    stream.push(reply);
  }
}

/** What a visitor must hear of at once. */
function differs(before: StatusReply, after: StatusReply): boolean {
  return (
    before.status !== after.status ||
    before.ready_for_entry !== after.ready_for_entry ||
    before.paused !== after.paused ||
    before.phase !== after.phase ||
    before.message !== after.message ||
    before.stale !== after.stale
  );
}

/**
 * Push to the visitors who chose it: each gets a status at once, again when something that matters changed, and at the
 * pace of its own poll_after_sec. Being connected is being present.
 */
import { pollAfterSecMax, presenceReportMs, sweepMs } from '../contract/limits.ts';
import type { StatusReply } from '../contract/visitor-api.ts';
import type { EventHost } from './event-host.ts';
import type { Unsubscribe } from './line-types.ts';
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
  /** Streams of one place: of two, closing one says nothing of the visitor. */
  private readonly ofPlace = new Map<string, number>();
  private readonly nowMs: () => number;
  private readonly timer: NodeJS.Timeout;

  constructor(options: { nowMs: () => number }) {
    this.nowMs = options.nowMs;
    this.timer = setInterval(() => this.tick(), tickMs);
  }

  /**
   * Begins a stream; `first` has been worked out by the caller. Returns what ends it: as a cut, or as handed over to another
   * gateway, where the visitor is expected as after a poll.
   */
  add(
    host: EventHost,
    token: WaitingToken,
    first: StatusReply,
    push: (reply: StatusReply) => void,
  ): Unsubscribe {
    const stream: Stream = { host, token, push, last: first, nextMs: 0 };
    this.streams.add(stream);
    this.count(stream, 1);
    this.send(stream, first);
    return (isHandedOver = false) => {
      if (!this.streams.delete(stream)) return;
      if (this.count(stream, -1) > 0) return;
      if (isHandedOver) return host.heard(token.seq, stream.last);
      return host.served.presence.silentFrom(token.seq, this.nowMs() + cutSilenceMs + presenceReportMs);
    };
  }

  /** Whether a place has a stream open here. */
  isOpen(host: EventHost, seq: number): boolean {
    return this.ofPlace.has(placeKey(host, seq));
  }

  /** Tells everybody at an event that it is gone. */
  end(host: EventHost): void {
    for (const stream of this.streams) {
      if (stream.host !== host) continue;
      this.streams.delete(stream);
      this.count(stream, -1);
      stream.push({ ...stream.last, ...goneStatus });
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.streams.clear();
    this.ofPlace.clear();
  }

  private count(stream: Stream, change: 1 | -1): number {
    const place = placeKey(stream.host, stream.token.seq);
    const count = (this.ofPlace.get(place) ?? 0) + change;
    if (count > 0) this.ofPlace.set(place, count);
    else this.ofPlace.delete(place);
    return count;
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

const placeKey = ({ served }: EventHost, seq: number): string => `${served.id} ${served.life} ${seq}`;

const goneStatus = {
  status: 'expired',
  position: 0,
  eta_sec: 0,
  eta_low_sec: 0,
  eta_high_sec: 0,
  ready_for_entry: false,
  poll_after_sec: pollAfterSecMax,
} as const;

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

/** A line without Redis for tests of the HTTP layer: it answers what a test sets and notes what it was asked. */
import { type Refusal, refuse } from '../../src/contract/errors.ts';
import type { EnterReply, JoinReply, LeaveReply, StatusReply } from '../../src/contract/visitor-api.ts';
import type {
  Caller,
  EventFacts,
  JoinRequest,
  Line,
  LineGauges,
  Outcome,
  Unsubscribe,
} from '../../src/queue/line-types.ts';

export const waitingStatus: StatusReply = {
  status: 'waiting',
  position: 1234,
  eta_sec: 120,
  eta_low_sec: 100,
  eta_high_sec: 140,
  confidence: 0.8,
  waiting_time: 7,
  ready_for_entry: false,
  poll_after_sec: 15.2,
  phase: 'open',
  paused: false,
  as_of: '2026-05-01T10:00:00.000Z',
};

/** The token of every place that this line gives out. */
export const goodToken = 't1.k1.cGF5bG9hZA.bWFj';

const joinReply: JoinReply = {
  waiting_token: goodToken,
  reference: 'v_abcdefgh',
  position_hint: 1234,
  status: 'waiting',
  eta_sec: 120,
  poll_after_sec: 15.2,
};

type Made<T> = Outcome<T> | Promise<Outcome<T>>;

export class FakeLine implements Line {
  ready = true;
  statusReply: StatusReply = waitingStatus;
  onJoin: (request: JoinRequest) => Made<JoinReply> = () => ({ ok: true, reply: joinReply });
  onStatus: () => Made<StatusReply> = () => ({ ok: true, reply: this.statusReply });
  onEnter: (caller: Caller) => Made<EnterReply> = () => ({
    ok: true,
    reply: { admission: 'granted', reservation_token: 'pass', ttl_sec: 30 },
  });
  readonly joins: JoinRequest[] = [];
  readonly enters: Caller[] = [];
  readonly refusals: string[] = [];
  readonly subscribers = new Set<(reply: StatusReply) => void>();
  statusCalls = 0;
  /** Streams that were handed over to another gateway. */
  handedOver = 0;
  closed = false;
  events: LineGauges['events'][number][] = [];

  async join(request: JoinRequest): Promise<Outcome<JoinReply>> {
    this.joins.push(request);
    return this.onJoin(request);
  }

  status(token: string): Made<StatusReply> {
    this.statusCalls += 1;
    return unknown(token) ?? this.onStatus();
  }

  async enter(token: string, caller: Caller): Promise<Outcome<EnterReply>> {
    this.enters.push(caller);
    return unknown(token) ?? this.onEnter(caller);
  }

  async leave(token: string): Promise<Outcome<LeaveReply>> {
    return unknown(token) ?? { ok: true, reply: { status: 'left', message: 'You have left the line.' } };
  }

  subscribe(token: string, push: (reply: StatusReply) => void): Outcome<Unsubscribe> {
    const refusal = unknown(token);
    if (refusal) return refusal;
    this.subscribers.add(push);
    push(this.statusReply);
    const reply: Unsubscribe = (isHandedOver = false) => {
      if (this.subscribers.delete(push) && isHandedOver) this.handedOver += 1;
    };
    return { ok: true, reply };
  }

  /** Pushes a status to all subscribers. */
  push(reply: StatusReply): void {
    for (const push of this.subscribers) push(reply);
  }

  dependencies(): Record<string, { ok: boolean; detail: string }> {
    return { redis: { ok: this.ready, detail: this.ready ? 'connected' : 'loading' } };
  }

  gauges(): LineGauges {
    return { events: this.events, redisCommands: { evalsha: 3 } };
  }

  facts(eventId: string): EventFacts | undefined {
    const event = this.events.find((each) => each.event === eventId);
    if (event === undefined && eventId !== 'evt_a') return undefined;
    return {
      expireSec: (position) => (position <= 200 ? 300 : 1_800),
      admittedLastMin: () => 600,
      medianWaitSec: () => 45,
    };
  }

  nowMs(): number {
    return Date.now();
  }

  noteRefusal(eventId: string | undefined, operation: string, code: string): void {
    this.refusals.push(`${eventId} ${operation}.${code}`);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

const unknown = (token: string): Refusal | undefined =>
  token === goodToken ? undefined : refuse('TOKEN_NOT_FOUND');

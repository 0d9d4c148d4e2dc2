/** Everything that one gateway process runs for one event, opened and ended together. */
import type { ErrorCode } from '../contract/errors.ts';
import { presenceReportMs, snapshotRowsMax } from '../contract/limits.ts';
import type { StatusReply } from '../contract/visitor-api.ts';
import type { RedisClient } from '../redis/client.ts';
import { isReachable } from '../redis/nodes.ts';
import type { Ask } from './ask.ts';
import { type BrakePolicy, formatBackends } from './brake.ts';
import { Braker } from './braker.ts';
import { CountBook, type LineOperation } from './count-book.ts';
import { EtaAccuracy } from './eta-accuracy.ts';
import { JoinDesk } from './join-desk.ts';
import type { Keyring } from './keyring.ts';
import type { LineTracer } from './line-tracer.ts';
import { PollBook } from './poll-book.ts';
import { isNear } from './presence.ts';
import { RecoveryStore } from './recovery-store.ts';
import { formatFigures, type WorkerFigures } from './report-figures.ts';
import { Reporter } from './reporter.ts';
import { Returns } from './returns.ts';
import type { ServedEvent } from './served-event.ts';
import { StaleEventError, type Store } from './store.ts';
import { Sweeper } from './sweeper.ts';

export interface EventHostOptions {
  readonly served: ServedEvent;
  readonly store: Store;
  readonly redis: RedisClient;
  readonly keyring: Keyring;
  readonly gatewayId: string;
  readonly workerId: string;
  /** What the worker says of itself in its reports, all events together; absent = nothing. */
  readonly figures?: () => WorkerFigures;
  /** Whether a place has a stream open in this process. */
  readonly isStreaming?: (host: EventHost, seq: number) => boolean;
  /** Settings of the adaptive brake; absent = off. */
  readonly brake?: BrakePolicy;
  readonly trace?: LineTracer;
  readonly onSweepError: (error: unknown) => void;
  readonly onReturnError: (error: unknown) => void;
}

const brakeOff: BrakePolicy = { mode: 'off', floorPercent: 100, latencyMs: 0, errorPercent: 100 };

export class EventHost {
  readonly served: ServedEvent;
  readonly joins: JoinDesk;
  readonly book: PollBook;
  readonly braker: Braker;
  readonly returns: Returns;
  readonly counts = new CountBook();
  readonly accuracy = new EtaAccuracy(this.counts);
  private readonly reporter: Reporter;
  private readonly sweeper: Sweeper;

  constructor(options: EventHostOptions) {
    const { served, store, redis, keyring, gatewayId, workerId } = options;
    this.served = served;
    this.book = new PollBook(served.settings.baseMs);
    const { trace } = options;
    const tracing = trace === undefined ? {} : { trace };
    this.joins = new JoinDesk({ served, store, keyring, sender: workerId, redis, ...tracing });
    const reachable = (): boolean => redis.status === 'ready';
    this.braker = new Braker({ served, store, worker: workerId, policy: options.brake ?? brakeOff });
    this.returns = new Returns({
      store: new RecoveryStore(redis),
      served,
      onError: (error) => {
        if (!(error instanceof StaleEventError)) options.onReturnError(error);
      },
    });
    this.reporter = new Reporter({
      served,
      store,
      workerId,
      gatewayId,
      figures: () => this.figures(options),
      counts: this.counts,
      everyMs: presenceReportMs,
      reachable,
    });
    this.sweeper = new Sweeper({
      served,
      store,
      worker: workerId,
      nowMs: () => served.nowMs(),
      onSwept: () => this.braker.decide(),
      onError: (error) => {
        if (isReachable(redis, served.ref.keys.meta)) options.onSweepError(error);
      },
    });
  }

  /** Says that a new revision is in force here. */
  acknowledge(): void {
    this.reporter.reportNow();
  }

  /** Notes the heartbeat that a status is. */
  heard(seq: number, reply: StatusReply): void {
    const { served } = this;
    const nowMs = served.nowMs();
    this.book.polled(seq, nowMs);
    if (reply.position === 0) return;
    const near = isNear(reply.position, reply.eta_sec, served.view(nowMs).window);
    const heartbeat = { seq, heardMs: nowMs, pollAfterSec: reply.poll_after_sec, near };
    served.presence.heard(heartbeat, served.settings.presenceMs);
  }

  /** Counts a refusal; who was refused for overload was there all the same. */
  refused(operation: LineOperation, code: ErrorCode): void {
    this.counts.add(`${operation}.${code}`);
    if (code === 'OVERLOADED' && operation !== 'join') this.reporter.noteUnheard();
  }

  /** Answers an operator's question with what this process knows. */
  answer(ask: Ask): Buffer {
    if (ask.what === 'seen') return this.book.seenSince(ask.sinceMs);
    const status = this.served.statusOf(ask.seq, ask.sinceMs) ?? null;
    return Buffer.from(JSON.stringify({ ...this.book.story(ask.seq), status }));
  }

  private figures({ figures, isStreaming }: EventHostOptions): string {
    const worker = figures?.();
    if (worker === undefined) return '';
    const { served, accuracy } = this;
    return formatFigures({
      v: worker.version,
      st: worker.streams,
      rq: worker.requests,
      e5: worker.errors5xx,
      c4: worker.conflicts,
      jp: worker.joinP99Ms ?? -1,
      cpu: worker.cpuPercent,
      lag: Math.round(served.ageMs),
      sq: served.replica.waiting
        .slice(1, snapshotRowsMax)
        .filter((seq) => isStreaming?.(this, seq) === true)
        .join(),
      eta: accuracy.errorRatio === 0 ? -1 : Math.round(accuracy.errorRatio * 1000) / 1000,
      bk: formatBackends(worker.backends),
      ...this.braker.words(),
    });
  }

  /** The last report, then nothing more. */
  close(): Promise<void> {
    this.sweeper.stop();
    this.returns.close();
    return this.reporter.close();
  }
}

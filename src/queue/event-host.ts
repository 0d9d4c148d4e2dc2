/** Everything that one gateway process runs for one event, opened and ended together. */
import { presenceReportMs } from '../contract/limits.ts';
import type { StatusReply } from '../contract/visitor-api.ts';
import type { RedisClient } from '../redis/client.ts';
import { EtaAccuracy } from './eta-accuracy.ts';
import { JoinDesk } from './join-desk.ts';
import type { Keyring } from './keyring.ts';
import { isNear } from './presence.ts';
import { Reporter } from './reporter.ts';
import type { ServedEvent } from './served-event.ts';
import type { Store } from './store.ts';
import { Sweeper } from './sweeper.ts';

export interface EventHostOptions {
  readonly served: ServedEvent;
  readonly store: Store;
  readonly redis: RedisClient;
  readonly keyring: Keyring;
  readonly gatewayId: string;
  readonly workerId: string;
  readonly onSweepError: (error: unknown) => void;
}

export class EventHost {
  readonly served: ServedEvent;
  readonly joins: JoinDesk;
  readonly accuracy = new EtaAccuracy();
  private readonly reporter: Reporter;
  private readonly sweeper: Sweeper;

  constructor(options: EventHostOptions) {
    const { served, store, redis, keyring, gatewayId, workerId } = options;
    this.served = served;
    this.joins = new JoinDesk({ served, store, keyring, sender: workerId, redis });
    const reachable = (): boolean => redis.status === 'ready';
    this.reporter = new Reporter({
      served,
      store,
      workerId,
      gatewayId,
      everyMs: presenceReportMs,
      reachable,
    });
    this.sweeper = new Sweeper({
      served,
      store,
      worker: workerId,
      nowMs: () => served.nowMs(),
      onError: (error) => {
        if (reachable()) options.onSweepError(error);
      },
    });
  }

  /** Says that a new revision is in force here. */
  acknowledge(): void {
    this.reporter.reportNow();
  }

  /** Notes the heartbeat that a status is. */
  heard(seq: number, reply: StatusReply): void {
    if (reply.position === 0) return;
    const { served } = this;
    const nowMs = served.nowMs();
    const near = isNear(reply.position, reply.eta_sec, served.view(nowMs).window);
    const heartbeat = { seq, heardMs: nowMs, pollAfterSec: reply.poll_after_sec, near };
    served.presence.heard(heartbeat, served.settings.presenceMs);
  }

  /** The last report, then nothing more. */
  close(): Promise<void> {
    this.sweeper.stop();
    return this.reporter.close();
  }
}

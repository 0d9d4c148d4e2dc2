/**
 * The upkeep of one event by whichever worker holds its lease (the lease is inside lua/step_aside.lua, so no worker is
 * special): stepping around the absent, expiry, forgetting, writing down what time has done, and going on with jobs
 * whoever started them.
 */
import { closedLineKeptSec, sweepMs } from '../contract/limits.ts';
import type { ServedEvent } from './served-event.ts';
import { nextTurnMs } from './settings.ts';
import { StaleEventError, type Store } from './store.ts';

export interface SweeperOptions {
  readonly store: Store;
  readonly served: ServedEvent;
  readonly worker: string;
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
  /** Done after each sweep of this worker's own, so by one worker an event. */
  readonly onSwept?: () => Promise<void>;
}

/** Expiry and pruning run once in so many sweeps. */
const upkeepEvery = 10;
/** An empty line is swept this often, ms: well below the gap that starts the grace time. */
const idleMs = 2_000;
/** Batches in one go before the loop gives way. */
const batchesMax = 50;
/** Auto-made and test events go after so long without a call, ms. */
const idleEventMs = 3_600_000;

export class Sweeper {
  private readonly options: SweeperOptions;
  private timer: NodeJS.Timeout;
  private sweeps = 0;
  private stopped = false;
  /** Revision at whose upkeep the closed event's line was dropped. */
  private droppedAt = 0;

  constructor(options: SweeperOptions) {
    this.options = options;
    this.timer = setTimeout(() => void this.run(), Math.random() * sweepMs);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    let waitMs = sweepMs;
    try {
      const heldMs = await this.sweep();
      waitMs = this.pauseMs();
      if (heldMs > 0) waitMs = heldMs + Math.random() * 100;
    } catch (error) {
      if (!(error instanceof StaleEventError)) this.options.onError(error);
    }
    if (!this.stopped) this.timer = setTimeout(() => void this.run(), waitMs);
  }

  /** An idle event is swept at leisure, but on time when time changes it. */
  private pauseMs(): number {
    const { served, nowMs } = this.options;
    if (!served.isIdle || served.settings.job) return sweepMs;
    return Math.min(idleMs, Math.max(sweepMs, nextTurnMs(served.settings) - nowMs()));
  }

  /** How long another worker still holds the lease, ms; 0 when this one swept. */
  private async sweep(): Promise<number> {
    const { store, served, worker } = this.options;
    for (let batch = 0; batch < batchesMax && !this.stopped; batch += 1) {
      const swept = await store.stepAside(served.ref, { worker });
      if ('heldMs' in swept) return swept.heldMs;
      if (!swept.more) break;
    }
    await this.advance();
    await this.stepJob();
    this.sweeps += 1;
    if (this.sweeps % upkeepEvery === 0) await this.upkeep();
    await this.options.onSwept?.();
    return 0;
  }

  /** Time does its part by itself in every script; this writes it down, so that journal, audit and watchers see it. */
  private async advance(): Promise<void> {
    const { store, served, nowMs } = this.options;
    const { settings } = served;
    const drained = settings.phase === 'draining' && served.isIdle;
    if (drained || nowMs() >= nextTurnMs(settings)) await store.advance(served.ref);
  }

  private async stepJob(): Promise<void> {
    const { store, served } = this.options;
    for (let batch = 0; batch < batchesMax && !this.stopped && served.settings.job; batch += 1) {
      const step = await store.stepJob(served.ref);
      if (step.word === 'idle' || !step.more) break;
    }
  }

  private async dropLine(): Promise<void> {
    const { store, served, nowMs } = this.options;
    const { phase, revision, changedAtMs } = served.settings;
    const keepMs = closedLineKeptSec * 1000;
    if (phase !== 'closed' || revision === this.droppedAt || nowMs() - changedAtMs < keepMs) return;
    if (await store.dropLine(served.ref, { keepMs })) this.droppedAt = revision;
  }

  private async upkeep(): Promise<void> {
    const { store, served } = this.options;
    for (let batch = 0; batch < batchesMax && !this.stopped; batch += 1) {
      if (!(await store.expire(served.ref)).more) break;
    }
    await store.prune(served.ref);
    await this.dropLine();
    if (served.settings.kind !== 'operator') await store.dropEvent(served.ref, { idleMs: idleEventMs });
  }
}

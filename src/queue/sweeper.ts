/**
 * The upkeep of one event by whichever worker holds its lease (the lease is inside lua/step_aside.lua, so no worker is
 * special): stepping around the absent, expiry, forgetting, and writing down the phase that time has made.
 */
import { sweepMs } from '../contract/limits.ts';
import type { ServedEvent } from './served-event.ts';
import { StaleEventError, type Store } from './store.ts';

export interface SweeperOptions {
  readonly store: Store;
  readonly served: ServedEvent;
  readonly worker: string;
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
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

  constructor(options: SweeperOptions) {
    this.options = options;
    this.timer = setTimeout(() => void this.run(), Math.random() * sweepMs);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    let waitMs = this.options.served.isIdle ? idleMs : sweepMs;
    try {
      const heldMs = await this.sweep();
      if (heldMs > 0) waitMs = heldMs + Math.random() * 100;
    } catch (error) {
      if (!(error instanceof StaleEventError)) this.options.onError(error);
    }
    if (!this.stopped) this.timer = setTimeout(() => void this.run(), waitMs);
  }

  /** How long another worker still holds the lease, ms; 0 when this one swept. */
  private async sweep(): Promise<number> {
    const { store, served, worker } = this.options;
    for (let batch = 0; batch < batchesMax && !this.stopped; batch += 1) {
      const swept = await store.stepAside(served.ref, { worker });
      if ('heldMs' in swept) return swept.heldMs;
      if (!swept.more) break;
    }
    await this.advancePhase();
    this.sweeps += 1;
    if (this.sweeps % upkeepEvery === 0) await this.upkeep();
    return 0;
  }

  /** Time opens and closes by itself in every script; this writes it down, so that journal and watchers see it. */
  private async advancePhase(): Promise<void> {
    const { store, served, nowMs } = this.options;
    const { phase } = served.settings;
    if (served.phase(nowMs()) === phase && !(phase === 'draining' && served.isIdle)) return;
    await store.setPhase(served.ref, { action: 'advance', changeId: '', audit: '' });
  }

  private async upkeep(): Promise<void> {
    const { store, served } = this.options;
    for (let batch = 0; batch < batchesMax && !this.stopped; batch += 1) {
      if (!(await store.expire(served.ref)).more) break;
    }
    await store.prune(served.ref);
    if (served.settings.kind !== 'operator') await store.dropEvent(served.ref, { idleMs: idleEventMs });
  }
}

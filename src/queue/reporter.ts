/**
 * Tells Redis, for one event, that this worker lives, which revision it has in force, who was heard and what was counted. A new revision
 * is reported at once: from these acknowledgements an operator's receipt is made.
 */
import type { CountBook } from './count-book.ts';
import type { ServedEvent } from './served-event.ts';
import type { Store } from './store.ts';

export interface ReporterOptions {
  readonly served: ServedEvent;
  readonly store: Store;
  readonly workerId: string;
  readonly gatewayId: string;
  /** What the worker says of itself, one word (report-figures.ts); '' = nothing. */
  readonly figures: () => string;
  readonly counts: CountBook;
  readonly everyMs: number;
  readonly reachable: () => boolean;
}

const goodbye = -1;
/** Batches of one report; what is left goes with the next one. */
const batchesMax = 200;

export class Reporter {
  private readonly options: ReporterOptions;
  private timer: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();
  private closed = false;
  /** Somebody's sign of life was refused since the last report. */
  private isUnheard = false;

  constructor(options: ReporterOptions) {
    this.options = options;
    this.timer = setTimeout(() => this.reportNow(), options.everyMs);
  }

  /** Somebody of this line was here, and could not be heard. */
  noteUnheard(): void {
    this.isUnheard = true;
  }

  /** Reports now instead of at the next turn. */
  reportNow(): void {
    if (this.closed) return;
    clearTimeout(this.timer);
    this.running = this.running.then(() => this.report());
  }

  /** The last report and the goodbye. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    await this.running;
    if (!this.options.reachable()) return;
    await this.flush(goodbye).catch(() => {});
  }

  private async report(): Promise<void> {
    const startedMs = performance.now();
    try {
      if (this.options.reachable()) await this.flush(this.options.served.settings.revision);
    } catch {
      // What could not be reported was put back; a missing event is the tailer's business, a lost Redis the client's.
    }
    if (this.closed) return;
    clearTimeout(this.timer);
    const leftMs = this.options.everyMs - (performance.now() - startedMs);
    this.timer = setTimeout(() => this.reportNow(), Math.max(50, leftMs));
  }

  private async flush(revision: number): Promise<void> {
    const { served, store, workerId, gatewayId, figures, counts } = this.options;
    const gateway = `${gatewayId} ${figures()}`.trim();
    if (this.isUnheard) {
      await store.startGrace(served.ref);
      this.isUnheard = false;
    }
    for (let batch = 0; batch < batchesMax; batch += 1) {
      const taken = served.presence.takeBatch();
      const counted = counts.unsent();
      const report = {
        reporter: workerId,
        gateway,
        revision,
        records: taken?.records ?? ('' as const),
        counts: counted,
      };
      try {
        await store.presence(served.ref, report);
        counts.sent(counted);
      } catch (error) {
        if (taken) served.presence.putBack(taken.entries);
        throw error;
      }
      if (!taken || served.presence.size === 0) return;
    }
  }
}

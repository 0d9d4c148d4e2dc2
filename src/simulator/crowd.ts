import { Agenda } from './agenda.ts';
import { GrpcWire } from './grpc-wire.ts';
import { type CrowdOptions, type CrowdSettings, crowdSettings } from './options.ts';
import { planVisitor } from './plan.ts';
import { forkRandom, poissonGapMs, type Random } from './random.ts';
import { type CrowdReport, makeReport } from './report.ts';
import { type Outcome, Tally } from './tally.ts';
import { Visitor } from './visitor.ts';
import { type AnyWire, Wire } from './wire.ts';

/** How a run stands. */
export interface CrowdProgress {
  readonly elapsedSec: number;
  readonly arrived: number;
  /** Arrived, not ended. */
  readonly present: number;
  readonly entered: number;
  readonly ended: number;
  readonly polls: number;
  readonly connectionErrors: number;
}

/** How a run is watched and stopped. */
export interface CrowdControl {
  /** Ends the run early; the report then tells what happened until then. */
  readonly signal?: AbortSignal;
  /** Called every `progressMs` and once at the end. */
  readonly onProgress?: (progress: CrowdProgress) => void;
}

/** Streams of random numbers that belong to no visitor: negative, as visitors count from 0. */
const arrivalStream = -2;
const replacementStream = -3;
/** A replacement comes within this, ms; after this, if the one before could not even stay. */
const replacementMaxMs = 1_000;
const replacementAfterFailureMs = 10_000;
/** How long answers under way are waited for at the end, ms: an enter may have been granted. */
const settleMs = 3_000;
const settlePollMs = 10;
const troubles: ReadonlySet<Outcome> = new Set(['closed', 'refused', 'lost', 'gaveUp', 'expired']);

/**
 * Runs a crowd of simulated visitors until all have ended, `forMs` is over or the signal aborts, and tells what
 * happened. Failures of the gateway are part of the report; throws only CrowdOptionsError, before anything is sent.
 */
export async function runCrowd(options: CrowdOptions, control: CrowdControl = {}): Promise<CrowdReport> {
  return new Crowd(crowdSettings(options), control).run();
}

class Crowd {
  readonly #settings: CrowdSettings;
  readonly #control: CrowdControl;
  readonly #wire: AnyWire;
  readonly #shop: AnyWire;
  readonly #agenda = new Agenda();
  readonly #tally = new Tally();
  readonly #cpuBefore = process.cpuUsage();
  readonly #arrivals: Random;
  readonly #replacements: Random;
  readonly #finished = Promise.withResolvers<void>();
  /** Visitors whose place may still be in the line, no-shows among them. */
  readonly #placed = new Set<Visitor>();
  /** Visitors who are certain to come yet. */
  #expected: number;
  #index = 0;

  constructor(settings: CrowdSettings, control: CrowdControl) {
    this.#settings = settings;
    this.#control = control;
    const { gateways, buyGateways } = settings;
    this.#wire = gateways[0]?.startsWith('grpc:') ? new GrpcWire(settings) : new Wire(settings);
    const isSame = buyGateways.join() === gateways.join();
    this.#shop = isSame ? this.#wire : new Wire({ ...settings, gateways: buyGateways });
    this.#arrivals = forkRandom(settings.seed, arrivalStream);
    this.#replacements = forkRandom(settings.seed, replacementStream);
    this.#expected = Math.max(settings.visitors, settings.keep);
  }

  async run(): Promise<CrowdReport> {
    const { signal, onProgress } = this.#control;
    const finish = () => this.#finished.resolve();
    const end = Number.isFinite(this.#settings.forMs) ? setTimeout(finish, this.#settings.forMs) : undefined;
    const pace = setInterval(() => onProgress?.(this.#progress()), this.#settings.progressMs);
    signal?.addEventListener('abort', finish, { once: true });
    if (signal?.aborted || this.#expected === 0) finish();
    else this.#scheduleArrivals();
    await this.#finished.promise;
    signal?.removeEventListener('abort', finish);
    clearTimeout(end);
    clearInterval(pace);
    await this.#settle();
    onProgress?.(this.#progress());
    return makeReport(this.#tally, this.#settings, process.cpuUsage(this.#cpuBefore));
  }

  #scheduleArrivals(): void {
    const { arrivals } = this.#settings;
    const startMs = performance.now();
    let left = this.#expected;
    if (arrivals.kind === 'burst') {
      for (; left > 0; left -= 1) this.#agenda.add(startMs, { act: () => this.#arrive() });
      return;
    }
    let atMs = startMs;
    const next = {
      act: () => {
        this.#arrive();
        left -= 1;
        if (left > 0) schedule();
      },
    };
    const schedule = () => {
      atMs += poissonGapMs(this.#arrivals, arrivals.perSec);
      this.#agenda.add(atMs, next);
    };
    schedule();
  }

  #arrive(): void {
    const { kind, ...rest } = planVisitor(this.#settings, this.#index);
    this.#index += 1;
    this.#expected -= 1;
    this.#tally.arrived += 1;
    this.#tally.kinds[kind] += 1;
    const visitor = new Visitor(
      { kind, ...rest },
      {
        settings: this.#settings,
        wire: this.#wire,
        shop: this.#shop,
        agenda: this.#agenda,
        tally: this.#tally,
        onEnded: (outcome) => {
          if (outcome !== 'vanished') this.#placed.delete(visitor);
          this.#ended(outcome);
        },
      },
    );
    this.#placed.add(visitor);
    visitor.act(performance.now());
  }

  #ended(outcome: Outcome): void {
    const present = this.#tally.arrived - this.#tally.ended;
    if (present + this.#expected < this.#settings.keep) {
      this.#expected += 1;
      const afterMs = troubles.has(outcome) ? replacementAfterFailureMs : 0;
      const atMs = performance.now() + afterMs + this.#replacements() * replacementMaxMs;
      this.#agenda.add(atMs, { act: () => this.#arrive() });
    } else if (present === 0 && this.#expected === 0) this.#finished.resolve();
  }

  /** Nothing new is sent; what is under way may still be answered. */
  async #settle(): Promise<void> {
    this.#agenda.stop();
    if (this.#settings.leaveAtEnd) this.#sendHome();
    const untilMs = performance.now() + settleMs;
    while (this.#wire.inFlight + this.#shop.inFlight > 0 && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, settlePollMs));
    }
    await this.#wire.destroy();
    if (this.#shop !== this.#wire) await this.#shop.destroy();
    // Who is still buying has entered.
    const { arrived, ended, sales } = this.#tally;
    this.#tally.outcomes.unfinished = arrived - ended - sales.underway;
  }

  #sendHome(): void {
    let target = 0;
    for (const { farewell } of this.#placed) {
      if (farewell) this.#wire.send(target++, farewell, () => {});
    }
  }

  #progress(): CrowdProgress {
    const tally = this.#tally;
    const connectionErrors = Object.values(tally.connectionErrors).reduce((sum, count) => sum + count, 0);
    return {
      elapsedSec: (performance.now() - tally.startedAtMs) / 1000,
      arrived: tally.arrived,
      present: tally.arrived - tally.ended,
      entered: tally.outcomes.entered,
      ended: tally.ended,
      polls: tally.requests.status,
      connectionErrors,
    };
  }
}

/** How one worker asks all workers of its gateway, itself included, so that any of them can answer for all. */
import type { MetricsSnapshot } from '../metrics/registry.ts';

export interface WorkerReadiness {
  readonly ready: boolean;
  readonly dependencies: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>;
}

/** What a worker can be asked for. */
export interface Reports {
  metrics: MetricsSnapshot;
  readiness: WorkerReadiness;
}
export type ReportName = keyof Reports;

/** How this worker answers. */
export type Reporters = { readonly [N in ReportName]: () => Promise<Reports[N]> | Reports[N] };

export interface Collected<N extends ReportName> {
  readonly reports: readonly Reports[N][];
  /** Workers that there should be. */
  readonly workers: number;
}

export interface Peers {
  /** Sets what this worker answers when asked. */
  serve(reporters: Reporters): void;
  /** The reports of all workers that answered within a second. */
  collect<N extends ReportName>(name: N): Promise<Collected<N>>;
}

/** For a gateway of one process. */
export function createLonePeers(): Peers {
  let own: Reporters | undefined;
  return {
    serve: (reporters) => {
      own = reporters;
    },
    collect: async (name) => ({ reports: own === undefined ? [] : [await own[name]()], workers: 1 }),
  };
}

/** What a gateway says about itself as a whole. A worker that is being replaced does not make the others unready. */
export function combineReadiness({ reports, workers }: Collected<'readiness'>): WorkerReadiness {
  const dependencies: Record<string, { ok: boolean; detail: string }> = {};
  for (const report of reports) {
    for (const [name, state] of Object.entries(report.dependencies)) {
      if (dependencies[name] === undefined || (dependencies[name].ok && !state.ok))
        dependencies[name] = state;
    }
  }
  const isComplete = reports.length >= workers;
  dependencies.workers = { ok: isComplete, detail: `${reports.length} of ${workers}` };
  return { ready: reports.length > 0 && reports.every(({ ready }) => ready), dependencies };
}

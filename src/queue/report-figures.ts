/** What a gateway's worker says of itself with each report, in the hash `reporters` behind its name. */
import { z } from 'zod';
import type { BackendCalls } from './brake.ts';

/** Figures of a worker process, of all events together. */
export interface WorkerFigures {
  readonly version: string;
  readonly streams: number;
  /** Answers of the last minute, those of 5xx, those of 409. */
  readonly requests: number;
  readonly errors5xx: number;
  readonly conflicts: number;
  /** p99 of joins in the last minute, ms, the upper bound of its bucket; undefined = none. */
  readonly joinP99Ms: number | undefined;
  /** Of one core, %, since the sample before. */
  readonly cpuPercent: number;
  /** Calls of each backend in the last seconds; empty where the brake is off. */
  readonly backends: readonly BackendCalls[];
}

const figuresSchema = z.object({
  /** Version of the program. */
  v: z.string(),
  /** Event streams open. */
  st: z.number(),
  /** Requests of the last minute, those answered 5xx, those answered 409. */
  rq: z.number(),
  e5: z.number(),
  c4: z.number(),
  /** p99 of joins in the last minute, ms; -1 = none. */
  jp: z.number(),
  /** Of one core, %. */
  cpu: z.number(),
  /** How far this event's replica is behind, ms. */
  lag: z.number(),
  /** Seqs among the first of the line that have a stream open here, separated by commas. */
  sq: z.string().default(''),
  /** Mean error of the waits shown for this event, share of the real one; -1 = too few. */
  eta: z.number(),
  /** Calls of the backends in the last seconds, as `formatBackends` of brake.ts writes them. */
  bk: z.string().default(''),
  /** Mode of the adaptive brake, '' = off; at the worker that decides in shadow mode: "permille sinceMs why". */
  bm: z.string().default(''),
  bd: z.string().default(''),
});
export type ReportFigures = z.infer<typeof figuresSchema>;

/** As text to stand behind the gateway's name. */
export const formatFigures = (figures: ReportFigures): string => JSON.stringify(figures);

/** Undefined for a gateway of another version that says nothing of itself. */
export function parseFigures(text: string): ReportFigures | undefined {
  if (text === '') return undefined;
  try {
    return figuresSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A worker's last report. */
export interface Report {
  readonly worker: string;
  readonly gateway: string;
  readonly lastMs: number;
  readonly revision: number;
  /** Undefined for a gateway of another version that says nothing of itself. */
  readonly figures?: ReportFigures | undefined;
}

/** Gateways that were not heard for longer are not counted any more, ms. */
export const seenWithinMs = 3_000;

/** Parses the hash `reporters`: worker → "last ms, revision, gateway, figures". */
export function parseReports(hash: Readonly<Record<string, string>>): Report[] {
  return Object.entries(hash).map(([worker, text]) => {
    const [, lastMs, revision, gateway = '', figures = ''] = /^(\S*) (\S*) (\S*) ?(.*)$/s.exec(text) ?? [];
    return {
      worker,
      gateway,
      lastMs: Number(lastMs),
      revision: Number(revision),
      figures: parseFigures(figures),
    };
  });
}

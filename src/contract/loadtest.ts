/** Load tests that run in the cluster, on the k6-operator: what the admin API says of them. */
import { z } from 'zod';
import { itemReplySchema, listReplySchema } from './admin-api.ts';
import { loadRunnersMax } from './limits.ts';
import { eventIdSchema } from './visitor-api.ts';

/** Name of a test's objects: 1 to 42 characters, as the operator adds to it what its Jobs are called. */
export const loadRunNameSchema = z.string().regex(/^[a-z]([a-z0-9-]{0,40}[a-z0-9])?$/);

const factorSchema = z.number().min(0.0001).max(100);

/** What is asked for. The gateway is the one that the server is set up for. */
export const loadRunSpecSchema = z.object({
  name: loadRunNameSchema,
  /** One of `tacos loadtest list`. */
  scenario: z.string().regex(/^[a-z0-9]{1,32}$/),
  /** Pods that share the load. */
  runners: z.number().int().min(1).max(loadRunnersMax),
  /** Rates, and times, are multiplied by it. */
  scale: factorSchema.default(1),
  timeScale: factorSchema.default(1),
  /** Virtual users a load at most, of all runners together. */
  vus: z.number().int().min(1).max(1_000_000).optional(),
  /** Couples give up after it. */
  patienceSec: z.number().min(1).max(86_400).optional(),
});
export type LoadRunSpec = z.output<typeof loadRunSpecSchema>;

/** Stages of the operator after which nothing more comes. */
const lastStages: readonly string[] = ['finished', 'error', 'stopped'];

/** Whether a test has ended, well or not; one whose TestRun is gone has. */
export const hasEnded = (stage: string): boolean => lastStages.includes(stage) || stage === 'gone';

export const loadRunSchema = z.object({
  name: z.string(),
  namespace: z.string(),
  scenario: z.string(),
  event: z.string(),
  baseUrl: z.string(),
  runners: z.number().int(),
  /** As the operator says it, such as created, started, finished, error; '' = it has not looked at it yet; gone = the TestRun is deleted. */
  stage: z.string(),
  startedAt: z.string(),
  actor: z.string(),
  /** Of its start. */
  auditId: z.string(),
  /** Pods of the runners by phase; null = they may not be read. */
  pods: z.object({ waiting: z.number(), running: z.number(), ended: z.number() }).nullable(),
  /** Why pods do not start, one sentence each. */
  problems: z.array(z.string()),
});
export type LoadRun = z.infer<typeof loadRunSchema>;

/** What one runner came to. */
export const loadSummarySchema = z.object({
  pod: z.string(),
  /** k6's; null = it has not ended, or is not known. */
  exitCode: z.number().int().nullable(),
  /** JSON as k6/lib/summary.js writes it; null = there is none. */
  summary: z.string().nullable(),
  /** Its last words where there is none. */
  said: z.string(),
});
export type LoadSummary = z.infer<typeof loadSummarySchema>;

/** Begins the line of a runner's log that has the summary; k6/lib/summary.js writes it. */
export const summaryMark = 'tacos-summary ';

export const loadRunReplySchema = itemReplySchema(loadRunSchema);
export const loadRunListSchema = listReplySchema(loadRunSchema);
export const loadSummaryListSchema = listReplySchema(loadSummarySchema);

export const loadManifestsRequestSchema = loadRunSpecSchema.extend({ event: eventIdSchema });
export type LoadManifestsRequest = z.input<typeof loadManifestsRequestSchema>;
/** Objects of Kubernetes as they would be made. */
export const loadManifestListSchema = listReplySchema(z.record(z.string(), z.unknown()));

/** A load, as the scripts of k6/ are told of it. */
export interface ToldLoad extends Pick<LoadRunSpec, 'scale' | 'timeScale'> {
  readonly baseUrl: string;
  readonly event: string;
  readonly vus?: number | undefined;
  readonly patienceSec?: number | undefined;
}

/** The environment variables of k6/lib/target.js; undefined = not set, as the script has it then. */
export function variablesOf(load: ToldLoad): Record<string, string | undefined> {
  const text = (value: number | undefined): string | undefined =>
    value === undefined ? undefined : String(value);
  return {
    TACOS_BASE_URL: load.baseUrl,
    TACOS_EVENT: load.event,
    TACOS_SCALE: text(load.scale),
    TACOS_TIME_SCALE: text(load.timeScale),
    TACOS_VUS: text(load.vus),
    TACOS_PATIENCE_SEC: text(load.patienceSec),
  };
}

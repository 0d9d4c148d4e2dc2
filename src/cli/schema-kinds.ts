/** The kinds of documents that tacos prints with -o json, yaml and jsonl, each with its schema. */
import { z } from 'zod';
import { changeReplySchema, planSchema } from '../contract/actions.ts';
import {
  apiVersion,
  bucketItemSchema,
  budgetViewSchema,
  eventViewSchema,
  settingsViewSchema,
  versionViewSchema,
  whoamiSchema,
} from '../contract/admin-api.ts';
import { auditEntrySchema } from '../contract/audit.ts';
import { capacitySchema } from '../contract/capacity.ts';
import { findingSchema } from '../contract/doctor.ts';
import { hpaViewSchema } from '../contract/hpa.ts';
import { loadRunSchema } from '../contract/loadtest.ts';
import { saleFileSchema, salePlanSchema, saleReportSchema, saleViewSchema } from '../contract/sale.ts';
import { overviewSchema, queueSnapshotSchema } from '../contract/snapshot.ts';
import { positionRowSchema, visitorStorySchema } from '../contract/visitors.ts';
import { loadReportSchema } from './commands/loadtest/load-report.ts';

/** One kind. */
export interface DocumentKind {
  readonly kind: string;
  readonly summary: string;
  /** `list` has `items`, `item` has `item`; a `file` is written by people. */
  readonly form: 'list' | 'item' | 'file';
  readonly item: z.ZodType;
}

/** One context as `context list` and `context show` print it. */
export const contextViewSchema = z.object({
  context: z.string(),
  server: z.string(),
  current: z.boolean(),
  kind: z.string().optional(),
  protected: z.boolean(),
  requireReason: z.boolean(),
  readOnly: z.boolean(),
  gateway: z.string().optional(),
  kube: z.object({ namespace: z.string().optional(), hpa: z.string().optional() }).optional(),
  limits: z
    .object({
      maxRefill: z.number().optional(),
      maxCapacity: z.number().optional(),
      maxStep: z.string().optional(),
    })
    .optional(),
  caFile: z.string().optional(),
  tlsServerName: z.string().optional(),
  proxy: z.string().optional(),
  signedIn: z.boolean(),
});
export type ContextView = z.infer<typeof contextViewSchema>;

/** `auth status`. */
export const authStatusSchema = whoamiSchema.extend({
  context: z.string(),
  server: z.string(),
  tokenFrom: z.string(),
});
export type AuthStatus = z.infer<typeof authStatusSchema>;

/** One row of `config list`. */
export const settingSchema = z.object({
  key: z.string(),
  value: z.string().nullable(),
  /** flag, env NAME, the path of config.yaml, or built-in. */
  origin: z.string(),
});
export type SettingView = z.infer<typeof settingSchema>;

const figure = z.number().nullable();

/** `simulate`: what the model foresees. */
export const simulationSchema = z.object({
  event: z.string().nullable(),
  emptyInSec: figure,
  emptyAt: z.string().nullable(),
  tailWaitSec: figure,
  longestWaitSec: figure,
  waitP50Sec: figure,
  waitP95Sec: figure,
  peakWaiting: z.number(),
  admitted: z.number(),
  given: z.object({
    waiting: z.number(),
    tokens: z.number(),
    capacity: z.number(),
    refillPerSec: z.number(),
    use: z.number(),
    noShow: z.number(),
    opensInSec: z.number(),
    horizonSec: z.number(),
  }),
  course: z.array(z.looseObject({ atSec: z.number() })),
});

/** One line of `queue watch --all -o jsonl`. */
const overviewEventSchema = z.object({
  kind: z.literal('OverviewEvent'),
  asOf: z.string(),
  seq: z.number().int(),
  ...overviewSchema.shape.events.element.shape,
  ageSec: z.number(),
  stale: z.boolean(),
});

/** One line of `hpa diff`. */
export const hpaDiffRowSchema = z.object({
  /** A setting, or replicas. */
  field: z.string(),
  /** Declared, or asked for; null = nowhere. */
  asked: z.number().nullable(),
  /** In force, or running. */
  real: z.number().nullable(),
  same: z.boolean(),
  why: z.string(),
});

/** `loadtest list`: one row. */
const loadTestSchema = z.object({
  name: z.string(),
  about: z.string(),
  durationSec: z.number(),
  requests: z.number(),
  peakRequestsPerSec: z.number(),
});

/** `loadtest --dry-run`. */
const loadPlanSchema = z.object({
  scenario: z.string(),
  about: z.string(),
  event: z.string(),
  baseUrl: z.string(),
  scale: z.number(),
  timeScale: z.number(),
  durationSec: z.number(),
  requests: z.number(),
  peakRequestsPerSec: z.number(),
  peakArrivalsPerSec: z.number(),
  virtualUsers: z.number(),
  canDrivePerSec: z.number(),
  machines: z.number(),
});

/** One row of `schema`. */
export const kindViewSchema = z.object({ kind: z.string(), summary: z.string() });
export type KindView = z.infer<typeof kindViewSchema>;

/** All kinds, sorted by name. */
export const documentKinds: readonly DocumentKind[] = [
  { kind: 'Audit', summary: 'one record of the audit trail', form: 'item', item: auditEntrySchema },
  { kind: 'AuditList', summary: 'the audit trail, newest first', form: 'list', item: auditEntrySchema },
  { kind: 'AuthStatus', summary: 'who the server takes you for', form: 'item', item: authStatusSchema },
  {
    kind: 'Bucket',
    summary: 'tokens, capacity and refill of an event',
    form: 'item',
    item: bucketItemSchema,
  },
  {
    kind: 'Budget',
    summary: 'admissions that all events may use together',
    form: 'item',
    item: budgetViewSchema,
  },
  {
    kind: 'Capacity',
    summary: 'what a sale takes, and what breaks first',
    form: 'item',
    item: capacitySchema,
  },
  {
    kind: 'Change',
    summary: 'what a change has done, one result an event',
    form: 'item',
    item: changeReplySchema,
  },
  { kind: 'ConfigList', summary: 'settings with their origin', form: 'list', item: settingSchema },
  { kind: 'Context', summary: 'one context', form: 'item', item: contextViewSchema },
  {
    kind: 'ContextList',
    summary: 'contexts of config.yaml, and the running local one',
    form: 'list',
    item: contextViewSchema,
  },
  { kind: 'Event', summary: 'one event', form: 'item', item: eventViewSchema },
  { kind: 'EventList', summary: 'all events', form: 'list', item: eventViewSchema },
  { kind: 'FindingList', summary: 'what doctor finds', form: 'list', item: findingSchema },
  { kind: 'Hpa', summary: 'the autoscaler of the gateways', form: 'item', item: hpaViewSchema },
  { kind: 'HpaDiff', summary: 'it asked versus real, row by row', form: 'list', item: hpaDiffRowSchema },
  { kind: 'KindList', summary: 'this list', form: 'list', item: kindViewSchema },
  {
    kind: 'LoadPlan',
    summary: 'what a load test would send',
    form: 'item',
    item: loadPlanSchema,
  },
  { kind: 'LoadReport', summary: 'what a load test came to', form: 'item', item: loadReportSchema },
  { kind: 'LoadRun', summary: 'one load test in the cluster', form: 'item', item: loadRunSchema },
  { kind: 'LoadRunList', summary: 'load tests in the cluster', form: 'list', item: loadRunSchema },
  { kind: 'LoadTestList', summary: 'load tests that there are', form: 'list', item: loadTestSchema },
  { kind: 'Overview', summary: 'all queues at a moment, a row an event', form: 'item', item: overviewSchema },
  {
    kind: 'OverviewEvent',
    summary: 'one row of queue watch --all, in jsonl only',
    form: 'item',
    item: overviewEventSchema,
  },
  { kind: 'Plan', summary: 'what a change would do', form: 'item', item: planSchema },
  { kind: 'PositionList', summary: 'the line, from a position on', form: 'list', item: positionRowSchema },
  { kind: 'QueueList', summary: 'all queues with who waits', form: 'list', item: eventViewSchema },
  { kind: 'QueueSnapshot', summary: 'one queue at a moment', form: 'item', item: queueSnapshotSchema },
  { kind: 'Sale', summary: 'the file of tacos sale plan and apply', form: 'file', item: saleFileSchema },
  {
    kind: 'SalePlan',
    summary: 'what a sale would do and how long people would wait',
    form: 'item',
    item: salePlanSchema,
  },
  {
    kind: 'SaleReport',
    summary: 'what became of a sale, with every change',
    form: 'item',
    item: saleReportSchema.extend({ changes: z.array(auditEntrySchema) }),
  },
  { kind: 'SaleStatus', summary: 'how far a sale has come', form: 'item', item: saleViewSchema },
  {
    kind: 'Settings',
    summary: 'settings of an event beside the bucket',
    form: 'item',
    item: settingsViewSchema,
  },
  { kind: 'Simulation', summary: 'what the model foresees', form: 'item', item: simulationSchema },
  { kind: 'VersionList', summary: 'earlier versions of a bucket', form: 'list', item: versionViewSchema },
  { kind: 'Visitor', summary: 'one visitor and what became of them', form: 'item', item: visitorStorySchema },
];

/** Finds a kind, whatever the case of its letters. */
export const findKind = (name: string): DocumentKind | undefined =>
  documentKinds.find(({ kind }) => kind.toLowerCase() === name.toLowerCase());

/** The document of a kind as -o json prints it. */
export function documentSchema({ kind, form, item }: DocumentKind): z.ZodType {
  if (form === 'file') return item;
  return z.object({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind),
    context: z.string(),
    asOf: z.string(),
    ...(form === 'list' ? { items: z.array(item) } : { item }),
    warnings: z.array(z.string()),
  });
}

/** Every path that a kind's items can have; none for a kind without a schema. */
export function schemaPaths(kind: string): string[] {
  const found = findKind(kind);
  return found === undefined ? [] : pathsIn(z.toJSONSchema(found.item, { io: 'output' }) as JsonSchema, '');
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

function pathsIn({ properties = {}, anyOf = [] }: JsonSchema, prefix: string): string[] {
  const own = Object.entries(properties).flatMap(([name, inner]) => [
    `${prefix}${name}`,
    ...pathsIn(inner, `${prefix}${name}.`),
  ]);
  return [...own, ...anyOf.flatMap((each) => pathsIn(each, prefix))];
}

/** The autoscaler of the gateways, on the wire: what it asks for, what runs, and why the two differ. */
import { z } from 'zod';
import { itemReplySchema } from './admin-api.ts';

/** What operators may change of it, as rows of plans and records name it. */
export const hpaFields = ['minReplicas', 'maxReplicas', 'targetCpuPercent'] as const;
export type HpaField = (typeof hpaFields)[number];

const fieldSchema = z.enum(hpaFields);

export const hpaHoldSchema = z.object({
  /** The floor while it lasts. */
  min: z.number().int(),
  /** The floor that comes back. */
  minBefore: z.number().int(),
  /** On the clock of Redis. */
  until: z.string(),
  auditId: z.string(),
  actor: z.string(),
  /** Why its end could not be carried out so far; it is tried again every few seconds. */
  problem: z.string().optional(),
});
export type HpaHold = z.infer<typeof hpaHoldSchema>;

export const hpaViewSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  /** Of the changes made by tacos; 0 = none yet. */
  revision: z.number().int(),
  /** What it scales, such as Deployment/gateway. */
  target: z.string(),
  minReplicas: z.number().int(),
  maxReplicas: z.number().int(),
  /** Of the pods' CPU request; null = it does not scale by CPU. */
  targetCpuPercent: z.number().nullable(),
  /** Everything that it scales by, with what was measured last; null = not measured, or no percentage. */
  metrics: z.array(
    z.object({
      name: z.string(),
      targetPercent: z.number().nullable(),
      currentPercent: z.number().nullable(),
    }),
  ),
  replicas: z.object({
    /** Wanted by the autoscaler. */
    asked: z.number().int(),
    /** That exist, ready or not. */
    current: z.number().int(),
    /** Ready to serve; null = the target could not be read. */
    ready: z.number().int().nullable(),
  }),
  /** Why asked and real differ, or why it asks for no more or less; empty = it is as it should be. */
  why: z.array(z.object({ code: z.string(), text: z.string() })),
  hold: hpaHoldSchema.nullable(),
  /** Who applied each field last, from the API server's own book-keeping. */
  owners: z.array(z.object({ field: fieldSchema, manager: z.string(), operation: z.string() })),
  /** The tool that keeps it as Git has it, and the name of its application; null = none is known. */
  gitops: z.object({ tool: z.string(), name: z.string() }).nullable(),
  /** What was declared with `kubectl apply`, as far as that is kept with it. */
  declared: z.object({
    minReplicas: z.number().int().optional(),
    maxReplicas: z.number().int().optional(),
    targetCpuPercent: z.number().optional(),
  }),
  /** When it changed the number of pods last. */
  lastScaleAt: z.string().optional(),
});
export type HpaView = z.infer<typeof hpaViewSchema>;

export const hpaReplySchema = itemReplySchema(hpaViewSchema);

/** What screens and alarms show of it. */
export const hpaFiguresSchema = z.object({
  name: z.string(),
  min: z.number().int(),
  max: z.number().int(),
  /** Pods wanted. */
  asked: z.number().int(),
  /** Pods that exist. */
  replicas: z.number().int(),
});
export type HpaFigures = z.infer<typeof hpaFiguresSchema>;

/** Which one is meant; absent = the one that the server is set up for. */
export const hpaQuerySchema = z.object({
  namespace: z.string().max(253).optional(),
  name: z.string().max(253).optional(),
});
export type HpaQuery = z.infer<typeof hpaQuerySchema>;

/** A load test as operators see it, from its objects. Pure. */
import type { V1ConfigMap, V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import type { LoadRun } from '../../contract/loadtest.ts';
import { startAnnotation } from './load-manifests.ts';
import { targetOf } from './why.ts';

const startSchema = z.object({
  scenario: z.string(),
  event: z.string(),
  baseUrl: z.string(),
  runners: z.number().int(),
  auditId: z.string(),
  actor: z.string(),
});
const testRunsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ stage: z.string().catch('') }).catch({ stage: '' }),
    }),
  ),
});

/** Undefined = it is none of ours, or was edited. */
export function startOf({ metadata }: V1ConfigMap): z.infer<typeof startSchema> | undefined {
  try {
    return startSchema.parse(JSON.parse(metadata?.annotations?.[startAnnotation] ?? ''));
  } catch {
    return undefined;
  }
}

/** Stages by name, from the answer to a list of TestRuns. */
export const stagesOf = (testRuns: unknown): ReadonlyMap<string, string> =>
  new Map(testRunsSchema.parse(testRuns).items.map(({ metadata, status }) => [metadata.name, status.stage]));

/** What else is known. */
export interface Around {
  readonly namespace: string;
  readonly stages: ReadonlyMap<string, string>;
  readonly pods: readonly V1Pod[] | null;
}

/** The test of a ConfigMap; none where it is none of ours. */
export function runOf(map: V1ConfigMap, { namespace, stages, pods }: Around): LoadRun[] {
  const start = startOf(map);
  const { name = '', creationTimestamp } = map.metadata ?? {};
  if (start === undefined) return [];
  const own = pods?.filter(({ metadata }) => metadata?.labels?.k6_cr === name);
  const inPhase = (...phases: readonly string[]): number =>
    own?.filter(({ status }) => phases.includes(status?.phase ?? 'Pending')).length ?? 0;
  return [
    {
      ...start,
      name,
      namespace,
      stage: stages.get(name) ?? 'gone',
      startedAt: new Date(creationTimestamp ?? 0).toISOString(),
      pods:
        own === undefined
          ? null
          : {
              waiting: inPhase('Pending'),
              running: inPhase('Running'),
              ended: inPhase('Succeeded', 'Failed'),
            },
      problems: own === undefined ? [] : targetOf({}, own).problems.map(({ text }) => text),
    },
  ];
}

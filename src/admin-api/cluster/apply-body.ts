/** What is sent to change an autoscaler by server-side apply. Pure. */
import type { V2HorizontalPodAutoscaler, V2MetricSpec } from '@kubernetes/client-node';
import type { HpaField } from '../../contract/hpa.ts';
import type { HpaValues } from '../../queue/desk/hpa/autoscaler.ts';

/** The field manager that the API server knows us by. */
export const fieldManager = 'tacos';

/** Annotation with the audit id of our last change. */
export const changeAnnotation = 'tacos/change';

const specNames: Readonly<Record<HpaField, string>> = {
  minReplicas: 'minReplicas',
  maxReplicas: 'maxReplicas',
  targetCpuPercent: 'metrics',
};

/** Who applied which of our fields last; the metrics are one list, so whoever has the list has the CPU target. */
export function ownersOf(
  hpa: V2HorizontalPodAutoscaler,
): { field: HpaField; manager: string; operation: string }[] {
  return (hpa.metadata?.managedFields ?? [])
    .filter(({ subresource }) => subresource === undefined || subresource === '')
    .flatMap(({ manager = '', operation = '', fieldsV1 }) => {
      const spec = (fieldsV1 as Record<string, Record<string, unknown>> | undefined)?.['f:spec'] ?? {};
      const fields = (Object.keys(specNames) as HpaField[]).filter(
        (field) => spec[`f:${specNames[field]}`] !== undefined,
      );
      return fields.map((field) => ({ field, manager, operation }));
    });
}

/** The metrics with another CPU target; one is added where the pods were not scaled by CPU. */
export function withCpuTarget(metrics: readonly V2MetricSpec[], percent: number): V2MetricSpec[] {
  const target = { type: 'Utilization', averageUtilization: percent };
  const cpu: V2MetricSpec = { type: 'Resource', resource: { name: 'cpu', target } };
  const isCpu = ({ resource }: V2MetricSpec): boolean => resource?.name === 'cpu';
  return metrics.some(isCpu) ? metrics.map((each) => (isCpu(each) ? cpu : each)) : [...metrics, cpu];
}

/**
 * The body of the apply: the values asked for, and with them every field that is ours already, since what an apply
 * leaves out it gives up. The uid and version of the object that was read make sure that it is applied to no other, nor
 * to one that was made anew meanwhile.
 */
export function applyBody(
  hpa: V2HorizontalPodAutoscaler,
  { values, changeId }: { readonly values: HpaValues; readonly changeId: string },
): object {
  const { name, namespace, uid, resourceVersion } = hpa.metadata ?? {};
  const ours = new Set(
    ownersOf(hpa).flatMap(({ field, manager, operation }) =>
      manager === fieldManager && operation === 'Apply' ? [field] : [],
    ),
  );
  const { minReplicas, maxReplicas, targetCpuPercent } = values;
  const metrics = hpa.spec?.metrics ?? [];
  const min = minReplicas ?? (ours.has('minReplicas') ? hpa.spec?.minReplicas : undefined);
  const max = maxReplicas ?? (ours.has('maxReplicas') ? hpa.spec?.maxReplicas : undefined);
  const list =
    targetCpuPercent !== undefined
      ? withCpuTarget(metrics, targetCpuPercent)
      : ours.has('targetCpuPercent')
        ? metrics
        : undefined;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace, uid, resourceVersion, annotations: { [changeAnnotation]: changeId } },
    spec: {
      ...(min === undefined ? {} : { minReplicas: min }),
      ...(max === undefined ? {} : { maxReplicas: max }),
      ...(list === undefined ? {} : { metrics: list }),
    },
  };
}

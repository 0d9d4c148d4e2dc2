/** An autoscaler of Kubernetes as operators see it. Pure. */
import type { V1ObjectMeta, V2HorizontalPodAutoscaler, V2MetricSpec } from '@kubernetes/client-node';
import type { HpaView } from '../../contract/hpa.ts';
import type { AutoscalerState } from '../../queue/desk/hpa/autoscaler.ts';
import { changeAnnotation, ownersOf } from './apply-body.ts';
import { type TargetState, whyOf } from './why.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** `target`: the scaled object; null = it could not be read. */
export function stateOf(hpa: V2HorizontalPodAutoscaler, target: TargetState | null): AutoscalerState {
  const { metadata = {}, spec, status } = hpa;
  const minReplicas = spec?.minReplicas ?? 1;
  const maxReplicas = spec?.maxReplicas ?? minReplicas;
  const lastScale = status?.lastScaleTime;
  const replicas = {
    // 0 until the controller has looked at it for the first time.
    asked: status?.desiredReplicas ?? 0,
    current: status?.currentReplicas ?? 0,
    ready: target?.ready ?? null,
  };
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    target: `${spec?.scaleTargetRef.kind ?? '?'}/${spec?.scaleTargetRef.name ?? '?'}`,
    minReplicas,
    maxReplicas,
    targetCpuPercent: cpuTarget(spec?.metrics ?? []),
    metrics: metricsOf(hpa),
    replicas,
    why: whyOf({ minReplicas, maxReplicas, replicas, conditions: status?.conditions ?? [], target }),
    owners: ownersOf(hpa),
    gitops: gitopsOf(metadata),
    declared: declaredIn(metadata.annotations?.[lastApplied]),
    ...(lastScale === undefined ? {} : { lastScaleAt: new Date(lastScale).toISOString() }),
    changeId: metadata.annotations?.[changeAnnotation] ?? null,
    raw: hpa,
  };
}

const cpuTarget = (metrics: readonly V2MetricSpec[]): number | null =>
  metrics.find(({ resource }) => resource?.name === 'cpu')?.resource?.target.averageUtilization ?? null;

function metricsOf({ spec, status }: V2HorizontalPodAutoscaler): HpaView['metrics'] {
  const nameOf = (metric: {
    readonly resource?: { name: string };
    readonly containerResource?: { name: string };
    readonly pods?: { metric: { name: string } };
    readonly object?: { metric: { name: string } };
    readonly external?: { metric: { name: string } };
    readonly type: string;
  }): string =>
    metric.resource?.name ??
    metric.containerResource?.name ??
    (metric.pods ?? metric.object ?? metric.external)?.metric.name ??
    metric.type;
  const now = new Map(
    (status?.currentMetrics ?? []).map((metric) => [
      nameOf(metric),
      (metric.resource ?? metric.containerResource)?.current.averageUtilization ?? null,
    ]),
  );
  return (spec?.metrics ?? []).map((metric) => {
    const name = nameOf(metric);
    const targetPercent = (metric.resource ?? metric.containerResource)?.target.averageUtilization ?? null;
    return { name, targetPercent, currentPercent: now.get(name) ?? null };
  });
}

/** Labels and annotations by which tools mark what they keep as Git has it; the first that fits. */
const marks: readonly {
  tool: string;
  where: 'labels' | 'annotations';
  key: string;
  nameOf?: (value: string) => string;
}[] = [
  // "app:group/kind:namespace/name"
  {
    tool: 'Argo CD',
    where: 'annotations',
    key: 'argocd.argoproj.io/tracking-id',
    nameOf: (value) => value.split(':')[0] ?? '',
  },
  { tool: 'Argo CD', where: 'labels', key: 'argocd.argoproj.io/instance' },
  { tool: 'Flux', where: 'labels', key: 'kustomize.toolkit.fluxcd.io/name' },
  { tool: 'Flux', where: 'labels', key: 'helm.toolkit.fluxcd.io/name' },
  // Not from Git, but it holds what it made all the same.
  { tool: 'KEDA', where: 'labels', key: 'scaledobject.keda.sh/name' },
];

/** Which tool keeps an object as it has it, and by which name; null = none that we know. */
export function gitopsOf(
  metadata: Pick<V1ObjectMeta, 'labels' | 'annotations' | 'managedFields'>,
): HpaView['gitops'] {
  for (const { tool, where, key, nameOf = (value: string) => value } of marks) {
    const value = metadata[where]?.[key];
    if (value !== undefined) return { tool, name: nameOf(value) };
  }
  const isArgo = (metadata.managedFields ?? []).some(({ manager }) => manager === 'argocd-controller');
  return isArgo ? { tool: 'Argo CD', name: '' } : null;
}

/** What `kubectl apply` noted of our fields. */
function declaredIn(text: string | undefined): HpaView['declared'] {
  let spec: { minReplicas?: unknown; maxReplicas?: unknown; metrics?: unknown } = {};
  try {
    spec = JSON.parse(text ?? '{}').spec ?? {};
  } catch {
    // Whoever wrote it knows what it means.
  }
  const cpu = Array.isArray(spec.metrics) ? cpuTarget(spec.metrics as V2MetricSpec[]) : null;
  return {
    ...(Number.isInteger(spec.minReplicas) ? { minReplicas: Number(spec.minReplicas) } : {}),
    ...(Number.isInteger(spec.maxReplicas) ? { maxReplicas: Number(spec.maxReplicas) } : {}),
    ...(cpu === null ? {} : { targetCpuPercent: cpu }),
  };
}

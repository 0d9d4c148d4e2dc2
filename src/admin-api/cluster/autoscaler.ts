/** The gateways' autoscaler in Kubernetes. This folder alone speaks to the cluster. */
import type {
  AppsV1Api,
  AutoscalingV2Api,
  CoreV1Api,
  KubeConfig,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import type { Applied, Applying, Autoscaler, AutoscalerState } from '../../queue/desk/hpa/autoscaler.ts';
import { applyBody, fieldManager } from './apply-body.ts';
import { clusterError, refusalIn, sentence } from './cluster-errors.ts';
import { type ClusterAccess, type Library, openCluster, ownNamespace, withLimit } from './connection.ts';
import { stateOf } from './hpa-state.ts';
import { type TargetState, targetOf } from './why.ts';

/** How the cluster is reached, and what is steered there. */
export interface ClusterSettings extends ClusterAccess {
  readonly hpa: string;
  /** Absent = that of the kubeconfig's context, or the pod's own. */
  readonly namespace?: string;
}

/** Pods looked at for why they do not start. */
const podsMax = 500;

/** Opens it; nothing is sent until the first call. @throws Error where the kubeconfig cannot be used */
export async function openAutoscaler(settings: ClusterSettings): Promise<Autoscaler> {
  const { library, config } = await openCluster(settings);
  const namespace = settings.namespace ?? (await ownNamespace(config, settings));
  return new ClusterAutoscaler({ library, config, namespace, name: settings.hpa });
}

class ClusterAutoscaler implements Autoscaler {
  readonly namespace: string;
  readonly name: string;
  private readonly library: Library;
  private readonly autoscaling: AutoscalingV2Api;
  private readonly apps: AppsV1Api;
  private readonly core: CoreV1Api;

  constructor(parts: { library: Library; config: KubeConfig; namespace: string; name: string }) {
    const { library, config } = parts;
    this.library = library;
    this.namespace = parts.namespace;
    this.name = parts.name;
    this.autoscaling = config.makeApiClient(library.AutoscalingV2Api);
    this.apps = config.makeApiClient(library.AppsV1Api);
    this.core = config.makeApiClient(library.CoreV1Api);
  }

  async read(): Promise<AutoscalerState> {
    const { name, namespace } = this;
    try {
      const hpa = await this.autoscaling.readNamespacedHorizontalPodAutoscaler(
        { name, namespace },
        withLimit(this.library),
      );
      return stateOf(hpa, await this.target(hpa));
    } catch (error) {
      throw clusterError(error, { isWrite: false, name: this.fullName });
    }
  }

  async apply(state: AutoscalerState, how: Applying): Promise<Applied> {
    const { name, namespace } = this;
    const { PatchStrategy, setHeaderOptions } = this.library;
    try {
      await this.autoscaling.patchNamespacedHorizontalPodAutoscaler(
        {
          name,
          namespace,
          body: applyBody(state.raw as V2HorizontalPodAutoscaler, how),
          fieldManager,
          force: how.takeOver,
          ...(how.dryRun ? { dryRun: 'All' } : {}),
        },
        setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply, withLimit(this.library)),
      );
      return { word: 'applied' };
    } catch (error) {
      const refused = appliedIn(error);
      if (refused !== undefined) return refused;
      throw clusterError(error, { isWrite: !how.dryRun, name: this.fullName });
    }
  }

  private get fullName(): string {
    return `${this.namespace}/${this.name}`;
  }

  /** What is scaled, where it is a Deployment that may be read; the rest of the picture stands without it. */
  private async target({ spec }: V2HorizontalPodAutoscaler): Promise<TargetState | null> {
    const { kind, name } = spec?.scaleTargetRef ?? {};
    const { namespace } = this;
    if (kind !== 'Deployment' || name === undefined) return null;
    try {
      const deployment = await this.apps.readNamespacedDeployment(
        { name, namespace },
        withLimit(this.library),
      );
      const { replicas = 0, readyReplicas = 0 } = deployment.status ?? {};
      const selector = deployment.spec?.selector.matchLabels;
      if (readyReplicas >= replicas || selector === undefined) return targetOf(deployment, []);
      const labelSelector = Object.entries(selector)
        .map(([key, value]) => `${key}=${value}`)
        .join(',');
      const pods = await this.core
        .listNamespacedPod({ namespace, labelSelector, limit: podsMax }, withLimit(this.library))
        .catch(() => ({ items: [] }));
      return targetOf(deployment, pods.items);
    } catch {
      return null;
    }
  }
}

/** Answers of a patch that are no failures: others own the field, the object has moved, no such values. */
function appliedIn(error: unknown): Applied | undefined {
  const refusal = refusalIn(error);
  if (refusal === undefined) return undefined;
  const { httpStatus, status } = refusal;
  if (httpStatus === 409) {
    const fields = status.details.causes.flatMap(({ reason, message, field }) =>
      reason === 'FieldManagerConflict' ? [{ field, manager: /"([^"]+)"/.exec(message)?.[1] ?? '?' }] : [],
    );
    return fields.length > 0 ? { word: 'conflict', fields } : { word: 'moved' };
  }
  if (httpStatus === 422 || httpStatus === 400) return { word: 'invalid', text: sentence(status.message) };
  return undefined;
}

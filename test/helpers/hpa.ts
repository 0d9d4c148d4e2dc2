/** Objects of Kubernetes that the tests of `tacos hpa` stand on. */
import type { KubernetesObject } from '@kubernetes/client-node';
import type { Kube } from './kube.ts';

export const namespace = 'gateway';

const meta = (name: string, more: object = {}) => ({ name, namespace, ...more });

/** What docs/operate/hpa.md asks for, word by word. */
export const roleObjects: readonly KubernetesObject[] = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: meta('tacos-hpa'),
    rules: [
      {
        apiGroups: ['autoscaling'],
        resources: ['horizontalpodautoscalers'],
        verbs: ['get', 'list', 'watch', 'patch'],
      },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['pods', 'events'], verbs: ['get', 'list', 'watch'] },
    ],
  } as KubernetesObject,
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: meta('tacos-hpa'),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'tacos-hpa' },
    subjects: [{ kind: 'User', name: 'tacos', apiGroup: 'rbac.authorization.k8s.io' }],
  } as KubernetesObject,
];

const labels = { app: 'gateway' };

export const deployment = (replicas = 1): KubernetesObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta('gateway'),
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'gateway', image: 'gateway', resources: { requests: { cpu: '1' } } }],
        },
      },
    },
  }) as KubernetesObject;

/** The autoscaler; `more` goes over its metadata. */
export const hpa = (spec: object = {}, more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: meta('gateway', more),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gateway' },
      minReplicas: 1,
      maxReplicas: 5,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
        },
      ],
      ...spec,
    },
  }) as KubernetesObject;

/** Its spec as it stands, and who applied what. */
export interface StoredHpa extends KubernetesObject {
  readonly spec: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly metrics: readonly {
      readonly resource: { readonly target: { readonly averageUtilization: number } };
    }[];
  };
}

/** Reads it. */
export const readHpa = async ({ objects }: Kube): Promise<StoredHpa> =>
  (await objects.read({
    ...(hpa() as { apiVersion: string; kind: string }),
    metadata: meta('gateway'),
  })) as StoredHpa;

/** Makes it anew, as it is when a test begins; by default made by root, without a field of anybody's own. */
export async function resetHpa(
  { objects }: Kube,
  options: { spec?: object; metadata?: object; manager?: string } = {},
): Promise<void> {
  await objects.delete(hpa()).catch(() => {});
  await objects.create(hpa(options.spec, options.metadata), undefined, undefined, options.manager ?? 'helm');
}

/** Namespace, Deployment, autoscaler, and what tacos may. */
export async function furnish(kube: Kube): Promise<void> {
  const { objects } = kube;
  await objects.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  for (const object of [...roleObjects, deployment()]) await objects.create(object);
  await resetHpa(kube);
}

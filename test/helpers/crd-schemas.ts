/**
 * What is used of kinds that Kubernetes itself does not have, field for field as their controllers define them: a field
 * with another name would be dropped by the API server without a word. Whoever uses a further field adds it here, from
 * the definition that the controller ships.
 */
import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/);
const labels = z.record(z.string(), z.string());
const duration = z.string().regex(/^(\d+(ms|s|m|h))+$/);
const quantity = z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi)?$/);
const metadata = z.strictObject({
  name,
  namespace: name.optional(),
  labels: labels.optional(),
  annotations: labels.optional(),
});
const inNamespace = metadata.extend({ namespace: name });

const kind = <S extends z.ZodType, M extends z.ZodType>(apiVersion: string, as: string, spec: S, meta: M) =>
  z.strictObject({ apiVersion: z.literal(apiVersion), kind: z.literal(as), metadata: meta, spec });

const secretKey = z.strictObject({ name, key: z.string() });

const serviceMonitor = z.strictObject({
  selector: z.strictObject({ matchLabels: labels }),
  endpoints: z.array(
    z.strictObject({
      port: z.string(),
      path: z.string().startsWith('/'),
      scheme: z.enum(['http', 'https']).optional(),
      interval: duration,
      scrapeTimeout: duration,
      authorization: z.strictObject({ credentials: secretKey }).optional(),
      tlsConfig: z
        .strictObject({ serverName: z.string(), ca: z.strictObject({ secret: secretKey }) })
        .optional(),
    }),
  ),
});

const rule = z.union([
  z.strictObject({ record: z.string(), expr: z.string() }),
  z.strictObject({
    alert: z.string(),
    expr: z.string(),
    for: duration.optional(),
    labels,
    annotations: labels,
  }),
]);
const prometheusRule = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), interval: duration, rules: z.array(rule) })),
});

const taint = z.strictObject({
  key: z.string(),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
});
const nodePool = z.strictObject({
  template: z.strictObject({
    metadata: z.strictObject({ labels: labels.optional(), annotations: labels.optional() }),
    spec: z.strictObject({
      nodeClassRef: z.strictObject({ group: z.string(), kind: z.string(), name }),
      taints: z.array(taint).optional(),
      requirements: z.array(
        z.strictObject({
          key: z.string(),
          operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']),
          values: z.array(z.string()).optional(),
        }),
      ),
      expireAfter: duration.optional(),
      terminationGracePeriod: duration.optional(),
    }),
  }),
  limits: z.record(z.string(), quantity),
  disruption: z.strictObject({
    consolidationPolicy: z.enum(['WhenEmpty', 'WhenEmptyOrUnderutilized']),
    consolidateAfter: duration,
    budgets: z.array(z.strictObject({ nodes: z.string() })),
  }),
});

const application = z.strictObject({
  project: z.string(),
  source: z.strictObject({ repoURL: z.url(), targetRevision: z.string(), path: z.string() }),
  destination: z.strictObject({ server: z.url(), namespace: name }),
  syncPolicy: z.strictObject({
    automated: z.strictObject({ prune: z.boolean(), selfHeal: z.boolean() }),
    syncOptions: z.array(z.string().regex(/^\w+=\w+$/)),
  }),
  ignoreDifferences: z.array(
    z.strictObject({
      group: z.string(),
      kind: z.string(),
      name: name.optional(),
      jsonPointers: z.array(z.string().startsWith('/')).optional(),
      managedFieldsManagers: z.array(z.string()).optional(),
    }),
  ),
});

const resources = z.record(z.enum(['cpu', 'memory']), quantity);
const k6Pod = z.strictObject({
  image: z.string().optional(),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  envFrom: z.array(z.strictObject({ secretRef: z.strictObject({ name, optional: z.boolean() }) })).optional(),
  resources: z
    .strictObject({ requests: resources, limits: z.partialRecord(z.enum(['cpu', 'memory']), quantity) })
    .optional(),
  securityContext: z.strictObject({
    runAsNonRoot: z.boolean(),
    runAsUser: z.int(),
    runAsGroup: z.int().optional(),
    seccompProfile: z.strictObject({ type: z.string() }),
  }),
  containerSecurityContext: z.strictObject({
    allowPrivilegeEscalation: z.boolean(),
    capabilities: z.strictObject({ drop: z.array(z.string()) }),
  }),
});
const testRun = z.strictObject({
  parallelism: z.int().min(1),
  separate: z.boolean().optional(),
  cleanup: z.literal('post').optional(),
  arguments: z.string().optional(),
  script: z.strictObject({ configMap: z.strictObject({ name, file: z.string().regex(/\.(js|tar)$/) }) }),
  runner: k6Pod,
  initializer: k6Pod.optional(),
  starter: k6Pod.optional(),
});

/** By kind, as it is sent to Kubernetes. */
export const crdSchemas: Readonly<Record<string, z.ZodType>> = {
  ServiceMonitor: kind('monitoring.coreos.com/v1', 'ServiceMonitor', serviceMonitor, inNamespace),
  PrometheusRule: kind('monitoring.coreos.com/v1', 'PrometheusRule', prometheusRule, inNamespace),
  NodePool: kind('karpenter.sh/v1', 'NodePool', nodePool, metadata.omit({ namespace: true })),
  Application: kind('argoproj.io/v1alpha1', 'Application', application, inNamespace),
  TestRun: kind('k6.io/v1alpha1', 'TestRun', testRun, inNamespace),
};

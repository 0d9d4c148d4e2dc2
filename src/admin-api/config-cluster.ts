/** The admin API's settings that are about Kubernetes. */
import { z } from 'zod';
import { type Environment, text, type Values } from '../contract/config.ts';
import type { ClusterSettings } from './cluster/autoscaler.ts';
import { type ClusterAccess, isInCluster } from './cluster/connection.ts';
import type { LoadRunnerSettings } from './cluster/load-runner.ts';

const kubeName = {
  schema: z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/),
  allowed: 'a name of Kubernetes: lower-case letters, digits, - and .',
} as const;

/** Shells have lists of them too, which must not stop a server that steers nothing. */
const kubeconfigPath = { schema: z.string(), allowed: 'the path of one kubeconfig' } as const;

const gatewayUrl = {
  schema: z
    .string()
    .max(2_048)
    .refine((value) => /^https?:\/\//.test(value) && URL.canParse(value)),
  allowed: 'an http or https address',
} as const;

/** Its environment variables. */
export const clusterVariables = {
  /** The gateways' autoscaler; absent = none is steered. */
  KUBE_HPA: kubeName,
  KUBE_NAMESPACE: kubeName,
  KUBECONFIG: kubeconfigPath,
  KUBE_CONTEXT: text,
  /** Where load tests run; absent = none are started. */
  KUBE_LOADTEST_NAMESPACE: kubeName,
  /** The gateway as pods reach it. */
  KUBE_LOADTEST_URL: gatewayUrl,
  KUBE_LOADTEST_IMAGE: { ...text, fallback: 'grafana/k6:1.4.0' },
} as const;

type ClusterValues = Values<typeof clusterVariables>;

/** What cannot be meant so. */
export function problemsOfCluster(values: Partial<ClusterValues>, environment: Environment): string[] {
  const {
    KUBE_HPA: hpa,
    KUBE_LOADTEST_NAMESPACE: namespace,
    KUBE_LOADTEST_URL: url,
    KUBECONFIG: file,
  } = values;
  const problems =
    namespace !== undefined && url === undefined
      ? ['KUBE_LOADTEST_URL is not set: load tests need the gateway’s address as pods reach it']
      : [];
  const named = hpa === undefined ? 'KUBE_LOADTEST_NAMESPACE' : 'KUBE_HPA';
  if ((hpa ?? namespace) === undefined || file !== undefined || isInCluster(environment)) return problems;
  return [
    ...problems,
    `${named} is set, but this is no pod of a cluster: KUBECONFIG must name a kubeconfig then`,
  ];
}

/** Undefined = no autoscaler is steered. */
export function clusterOf(values: ClusterValues): ClusterSettings | undefined {
  const { KUBE_HPA: hpa, KUBE_NAMESPACE: namespace } = values;
  if (hpa === undefined) return undefined;
  return { hpa, ...(namespace === undefined ? {} : { namespace }), ...accessOf(values) };
}

/** Undefined = no load tests are started. */
export function loadtestsOf(values: ClusterValues): LoadRunnerSettings | undefined {
  const { KUBE_LOADTEST_NAMESPACE: namespace, KUBE_LOADTEST_URL: url } = values;
  if (namespace === undefined || url === undefined) return undefined;
  const image = values.KUBE_LOADTEST_IMAGE;
  return { namespace, image, baseUrl: url.replace(/\/+$/, ''), ...accessOf(values) };
}

const accessOf = ({ KUBECONFIG: configFile, KUBE_CONTEXT: context }: ClusterValues): ClusterAccess => ({
  ...(configFile === undefined ? {} : { configFile }),
  ...(context === undefined ? {} : { context }),
});

/** How the cluster is reached, for all that speaks to it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ConfigurationOptions, KubeConfig, ObservableMiddleware } from '@kubernetes/client-node';

/** Credentials for the cluster. */
export interface ClusterAccess {
  /** Path of a kubeconfig; absent = as a pod of the cluster. */
  readonly configFile?: string;
  /** Absent = the kubeconfig's current one. */
  readonly context?: string;
}

/** The client library; loaded when first needed, as it is large. */
export type Library = typeof import('@kubernetes/client-node');

/** Longest that one call may take, ms: below the lease under which changes are made. */
const callMs = 3_000;
const podFiles = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Whether this process runs in a pod that has credentials of its own. */
export const isInCluster = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env.KUBERNETES_SERVICE_HOST !== undefined && existsSync(`${podFiles}/token`);

/** Reads the credentials; nothing is sent. @throws Error where the kubeconfig cannot be used */
export async function openCluster({ configFile, context }: ClusterAccess): Promise<{
  readonly library: Library;
  readonly config: KubeConfig;
}> {
  const library = await import('@kubernetes/client-node');
  const config = new library.KubeConfig();
  if (configFile === undefined) config.loadFromCluster();
  else config.loadFromFile(configFile);
  if (context !== undefined) {
    if (config.getContextObject(context) === null)
      throw new Error(`the kubeconfig has no context ${context}`);
    config.setCurrentContext(context);
  }
  return { library, config };
}

/** The namespace of the kubeconfig's context, or the pod's own. */
export async function ownNamespace(config: KubeConfig, { configFile }: ClusterAccess): Promise<string> {
  const own = config.getContextObject(config.getCurrentContext())?.namespace;
  if (own !== undefined) return own;
  if (configFile !== undefined) return 'default';
  return (await readFile(`${podFiles}/namespace`, 'utf8')).trim();
}

/** Options of a call that ends with a TimeoutError after `callMs`. */
export function withLimit({ Observable }: Library): ConfigurationOptions<ObservableMiddleware> {
  const signal = AbortSignal.timeout(callMs);
  return {
    middleware: [
      {
        pre: (request) => {
          request.setSignal(signal);
          return new Observable(Promise.resolve(request));
        },
        post: (response) => new Observable(Promise.resolve(response)),
      },
    ],
    middlewareMergeStrategy: 'append',
  };
}

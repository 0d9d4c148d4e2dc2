/** The k6-operator as tests need it: its CRD, the rights of the admin API, and somebody who does what the operator would. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type KubernetesObject,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
} from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { newCertificate } from './certificates.ts';
import { eventually } from './eventually.ts';
import type { Kube } from './kube.ts';
import { root } from './processes.ts';

export const namespace = 'loadtest';
const ours = { group: 'k6.io', version: 'v1alpha1', namespace, plural: 'testruns' };
const nodeName = 'test-node';

/**
 * As much of the operator's own as our TestRuns have: a field that it does not list is pruned, as a mistyped one would be.
 * Written as the client library has it, which drops the names of Kubernetes.
 */
const anything = { type: 'object', x_kubernetes_preserve_unknown_fields: true };
const stages = ['initialization', 'initialized', 'created', 'started', 'stopped', 'finished', 'error'];
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'testruns.k6.io' },
  spec: {
    group: 'k6.io',
    names: { kind: 'TestRun', listKind: 'TestRunList', plural: 'testruns', singular: 'testrun' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['parallelism', 'script'],
                properties: {
                  parallelism: { type: 'integer' },
                  script: anything,
                  runner: anything,
                  initializer: anything,
                  starter: anything,
                },
              },
              status: { type: 'object', properties: { stage: { type: 'string', enum: stages } } },
            },
          },
        },
      },
    ],
  },
} as KubernetesObject;

/** A TestRun as it is stored. */
export interface StoredTestRun {
  readonly metadata: {
    readonly name: string;
    readonly ownerReferences: readonly { readonly name: string }[];
  };
  readonly spec: {
    readonly parallelism: number;
    readonly script: { readonly configMap: { readonly name: string; readonly file: string } };
    readonly runner: {
      readonly image: string;
      readonly env: readonly { readonly name: string; readonly value: string }[];
      readonly securityContext: object;
      readonly containerSecurityContext: object;
    };
  };
}

export interface Operator {
  /** Installs its CRD, and waits until it is served. */
  install(): Promise<void>;
  testRuns(): Promise<StoredTestRun[]>;
  configMaps(): Promise<{ readonly name: string; readonly data: Readonly<Record<string, string>> }[]>;
  /** The next TestRun that is there. */
  next(): Promise<StoredTestRun>;
  say(name: string, stage: string): Promise<void>;
  /** Makes a pod of a runner that has ended so, with that log. */
  endRunner(testRun: StoredTestRun, number: number, end: { exitCode: number; log: string }): Promise<void>;
  /** Deletes what tests left, pods included. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Namespace and rights are those of overlays/loadtest, given to the user `tacos`. */
export async function openOperator(kube: Kube): Promise<Operator> {
  const config = new KubeConfig();
  config.loadFromFile(await kube.configOf('root'));
  const custom = config.makeApiClient(CustomObjectsApi);
  const core = config.makeApiClient(CoreV1Api);
  const overlay = readFileSync(join(root, 'deploy/kubernetes/overlays/loadtest/loadtest.yaml'), 'utf8');
  for (const document of parseAllDocuments(overlay)) {
    const object = document.toJS() as KubernetesObject & { subjects?: unknown };
    const subjects = [{ kind: 'User', name: 'tacos', apiGroup: 'rbac.authorization.k8s.io' }];
    await kube.objects.create(
      object.kind === 'RoleBinding' ? ({ ...object, subjects } as KubernetesObject) : object,
    );
  }
  const logs = new Map<string, string>();
  const kubelet = await startKubelet(logs);
  await core.createNode({ body: nodeOf((kubelet.server.address() as AddressInfo).port) });
  const testRuns = async (): Promise<StoredTestRun[]> =>
    ((await custom.listNamespacedCustomObject(ours)) as { items: StoredTestRun[] }).items;
  const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  return {
    async install() {
      await kube.objects.create(crd);
      await eventually(
        () =>
          testRuns().then(
            () => true,
            () => false,
          ),
        { withinMs: 20_000 },
      );
    },
    testRuns,
    async configMaps() {
      const { items } = await core.listNamespacedConfigMap({ namespace, labelSelector: 'tacos/loadtest' });
      return items.map(({ metadata, data = {} }) => ({ name: metadata?.name ?? '', data }));
    },
    async next() {
      await eventually(async () => (await testRuns()).length > 0, { withinMs: 30_000 });
      const [found] = await testRuns();
      if (found === undefined) throw new Error('it has gone again');
      return found;
    },
    async say(name, stage) {
      await custom.patchNamespacedCustomObjectStatus(
        { ...ours, name, body: { status: { stage } } },
        mergePatch,
      );
    },
    async endRunner(testRun, number, { exitCode, log }) {
      const pod = podOf(testRun, number);
      const name = pod.metadata?.name ?? '';
      logs.set(name, log);
      await core.createNamespacedPod({ namespace, body: pod });
      const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' };
      const container = { name: 'k6', image: 'k6', imageID: '', ready: false, restartCount: 0 };
      const status = {
        phase: exitCode === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [{ ...container, state: { terminated } }],
      };
      await core.patchNamespacedPodStatus({ name, namespace, body: { status } }, mergePatch);
    },
    async clear() {
      for (const { metadata } of await testRuns().catch(() => []))
        await custom.deleteNamespacedCustomObject({ ...ours, name: metadata.name });
      await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'tacos/loadtest' });
      await core.deleteCollectionNamespacedPod({ namespace, gracePeriodSeconds: 0 });
    },
    close: () => kubelet.close(),
  };
}

/** A kubelet that knows logs, for the API server asks the node's for them. */
async function startKubelet(
  logs: ReadonlyMap<string, string>,
): Promise<{ readonly server: Server; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tacos-kubelet-'));
  const { cert, key } = newCertificate(folder, 'kubelet', 24);
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, answer) => {
    const [, , , pod = ''] = new URL(request.url ?? '', 'https://kubelet').pathname.split('/');
    answer.writeHead(200, { 'content-type': 'text/plain' }).end(logs.get(pod) ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const nodeOf = (Port: number) => ({
  metadata: { name: nodeName },
  status: {
    addresses: [
      { type: 'Hostname', address: '127.0.0.1' },
      { type: 'InternalIP', address: '127.0.0.1' },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port } },
  },
});

/** With the labels that the operator gives a runner, and what the TestRun says of its pods. */
const podOf = ({ metadata, spec }: StoredTestRun, number: number): V1Pod => ({
  metadata: {
    name: `${metadata.name}-${number}`,
    namespace,
    labels: { app: 'k6', k6_cr: metadata.name, runner: 'true' },
  },
  spec: {
    nodeName,
    securityContext: spec.runner.securityContext,
    containers: [
      { name: 'k6', image: spec.runner.image, securityContext: spec.runner.containerSecurityContext },
    ],
  },
});

/** Load tests in Kubernetes, on the k6-operator. */
import type { CoreV1Api, CustomObjectsApi, V1ConfigMap, V1Pod } from '@kubernetes/client-node';
import { TacosError } from '../../contract/errors.ts';
import { type LoadRun, type LoadSummary, summaryMark } from '../../contract/loadtest.ts';
import type { LoadRunner, LoadStart } from '../../queue/desk/loadtest/load-runner.ts';
import { fieldManager } from './apply-body.ts';
import { clusterError, refusalIn, sentence } from './cluster-errors.ts';
import { type ClusterAccess, type Library, openCluster, withLimit } from './connection.ts';
import { type LoadPlace, loadLabel, loadManifests, testRuns } from './load-manifests.ts';
import { runOf, stagesOf, startOf } from './load-state.ts';

/** How the cluster is reached, and what runs there. */
export interface LoadRunnerSettings extends ClusterAccess, LoadPlace {}

/**
 * Of a log, from its end: k6 warns of every request that finds no answer, and the summary is behind all of that. A long
 * line counts as several, as container engines cut it.
 */
const logLinesMax = 1_000;
/** More than any summary with the lines around it. */
const logBytesMax = 4_000_000;
/** Last lines of a runner without a summary that are told. */
const saidLines = 5;
/** Logs read side by side. */
const readsAtOnce = 8;

/** Opens it; nothing is sent until the first call. @throws Error where the kubeconfig cannot be used */
export async function openLoadRunner(settings: LoadRunnerSettings): Promise<LoadRunner> {
  const { library, config } = await openCluster(settings);
  return new ClusterLoadRunner(settings, {
    library,
    core: config.makeApiClient(library.CoreV1Api),
    custom: config.makeApiClient(library.CustomObjectsApi),
  });
}

interface Clients {
  readonly library: Library;
  readonly core: CoreV1Api;
  readonly custom: CustomObjectsApi;
}

class ClusterLoadRunner implements LoadRunner {
  readonly namespace: string;
  private readonly place: LoadPlace;
  private readonly clients: Clients;

  constructor(place: LoadPlace, clients: Clients) {
    this.place = place;
    this.namespace = place.namespace;
    this.clients = clients;
  }

  manifests(start: LoadStart): Record<string, unknown>[] {
    return loadManifests(start, this.place);
  }

  async list(): Promise<LoadRun[]> {
    const { core, custom } = this.clients;
    const { namespace } = this;
    const labelSelector = loadLabel;
    const [found, { items: maps }, pods] = await Promise.all([
      this.reading(
        () => custom.listNamespacedCustomObject({ ...testRuns, namespace, labelSelector }, this.limit()),
        this.noOperator(),
      ),
      this.reading(() => core.listNamespacedConfigMap({ namespace, labelSelector }, this.limit())),
      this.pods().catch(() => null),
    ]);
    const stages = stagesOf(found);
    const runs = maps.flatMap((map) => runOf(map, { namespace, stages, pods }));
    return runs.toSorted((one, other) => other.startedAt.localeCompare(one.startedAt));
  }

  async start(start: LoadStart, { dryRun }: { readonly dryRun: boolean }): Promise<'started' | 'taken'> {
    const { core, custom } = this.clients;
    const { namespace } = this;
    const [map, testRun] = this.manifests(start);
    const how = { namespace, fieldManager, ...(dryRun ? { dryRun: 'All' } : {}) };
    const made = await this.making(
      () => core.createNamespacedConfigMap({ ...how, body: map as V1ConfigMap }, this.limit()),
      { dryRun, missing: noNamespace(namespace) },
    );
    const found = made === 'exists' ? await this.ours(start) : made;
    if (found === undefined) return 'taken';
    const { uid } = found.metadata ?? {};
    // Whatever deletes the ConfigMap ends the test.
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: start.name, uid };
    const owned = {
      ...testRun,
      metadata: { ...(testRun?.metadata as object), ...(dryRun ? {} : { ownerReferences: [owner] }) },
    };
    try {
      const run = await this.making(
        () => custom.createNamespacedCustomObject({ ...how, ...testRuns, body: owned }, this.limit()),
        { dryRun, missing: this.noOperator() },
      );
      // Of another's making: its ConfigMap would be there too, were it a test of tacos.
      if (run === 'exists' && made !== 'exists') {
        if (!dryRun) await this.forget(start.name);
        return 'taken';
      }
      return 'started';
    } catch (error) {
      const isOpen = error instanceof TacosError && error.refusal.code === 'CLUSTER_REPLY_LOST';
      if (!dryRun && !isOpen && made !== 'exists') await this.forget(start.name).catch(() => {});
      throw error;
    }
  }

  async remove(name: string, record: () => Promise<void>): Promise<void> {
    const { custom } = this.clients;
    const { namespace } = this;
    const propagationPolicy = 'Background';
    await this.deleting(() =>
      custom.deleteNamespacedCustomObject({ ...testRuns, namespace, name, propagationPolicy }, this.limit()),
    );
    await record();
    await this.forget(name);
  }

  async summaries(name: string): Promise<LoadSummary[]> {
    const pods = await this.reading(() => this.pods(name));
    const summaries: LoadSummary[] = [];
    for (let at = 0; at < pods.length; at += readsAtOnce)
      summaries.push(
        ...(await Promise.all(pods.slice(at, at + readsAtOnce).map((pod) => this.summary(pod)))),
      );
    return summaries;
  }

  private async summary(pod: V1Pod): Promise<LoadSummary> {
    const { namespace } = this;
    const name = pod.metadata?.name ?? '';
    const names = (pod.spec?.containers ?? []).map((container) => container.name);
    const container = names.find((each) => each === 'k6') ?? names[0];
    const status = pod.status?.containerStatuses?.find((each) => each.name === container);
    const exitCode = status?.state?.terminated?.exitCode ?? null;
    try {
      const log = await this.clients.core.readNamespacedPodLog(
        {
          name,
          namespace,
          tailLines: logLinesMax,
          limitBytes: logBytesMax,
          ...(container === undefined ? {} : { container }),
        },
        this.limit(),
      );
      const lines = log.split('\n');
      const line = lines.findLast((each) => each.startsWith(summaryMark));
      const summary = line === undefined ? null : line.slice(summaryMark.length);
      const said = lines.filter((each) => each.trim() !== '').slice(-saidLines);
      return { pod: name, exitCode, summary, said: summary === null ? said.map(sentence).join('\n') : '' };
    } catch (error) {
      const refusal = refusalIn(error);
      // Not started, or gone with its node: there is no log, and the others have theirs.
      if (refusal === undefined || refusal.httpStatus === 403 || refusal.httpStatus === 401)
        throw clusterError(error, { isWrite: false, name });
      return { pod: name, exitCode, summary: null, said: sentence(refusal.status.message) };
    }
  }

  /** Of the runners; of all tests, or of one. */
  private async pods(name?: string): Promise<V1Pod[]> {
    const { namespace } = this;
    const labelSelector = `runner=true,k6_cr${name === undefined ? '' : `=${name}`}`;
    return (await this.clients.core.listNamespacedPod({ namespace, labelSelector }, this.limit())).items;
  }

  /** The ConfigMap of this very start; undefined = it is another's. */
  private async ours({ name, auditId }: LoadStart): Promise<V1ConfigMap | undefined> {
    const { core } = this.clients;
    const { namespace } = this;
    const map = await this.reading(() => core.readNamespacedConfigMap({ name, namespace }, this.limit()));
    return startOf(map)?.auditId === auditId ? map : undefined;
  }

  private forget(name: string): Promise<void> {
    const { core } = this.clients;
    const { namespace } = this;
    return this.deleting(() => core.deleteNamespacedConfigMap({ name, namespace }, this.limit()));
  }

  private async reading<T>(read: () => Promise<T>, missing?: TacosError): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw clusterError(error, {
        isWrite: false,
        name: this.namespace,
        missing: missing ?? noNamespace(this.namespace),
      });
    }
  }

  private async making<T>(
    make: () => Promise<T>,
    { dryRun, missing }: { readonly dryRun: boolean; readonly missing: TacosError },
  ): Promise<T | 'exists'> {
    try {
      return await make();
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal?.httpStatus === 409) return 'exists';
      if (refusal?.httpStatus === 422 || refusal?.httpStatus === 400)
        throw new TacosError('GUARD_RAIL', {
          message: `Kubernetes does not take it: ${sentence(refusal.status.message)}.`,
        });
      throw clusterError(error, { isWrite: !dryRun, name: this.namespace, missing });
    }
  }

  private async deleting(remove: () => Promise<unknown>): Promise<void> {
    try {
      await remove();
    } catch (error) {
      if (refusalIn(error)?.httpStatus !== 404)
        throw clusterError(error, { isWrite: true, name: this.namespace });
    }
  }

  private limit() {
    return withLimit(this.clients.library);
  }

  private noOperator(): TacosError {
    return new TacosError('LOADTEST_NO_OPERATOR', {
      message: 'The k6-operator is not installed in this cluster: it knows no TestRuns.',
      hint: 'docs/operate/loadtest.md',
    });
  }
}

const noNamespace = (namespace: string): TacosError =>
  new TacosError('LOADTEST_NO_OPERATOR', {
    message: `The cluster has no namespace ${namespace} for load tests.`,
    hint: 'docs/operate/loadtest.md',
  });

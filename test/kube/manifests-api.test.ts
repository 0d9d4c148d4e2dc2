/** deploy/kubernetes as a real Kubernetes API server sees it: every object, dry run, with unknown fields refused. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crdSchemas } from '../helpers/crd-schemas.ts';
import { allObjects, type KubeObject, kustomize, kustomizeMissing } from '../helpers/manifests.ts';

/** Who starts etcd and kube-apiserver for tests, and whether their programs are there. */
interface KubeHelper {
  readonly kubeTools: string | undefined;
  readonly kubeMissing: string;
  startKube(): Promise<{ configOf(user: 'root'): Promise<string>; stop(): Promise<void> }>;
}

const path = join(import.meta.dirname, '../helpers/kube.ts');
const helper = existsSync(path) ? ((await import(path)) as KubeHelper) : undefined;
const isHere = helper?.kubeTools !== undefined && kustomize !== undefined;

it('says so where manifests are not tried against an API server', () => {
  if (isHere) return;
  process.stdout.write(
    kustomize === undefined ? kustomizeMissing : `SKIPPED: ${helper?.kubeMissing ?? `no ${path}\n`}`,
  );
});

/** Plural by kind, for the path of an object. */
const plurals: Readonly<Record<string, string>> = {
  ConfigMap: 'configmaps',
  Deployment: 'deployments',
  HorizontalPodAutoscaler: 'horizontalpodautoscalers',
  Ingress: 'ingresses',
  Namespace: 'namespaces',
  NetworkPolicy: 'networkpolicies',
  PodDisruptionBudget: 'poddisruptionbudgets',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  Service: 'services',
  ServiceAccount: 'serviceaccounts',
  StatefulSet: 'statefulsets',
};

function urlOf({ apiVersion, kind, metadata: { namespace, name } }: KubeObject): string {
  const api = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${api}${within}/${plurals[kind]}/${name}`;
}

describe.runIf(isHere)('the API server', () => {
  let stop = async (): Promise<void> => {};
  let apply: (object: KubeObject, flags: string) => Promise<{ status: number; said: string }>;

  beforeAll(async () => {
    const kube = await helper?.startKube();
    if (kube === undefined) return;
    const config = JSON.parse(readFileSync(await kube.configOf('root'), 'utf8')) as {
      clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
      users: [{ user: { token: string } }];
    };
    const [{ cluster }] = config.clusters;
    const ca = Buffer.from(cluster['certificate-authority-data'], 'base64');
    const dispatcher = new Agent({ connect: { ca } });
    stop = async () => {
      await dispatcher.close();
      await kube.stop();
    };
    apply = async (object, flags) => {
      const url = `${cluster.server}${urlOf(object)}?fieldManager=test&fieldValidation=Strict${flags}`;
      const reply = await request(url, {
        dispatcher,
        method: 'PATCH',
        headers: {
          authorization: `Bearer ${config.users[0].user.token}`,
          'content-type': 'application/apply-patch+yaml',
        },
        body: JSON.stringify(object),
      });
      return { status: reply.statusCode, said: await reply.body.text() };
    };
  }, 90_000);
  afterAll(() => stop());

  it('takes every object of every overlay', async () => {
    const refused: string[] = [];
    for (const { from, object } of allObjects()) {
      // Those of controllers: test/system/manifests.test.ts.
      if (object.kind in crdSchemas) continue;
      expect(plurals[object.kind], `a plural of ${object.kind}`).toBeDefined();
      // What lies in a namespace is refused until that is there.
      const { status, said } = await apply(object, object.kind === 'Namespace' ? '' : '&dryRun=All');
      if (status > 201) refused.push(`${from}: ${object.kind} ${object.metadata.name}: ${said}`);
    }
    expect(refused).toEqual([]);
  });

  it('refuses a field that does not exist', async () => {
    const hpa = allObjects().find(({ object }) => object.kind === 'HorizontalPodAutoscaler')?.object;
    if (hpa === undefined) throw new Error('no autoscaler');
    const wrong = { ...hpa, spec: { ...(hpa.spec as object), minReplica: 3 } };
    expect((await apply(wrong, '&dryRun=All')).said).toContain('minReplica: field not declared in schema');
  });
});

/** deploy/kubernetes as a real Kubernetes API server sees it: every object, the pods made of them, and who may do what. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crdSchemas } from '../helpers/crd-schemas.ts';
import { kubeMissing, kubeTools, startKube } from '../helpers/kube.ts';
import {
  allObjects,
  environments,
  type KubeObject,
  kustomize,
  kustomizeMissing,
  rendered,
} from '../helpers/manifests.ts';
import { type Deployment, ofKind } from '../helpers/pods.ts';

const isHere = kubeTools !== undefined && kustomize !== undefined;

it('says so where manifests are not tried against an API server', () => {
  if (isHere) return;
  process.stdout.write(kustomize === undefined ? kustomizeMissing : `SKIPPED: ${kubeMissing}`);
  // CI has Go, so there both are built.
  expect(process.env.CI).not.toBe('true');
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

function pathOf({ apiVersion, kind, metadata: { namespace, name } }: KubeObject): string {
  const api = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${api}${within}/${plurals[kind]}/${name}`;
}

/** A pod as the controllers of Kubernetes make it: volumes of claims come in beside the others. */
function podOf({ metadata: { name }, spec }: Deployment): object {
  const { volumeClaimTemplates: claims = [], template } = spec as typeof spec & {
    volumeClaimTemplates?: readonly { metadata: { name: string } }[];
  };
  const claimed = claims.map((claim) => ({ name: claim.metadata.name, emptyDir: {} }));
  const volumes = [...(template.spec.volumes ?? []), ...claimed];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { ...template.spec, volumes } };
}

/** What the admin API's account asks for, and whether it may: verb, group, resource, name, namespace. */
const rights = [
  ['get', 'autoscaling', 'horizontalpodautoscalers', 'tacos-gateway', 'gateway', true],
  ['list', 'autoscaling', 'horizontalpodautoscalers', '', 'gateway', true],
  ['watch', 'autoscaling', 'horizontalpodautoscalers', '', 'gateway', true],
  ['patch', 'autoscaling', 'horizontalpodautoscalers', 'tacos-gateway', 'gateway', true],
  ['patch', 'autoscaling', 'horizontalpodautoscalers', 'another', 'gateway', false],
  ['delete', 'autoscaling', 'horizontalpodautoscalers', 'tacos-gateway', 'gateway', false],
  ['get', 'autoscaling', 'horizontalpodautoscalers', 'tacos-gateway', 'default', false],
  ['list', 'apps', 'deployments', '', 'gateway', true],
  ['patch', 'apps', 'deployments', 'tacos-gateway', 'gateway', false],
  ['list', '', 'pods', '', 'gateway', true],
  ['watch', '', 'events', '', 'gateway', true],
  ['get', '', 'secrets', 'tacos-keys', 'gateway', false],
  ['create', 'k6.io', 'testruns', '', 'loadtest', true],
  ['delete', 'k6.io', 'testruns', 'x', 'loadtest', true],
  ['create', '', 'configmaps', '', 'loadtest', true],
  ['create', 'k6.io', 'testruns', '', 'gateway', false],
  ['create', '', 'configmaps', '', 'gateway', false],
] as const;

describe.runIf(isHere)('the API server', () => {
  let stop = async (): Promise<void> => {};
  let ask: (
    method: 'PATCH' | 'POST',
    path: string,
    body: object,
  ) => Promise<{ status: number; said: string }>;
  const apply = (object: KubeObject, flags = '') =>
    ask('PATCH', `${pathOf(object)}?fieldManager=test&fieldValidation=Strict${flags}`, object);

  beforeAll(async () => {
    const kube = await startKube();
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
    ask = async (method, path, body) => {
      const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
      const reply = await request(`${cluster.server}${path}`, {
        dispatcher,
        method,
        headers: { authorization: `Bearer ${config.users[0].user.token}`, 'content-type': type },
        body: JSON.stringify(body),
      });
      return { status: reply.statusCode, said: await reply.body.text() };
    };
    // What lies in a namespace is refused until that is there; rights and accounts are asked about below.
    const real = ['Namespace', 'Role', 'RoleBinding', 'ServiceAccount'];
    for (const { object } of allObjects().filter((each) => real.includes(each.object.kind))) {
      const { status, said } = await apply(object);
      if (status > 201) throw new Error(said);
    }
  }, 90_000);
  afterAll(() => stop());

  it('takes every object of every overlay', async () => {
    const refused: string[] = [];
    for (const { from, object } of allObjects()) {
      // Those of controllers: test/system/manifests.test.ts.
      if (object.kind in crdSchemas) continue;
      expect(plurals[object.kind], `a plural of ${object.kind}`).toBeDefined();
      const { status, said } = await apply(object, '&dryRun=All');
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

  it.each(environments)(
    'takes the pods of %s in a namespace that it keeps restricted',
    async (environment) => {
      const objects = rendered(environment);
      const workloads = [
        ...ofKind<Deployment>(objects, 'Deployment'),
        ...ofKind<Deployment>(objects, 'StatefulSet'),
      ];
      for (const workload of workloads) {
        const pod = podOf(workload);
        const { status, said } = await ask('POST', '/api/v1/namespaces/gateway/pods?dryRun=All', pod);
        expect(status, said).toBe(201);
      }
    },
  );

  it('refuses a pod that may become root there', async () => {
    const [{ spec } = { spec: undefined }] = ofKind<Deployment>(rendered('prod'), 'Deployment');
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'rooted' },
      spec: { ...spec?.template.spec, securityContext: {} },
    };
    expect((await ask('POST', '/api/v1/namespaces/gateway/pods?dryRun=All', pod)).said).toContain(
      'PodSecurity',
    );
  });

  it.each(rights)(
    'says of the admin API: %s %s/%s %s in %s: %s',
    async (verb, group, resource, name, namespace, may) => {
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: 'system:serviceaccount:gateway:tacos-admin',
          resourceAttributes: { verb, group, resource, name, namespace },
        },
      };
      const { said } = await ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
      expect((JSON.parse(said) as { status: { allowed: boolean } }).status.allowed).toBe(may);
    },
  );
});

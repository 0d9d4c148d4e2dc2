/** deploy/kubernetes: what it renders to fits together, fits the programs, and holds no secret. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { variables as adminVariables } from '../../src/admin-api/config.ts';
import { drainMs } from '../../src/contract/limits.ts';
import { variables as gatewayVariables } from '../../src/gateway/variables.ts';
import { newCertificate } from '../helpers/certificates.ts';
import { crdSchemas } from '../helpers/crd-schemas.ts';
import {
  allObjects,
  environments,
  type KubeObject,
  kustomize,
  kustomizeMissing,
  loneFiles,
  objectsOfFile,
  overlays,
  rendered,
} from '../helpers/manifests.ts';
import { openOffice } from '../helpers/office.ts';
import { type Deployment, environmentOf, named, ofKind, secretsNamed } from '../helpers/pods.ts';
import { root } from '../helpers/processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'tacos-manifests-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const guide = readFileSync(join(root, 'docs/operate/deploy.md'), 'utf8');
const clusterWide = ['Namespace', 'NodePool'];
const show = ({ kind, metadata: { namespace = '', name } }: KubeObject): string =>
  `${kind} ${namespace}/${name}`;

it('kustomize is there, where everything must be', () => {
  if (process.env.CI !== undefined) expect(kustomize).toBeDefined();
  else if (kustomize === undefined) process.stdout.write(kustomizeMissing);
});

describe('what is applied as a file', () => {
  it.each(loneFiles)('%s fits the definition of its kind', (path) => {
    for (const object of objectsOfFile(path)) {
      expect(crdSchemas[object.kind]?.safeParse(object).error, show(object)).toBeUndefined();
    }
  });

  it('Argo CD leaves the autoscaler to operators, whose changes carry their own name', () => {
    const [application] = objectsOfFile('kubernetes/argocd/application.yaml');
    expect(application?.spec).toMatchObject({
      source: { path: 'deploy/kubernetes/overlays/prod' },
      ignoreDifferences: [{ kind: 'HorizontalPodAutoscaler', name: 'tacos-gateway' }],
    });
  });

  it("Karpenter's nodes are those that production's gateways ask for, enough of them for the largest number", () => {
    const [pool] = objectsOfFile('kubernetes/karpenter/nodepool.yaml');
    expect(pool?.spec).toMatchObject({
      template: {
        metadata: { labels: { 'tacos-nodes': 'gateway' } },
        spec: { taints: [{ key: 'tacos-nodes', value: 'gateway', effect: 'NoSchedule' }] },
      },
    });
    const { limits } = (pool?.spec ?? {}) as { limits?: { cpu: string } };
    expect(Number(limits?.cpu)).toBeGreaterThan(50 * 2);
  });
});

describe.runIf(kustomize !== undefined)('each overlay', () => {
  it('renders, every object once, those in a namespace with one and the others without', () => {
    for (const overlay of overlays) {
      const objects = rendered(overlay);
      expect(objects.length).toBeGreaterThan(2);
      expect(new Set(objects.map(show)).size).toBe(objects.length);
      const wrong = objects.filter(
        ({ kind, metadata: { namespace } }) => clusterWide.includes(kind) !== (namespace === undefined),
      );
      expect(wrong.map(show)).toEqual([]);
    }
  });

  it('has kinds of Kubernetes and of controllers whose definition is checked, and no secret', () => {
    const own =
      /^(v1|apps\/v1|autoscaling\/v2|policy\/v1|networking\.k8s\.io\/v1|rbac\.authorization\.k8s\.io\/v1)$/;
    for (const { from, object } of allObjects()) {
      expect(object.kind, from).not.toBe('Secret');
      if (own.test(object.apiVersion)) continue;
      expect(crdSchemas[object.kind]?.safeParse(object).error, `${from}: ${show(object)}`).toBeUndefined();
    }
  });

  it('alerts of the monitoring are those of the rules, jobs have the names that the rules know', () => {
    const objects = rendered('prod');
    const rules = parse(readFileSync(join(root, 'deploy/prometheus/tacos.rules.yml'), 'utf8')) as object;
    expect(named(objects, 'PrometheusRule', 'tacos').spec).toEqual(rules);
    const text = JSON.stringify(rules);
    for (const monitor of ofKind(objects, 'ServiceMonitor')) {
      const { selector, endpoints } = monitor.spec as {
        selector: { matchLabels: Record<string, string> };
        endpoints: { port: string }[];
      };
      const services = ofKind(objects, 'Service').filter((service) =>
        fits(selector.matchLabels, service.metadata.labels),
      );
      expect(services.map(({ metadata: { name } }) => name)).toEqual([monitor.metadata.name]);
      expect(portsOf(services[0])).toContain(endpoints[0]?.port);
      expect(text).toContain(`job=\\"${monitor.metadata.name}\\"`);
    }
  });
});

const fits = (
  wanted: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = {},
): boolean => Object.entries(wanted).every(([name, value]) => labels[name] === value);

const portsOf = (service: KubeObject | undefined): string[] =>
  ((service?.spec ?? { ports: [] }) as { ports: { name: string }[] }).ports.map(({ name }) => name);

describe.runIf(kustomize !== undefined).each(environments)('the environment %s', (environment) => {
  const objects = kustomize === undefined ? [] : rendered(environment);
  const deployments = ofKind<Deployment>(objects, 'Deployment');
  const workloads = [...deployments, ...ofKind<Deployment>(objects, 'StatefulSet')];

  it('has gateways and admin API, as restricted as Kubernetes knows it', () => {
    expect(deployments.map(({ metadata: { name } }) => name).sort()).toEqual([
      'tacos-admin',
      'tacos-gateway',
    ]);
    for (const { spec } of workloads) {
      const { containers, securityContext } = spec.template.spec;
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
    expect(named(objects, 'Namespace', 'gateway').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  it('selects the pods that it means, by ports that they have', () => {
    const pods = workloads.map(({ spec }) => spec.template);
    for (const { spec } of workloads) {
      expect(fits(spec.selector.matchLabels, spec.template.metadata.labels)).toBe(true);
    }
    const selectorsOf: Record<string, (spec: never) => Record<string, string>> = {
      Service: (spec: { selector: Record<string, string> }) => spec.selector,
      PodDisruptionBudget: (spec: { selector: { matchLabels: Record<string, string> } }) =>
        spec.selector.matchLabels,
      NetworkPolicy: (spec: { podSelector: { matchLabels: Record<string, string> } }) =>
        spec.podSelector.matchLabels,
    };
    for (const [kind, selectorOf] of Object.entries(selectorsOf)) {
      for (const object of ofKind(objects, kind)) {
        const chosen = pods.filter(({ metadata }) => fits(selectorOf(object.spec as never), metadata.labels));
        expect(chosen.length, show(object)).toBe(1);
        if (kind !== 'Service') continue;
        const { ports } = object.spec as { ports: { targetPort: string }[] };
        const there = chosen[0]?.spec.containers[0].ports.map(({ name }) => name);
        for (const { targetPort } of ports) expect(there, show(object)).toContain(targetPort);
      }
    }
    for (const { spec } of ofKind(objects, 'Ingress')) {
      const { rules } = spec as {
        rules: {
          http: { paths: { path: string; backend: { service: { name: string; port: { name: string } } } }[] };
        }[];
      };
      for (const { path, backend } of rules.flatMap(({ http }) => http.paths)) {
        expect(['/api', '/.well-known']).toContain(path);
        expect(portsOf(named(objects, 'Service', backend.service.name))).toContain(backend.service.port.name);
      }
    }
  });

  it('leaves the number of gateways to the autoscaler, and gives them time to drain', () => {
    const gateway = named<Deployment>(objects, 'Deployment', 'tacos-gateway');
    const { scaleTargetRef } = named(objects, 'HorizontalPodAutoscaler', 'tacos-gateway').spec as {
      scaleTargetRef: { kind: string; name: string };
    };
    expect(named(objects, scaleTargetRef.kind, scaleTargetRef.name)).toBe(gateway);
    expect(gateway.spec.replicas).toBeUndefined();
    expect(gateway.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(drainMs / 1_000 + 5);
  });

  it('binds rights to accounts that pods have, and no more rights than are used', () => {
    for (const { spec } of deployments) {
      named(objects, 'ServiceAccount', spec.template.spec.serviceAccountName);
      expect(spec.template.spec.enableServiceLinks).toBe(false);
    }
    expect(ofKind(objects, 'RoleBinding')).toMatchObject([
      { roleRef: { kind: 'Role', name: 'tacos-admin' }, subjects: [{ name: 'tacos-admin' }] },
    ]);
    const { rules } = named(objects, 'Role', 'tacos-admin') as unknown as {
      rules: { resources: string[]; verbs: string[]; resourceNames?: string[] }[];
    };
    const writes = rules.filter(({ verbs }) =>
      verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)),
    );
    expect(writes).toEqual([
      {
        apiGroups: ['autoscaling'],
        resources: ['horizontalpodautoscalers'],
        resourceNames: ['tacos-gateway'],
        verbs: ['patch'],
      },
    ]);
  });

  it('names secrets that the guide makes, with their keys', () => {
    for (const [name, keys] of secretsNamed(objects)) {
      expect(guide, name).toContain(name);
      for (const key of keys) expect(guide, `${name} ${key}`).toContain(key);
    }
  });

  it.each([
    ['tacos-gateway', 'gateway', 'gateway', gatewayVariables],
    ['tacos-admin', 'admin', 'admin-api', adminVariables],
  ] as const)('gives %s settings that it has and takes', (name, command, program, known) => {
    const pod = named<Deployment>(objects, 'Deployment', name).spec.template.spec;
    const [container] = pod.containers;
    const given = environmentOf(container, objects);
    const strange = Object.keys(given).filter(
      (each) => !(each in known || each.replace(/_FILE$/, '') in known),
    );
    expect(strange).toEqual([]);
    expect(container.args[0]).toBe(command);
    const place = placeSecrets(join(folder, environment, name), pod);
    const env = Object.fromEntries(Object.entries(given).map(([each, value]) => [each, place(value)]));
    const argv = [`dist/${program}/main.js`, ...container.args.slice(1), '--print-config'];
    // As every pod has it, but for the token of its service account: a file at a fixed place, which is not here.
    const inPod = {
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      KUBERNETES_SERVICE_PORT: '443',
      ...(program === 'admin-api' ? { KUBECONFIG: join(folder, 'kubeconfig') } : {}),
    };
    const said = spawnSync(process.execPath, argv, {
      cwd: root,
      encoding: 'utf8',
      env: { ...inPod, ...env },
    });
    expect(said).toMatchObject({ status: 0, stderr: '' });
    expect(said.stdout).toContain(`ENVIRONMENT_NAME=${environment}`);
  });
});

/** Writes what the secrets of a pod could hold, and leads paths there. */
function placeSecrets(at: string, { volumes = [], containers }: Deployment['spec']['template']['spec']) {
  mkdirSync(at, { recursive: true });
  const { cert, key } = newCertificate(at, 'tacos-admin', 24);
  const secret = 'k1:0123456789abcdef0123456789abcdef';
  const redis = { password: 'a-password', 'ca.crt': readFileSync(cert, 'utf8') };
  const values: Record<string, Record<string, string>> = {
    'tacos-keys': { 'waiting-token-keys': secret, 'reservation-token-keys': secret },
    'tacos-redis-gateway': redis,
    'tacos-redis-admin': redis,
    'tacos-operators': { tokens: 'viewer:prometheus:0123456789abcdef0123456789abcdef\n' },
    'tacos-admin-tls': {
      'tls.crt': readFileSync(cert, 'utf8'),
      'tls.key': readFileSync(key, 'utf8'),
      'ca.crt': readFileSync(cert, 'utf8'),
    },
  };
  for (const { name, mountPath } of containers[0].volumeMounts ?? []) {
    const { secretName = '', items } = volumes.find((volume) => volume.name === name)?.secret ?? {};
    for (const [keyOf, value] of Object.entries(values[secretName] ?? {})) {
      const path = items === undefined ? keyOf : items.find((item) => item.key === keyOf)?.path;
      if (path === undefined) continue;
      const file = join(at, mountPath, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, value);
    }
  }
  return (value: string): string => (value.startsWith('/run/secrets/') ? join(at, value) : value);
}

describe.runIf(kustomize !== undefined)('production', () => {
  it('has at least 3 and at most 50 gateways, by CPU 60 % and memory 70 %, and two admin APIs', () => {
    const objects = rendered('prod');
    const target = (name: string, averageUtilization: number): object => ({
      resource: { name, target: { type: 'Utilization', averageUtilization } },
    });
    expect(named(objects, 'HorizontalPodAutoscaler', 'tacos-gateway').spec).toMatchObject({
      minReplicas: 3,
      maxReplicas: 50,
      metrics: [target('cpu', 60), target('memory', 70)],
    });
    expect(named<Deployment>(objects, 'Deployment', 'tacos-admin').spec.replicas).toBe(2);
  });

  it('probes and metrics are asked where the programs answer', async () => {
    const office = await openOffice({ adminEnv: { ADMIN_METRICS_OPEN: 'true' } });
    try {
      const urls: Record<string, string> = {
        'tacos-gateway': office.gateways[0]?.url ?? '',
        'tacos-admin': office.admins[0]?.url ?? '',
      };
      for (const { metadata, spec } of ofKind<Deployment>(rendered('prod'), 'Deployment')) {
        const [{ startupProbe, livenessProbe, readinessProbe }] = spec.template.spec.containers;
        const paths = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path);
        for (const path of [...paths, '/metrics']) {
          expect((await fetch(`${urls[metadata.name]}${path}`)).status, `${metadata.name} ${path}`).toBe(200);
        }
      }
    } finally {
      await office.stop();
    }
  });
});

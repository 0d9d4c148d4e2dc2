/** A load test as objects of Kubernetes: a ConfigMap with the scripts, and a TestRun of the k6-operator. Pure but for reading k6/. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TacosError } from '../../contract/errors.ts';
import { k6Folder } from '../../contract/k6-folder.ts';
import { variablesOf } from '../../contract/loadtest.ts';
import type { LoadStart } from '../../queue/desk/loadtest/load-runner.ts';

/** Where it runs, and at what it is aimed. */
export interface LoadPlace {
  readonly namespace: string;
  /** The gateway as pods reach it. */
  readonly baseUrl: string;
  /** Of k6. */
  readonly image: string;
}

/** On what tacos made, for finding it again. */
export const loadLabel = 'tacos/loadtest';
/** On the ConfigMap: the start, JSON. */
export const startAnnotation = 'tacos/start';
/** The operator's resource. */
export const testRuns = { group: 'k6.io', version: 'v1alpha1', plural: 'testruns' } as const;
/** Secret of that namespace, which may be missing, with TACOS_JWT_SECRET for gateways that take no load test token. */
const secretName = 'tacos-loadtest';

const securityContext = {
  runAsNonRoot: true,
  runAsUser: 12_345,
  runAsGroup: 12_345,
  seccompProfile: { type: 'RuntimeDefault' },
};
const containerSecurityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** ConfigMap and TestRun, in the order in which they are made. @throws TacosError BAD_REQUEST for an unknown scenario */
export function loadManifests(start: LoadStart, place: LoadPlace): Record<string, unknown>[] {
  const { name, scenario, event, runners, auditId, actor } = start;
  const { namespace, baseUrl, image } = place;
  const labels = { 'app.kubernetes.io/part-of': 'tacos', [loadLabel]: name };
  const told = { scenario, event, baseUrl, runners, auditId, actor };
  const variables = { ...variablesOf({ ...start, baseUrl }), TACOS_SUMMARY: '-' };
  const env = Object.entries(variables).flatMap(([key, value]) =>
    value === undefined ? [] : [{ name: key, value }],
  );
  const pod = {
    image,
    env,
    envFrom: [{ secretRef: { name: secretName, optional: true } }],
    securityContext,
    containerSecurityContext,
  };
  const resources = { requests: { cpu: '2', memory: '2Gi' }, limits: { memory: '4Gi' } };
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, labels, annotations: { [startAnnotation]: JSON.stringify(told) } },
      data: scriptsOf(scenario),
    },
    {
      apiVersion: `${testRuns.group}/${testRuns.version}`,
      kind: 'TestRun',
      metadata: { name, namespace, labels },
      spec: {
        parallelism: runners,
        // Without `cleanup: post`: the logs are read once it has ended, and then it is deleted.
        script: { configMap: { name, file: `${scenario}.js` } },
        runner: { ...pod, resources },
        initializer: pod,
        starter: { securityContext, containerSecurityContext },
      },
    },
  ];
}

/** The scenario and its library, side by side: a ConfigMap has no folders. */
function scriptsOf(scenario: string): Record<string, string> {
  const folder = k6Folder();
  const names = readdirSync(folder).filter((name) => name.endsWith('.js'));
  if (!names.includes(`${scenario}.js`))
    throw new TacosError('BAD_REQUEST', {
      message: 'This server knows no load test of that name.',
      hint: 'tacos loadtest list',
    });
  const text = (path: string): string => readFileSync(join(folder, path), 'utf8');
  const library = readdirSync(join(folder, 'lib')).filter((name) => name.endsWith('.js'));
  return {
    [`${scenario}.js`]: text(`${scenario}.js`).replaceAll("from './lib/", "from './"),
    ...Object.fromEntries(library.map((name) => [name, text(join('lib', name))])),
  };
}

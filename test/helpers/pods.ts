/** Deployments of the manifests: their pods, and the environment that a container gets. */
import type { KubeObject } from './manifests.ts';

interface Mount {
  readonly name: string;
  readonly mountPath: string;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme?: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly Mount[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

export interface Volume {
  readonly name: string;
  readonly secret?: {
    readonly secretName: string;
    readonly items?: readonly { readonly key: string; readonly path: string }[];
  };
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly enableServiceLinks: boolean;
  readonly containers: readonly [Container, ...Container[]];
  readonly volumes?: readonly Volume[];
}

export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: PodSpec;
    };
  };
}

/** All objects of a kind. */
export const ofKind = <T extends KubeObject = KubeObject>(
  objects: readonly KubeObject[],
  kind: string,
): T[] => objects.filter((object) => object.kind === kind) as T[];

/** The one object of that kind and name. @throws where there is none */
export function named<T extends KubeObject = KubeObject>(
  objects: readonly KubeObject[],
  kind: string,
  name: string,
): T {
  const found = ofKind<T>(objects, kind).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

/** What the container gets by its ConfigMaps, then by itself. @throws where a ConfigMap is missing */
export function environmentOf(container: Container, objects: readonly KubeObject[]): Record<string, string> {
  const maps = (container.envFrom ?? []).map(
    ({ configMapRef }) => named(objects, 'ConfigMap', configMapRef.name).data as Record<string, string>,
  );
  const own = (container.env ?? []).map(({ name, value = '' }): [string, string] => [name, value]);
  return Object.assign({}, ...maps, Object.fromEntries(own));
}

/** Names of secrets, wherever an object names one, each with the keys that it takes, where it says so. */
export function secretsNamed(objects: readonly KubeObject[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const add = (name: string, keys: readonly string[]): void => {
    found.set(name, new Set([...(found.get(name) ?? []), ...keys]));
  };
  const visit = (value: unknown, parent: string): void => {
    if (Array.isArray(value)) for (const each of value) visit(each, parent);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
    const { secretName, name, key, items } = value as Record<string, unknown>;
    if (typeof secretName === 'string')
      add(
        secretName,
        ((items ?? []) as { key: string }[]).map((item) => item.key),
      );
    if (['secret', 'credentials'].includes(parent) && typeof name === 'string') add(name, [String(key)]);
    for (const [field, each] of Object.entries(value)) visit(each, field);
  };
  for (const object of objects) visit(object, '');
  return found;
}

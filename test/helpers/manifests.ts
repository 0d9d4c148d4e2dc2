/** The manifests of deploy/kubernetes as objects, rendered by the real kustomize. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { findKustomize } from '../../scripts/lib/kustomize.mjs';
import { root } from './processes.ts';

/** An object as it is sent to Kubernetes. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
  readonly [field: string]: unknown;
}

/** Path of kustomize; undefined = manifests cannot be rendered here. */
export const kustomize = findKustomize();

/** What the report says where it is missing. */
export const kustomizeMissing =
  'SKIPPED: kustomize is missing and there is no Go to build it, so the manifests are not rendered: put it on PATH\n';

/** Environments, each a whole: `kubectl apply -k deploy/kubernetes/overlays/NAME`. */
export const environments = ['dev', 'staging', 'prod'] as const;
export type EnvironmentOverlay = (typeof environments)[number];
/** All that can be applied by -k. */
export const overlays = [...environments, 'loadtest'] as const;
/** What is applied as a file, by whoever runs the cluster. */
export const loneFiles = [
  'kubernetes/argocd/application.yaml',
  'kubernetes/karpenter/nodepool.yaml',
  'k6-operator/testrun.yaml',
] as const;

/** The objects of an overlay. @throws when kustomize refuses it */
export function rendered(overlay: (typeof overlays)[number]): KubeObject[] {
  const folder = join(root, 'deploy/kubernetes/overlays', overlay);
  return objectsOf(execFileSync(kustomize ?? 'kustomize', ['build', folder], { encoding: 'utf8' }));
}

/** The objects of a file that is applied as it is. */
export function objectsOfFile(path: (typeof loneFiles)[number]): KubeObject[] {
  return objectsOf(readFileSync(join(root, 'deploy', path), 'utf8'));
}

/**
 * Every object of every overlay and file, with where it is from: what an API server is to accept. Namespaces come before
 * what lies in them.
 */
export function allObjects(): { readonly from: string; readonly object: KubeObject }[] {
  const ofOverlays = overlays.flatMap((from) => rendered(from).map((object) => ({ from, object })));
  const ofFiles = loneFiles.flatMap((from) => objectsOfFile(from).map((object) => ({ from, object })));
  const isNamespace = ({ object }: { object: KubeObject }): number => (object.kind === 'Namespace' ? 0 : 1);
  return [...ofOverlays, ...ofFiles].sort((a, b) => isNamespace(a) - isNamespace(b));
}

const objectsOf = (text: string): KubeObject[] =>
  parseAllDocuments(text).map((document) => document.toJS() as KubeObject);

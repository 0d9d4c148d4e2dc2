/** The autoscaler as the desk needs it. What speaks to Kubernetes is src/admin-api/cluster; tests give their own. */
import type { HpaField, HpaView } from '../../../contract/hpa.ts';

/** It as it stands in the cluster. */
export interface AutoscalerState extends Omit<HpaView, 'revision' | 'hold'> {
  /** Audit id of the last change that tacos made, as it is written on the object; null = none. */
  readonly changeId: string | null;
  /** What the answer of the API server came as, for the adapter's own use. */
  readonly raw: unknown;
}

/** Values to be in force; absent = as they are. */
export type HpaValues = Readonly<Partial<Record<HpaField, number>>>;

/** How values are applied. */
export interface Applying {
  readonly values: HpaValues;
  /** Written on the object, so that it can be told later whether it was done. */
  readonly changeId: string;
  /** Takes the fields over from other managers. */
  readonly takeOver: boolean;
  /** Only asks the API server whether it would. */
  readonly dryRun: boolean;
}

export type Applied =
  | { readonly word: 'applied' }
  /** Others own what would be changed; nothing was. */
  | { readonly word: 'conflict'; readonly fields: readonly { field: string; manager: string }[] }
  /** The object is not the one that was read any more: read it again. */
  | { readonly word: 'moved' }
  /** Kubernetes says that such values cannot be. */
  | { readonly word: 'invalid'; readonly text: string };

export interface Autoscaler {
  readonly namespace: string;
  readonly name: string;
  /** @throws TacosError HPA_NOT_FOUND, CLUSTER_FORBIDDEN, CLUSTER_UNAVAILABLE */
  read(): Promise<AutoscalerState>;
  /**
   * Applies values to the object that was read, and to no other state of it.
   *
   * @throws TacosError as `read`, and CLUSTER_REPLY_LOST where it may have been done
   */
  apply(state: AutoscalerState, how: Applying): Promise<Applied>;
}

/** The values in force. */
export const valuesOf = ({ minReplicas, maxReplicas, targetCpuPercent }: AutoscalerState): HpaValues => ({
  minReplicas,
  maxReplicas,
  ...(targetCpuPercent === null ? {} : { targetCpuPercent }),
});

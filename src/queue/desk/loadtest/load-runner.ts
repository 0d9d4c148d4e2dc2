/** What runs load tests, as the desk needs it. What speaks to Kubernetes is src/admin-api/cluster; tests give their own. */
import type { LoadRun, LoadRunSpec, LoadSummary } from '../../../contract/loadtest.ts';

/** A test to start. */
export interface LoadStart extends LoadRunSpec {
  readonly event: string;
  /** Of its record; written on the objects, so that the same start sent again is known. */
  readonly auditId: string;
  readonly actor: string;
}

export interface LoadRunner {
  readonly namespace: string;
  /** The objects as they would be made. @throws TacosError BAD_REQUEST for a scenario that there is not */
  manifests(start: LoadStart): Record<string, unknown>[];
  /**
   * All tests that tacos made and nobody has deleted, newest first.
   *
   * @throws TacosError LOADTEST_NO_OPERATOR, CLUSTER_FORBIDDEN, CLUSTER_UNAVAILABLE
   */
  list(): Promise<LoadRun[]>;
  /**
   * Makes the objects; leaves none behind where it could not make all. `taken`: there is another test of that name.
   * With `dryRun` the API server is only asked whether it would.
   *
   * @throws TacosError as `list`, GUARD_RAIL where Kubernetes takes no such objects, CLUSTER_REPLY_LOST
   */
  start(start: LoadStart, options: { readonly dryRun: boolean }): Promise<'started' | 'taken'>;
  /** Deletes the objects; calls `record` once the test cannot go on any more. What is gone already is no failure. @throws as `start` */
  remove(name: string, record: () => Promise<void>): Promise<void>;
  /** What the runners left in their logs, one for each that there is. @throws TacosError as `list` */
  summaries(name: string): Promise<LoadSummary[]>;
}

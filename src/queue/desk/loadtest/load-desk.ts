/**
 * Load tests on the cluster. A start makes the objects and then its record; both can be repeated, so a start whose answer
 * was lost is sent again with the same key. An end deletes the test, writes its record, and then forgets what it was made of.
 */
import { TacosError } from '../../../contract/errors.ts';
import type { LoadManifestsRequest, LoadRun, LoadSummary } from '../../../contract/loadtest.ts';
import { loadManifestsRequestSchema } from '../../../contract/loadtest.ts';
import type { RedisClient } from '../../../redis/client.ts';
import { noteGlobal } from '../../global-scripts.ts';
import type { EventRef, Store } from '../../store.ts';
import type { Draft, Seen } from '../actions/draft.ts';
import type { Performed } from '../actions/perform.ts';
import type { DeskOptions } from '../desk-options.ts';
import { type LoadOperation, type LoadStartAction, startDraft, stopDraft } from './load-draft.ts';
import type { LoadRunner } from './load-runner.ts';

export interface LoadDeskParts {
  readonly redis: RedisClient;
  readonly store: Store;
  /** Redis time, ms. */
  nowMs(): number;
}

/** What a change is made of. */
export interface LoadWork {
  readonly auditId: string;
  readonly changeId: string;
  readonly audit: string;
  readonly actor: string;
}

export class LoadDesk {
  private readonly parts: LoadDeskParts;
  private readonly options: Pick<DeskOptions, 'loadRunner' | 'environment'>;

  constructor(options: Pick<DeskOptions, 'loadRunner' | 'environment'>, parts: LoadDeskParts) {
    this.options = options;
    this.parts = parts;
  }

  /** @throws TacosError LOADTEST_NOT_SET, and as LoadRunner.list */
  list(): Promise<LoadRun[]> {
    return this.runner.list();
  }

  /** @throws TacosError LOADTEST_NOT_FOUND, and as `list` */
  async view(name: string): Promise<LoadRun> {
    const found = (await this.list()).find((run) => run.name === name);
    if (found === undefined) throw new TacosError('LOADTEST_NOT_FOUND', { hint: 'tacos loadtest runs' });
    return found;
  }

  /** @throws TacosError as `view` */
  async summaries(name: string): Promise<LoadSummary[]> {
    await this.view(name);
    return this.runner.summaries(name);
  }

  /** The objects of a test as they would be made; asks the cluster nothing. @throws TacosError LOADTEST_NOT_SET, BAD_REQUEST */
  manifests(request: LoadManifestsRequest): Record<string, unknown>[] {
    const start = loadManifestsRequestSchema.parse(request);
    return this.runner.manifests({ ...start, auditId: '', actor: '' });
  }

  /** What a start would do, the API server's own answer included. Changes nothing. */
  async startDraft(seen: Seen, action: LoadStartAction): Promise<Draft> {
    const isProtected = this.options.environment?.isProtected ?? false;
    const draft = startDraft(seen, action, { runs: await this.list(), isProtected });
    if (draft.refusals.length > 0) return draft;
    await this.runner.start({ ...action, event: seen.id, auditId: '', actor: '' }, { dryRun: true });
    return draft;
  }

  /** @throws TacosError LOADTEST_NOT_FOUND, and as `list` */
  async stopDraft(name: string): Promise<Draft> {
    return stopDraft(await this.view(name));
  }

  /** @throws TacosError GUARD_RAIL, CLUSTER_… */
  async start(
    { spec }: Extract<LoadOperation, { kind: 'loadtestStart' }>,
    { auditId, changeId, audit, actor }: LoadWork,
    { ref, revision }: { readonly ref: EventRef; readonly revision: number },
  ): Promise<Performed> {
    const word = await this.runner.start({ ...spec, event: ref.id, auditId, actor }, { dryRun: false });
    if (word === 'taken')
      throw new TacosError('GUARD_RAIL', { message: `There is another load test ${spec.name}.` });
    await this.parts.store.noteAudit(ref, { noteId: changeId, record: audit });
    return { word: 'applied', revision };
  }

  /** @throws TacosError CLUSTER_… */
  async stop(
    { name }: Extract<LoadOperation, { kind: 'loadtestStop' }>,
    { audit }: LoadWork,
  ): Promise<Performed> {
    const { redis, nowMs } = this.parts;
    await this.runner.remove(name, () => noteGlobal(redis, audit, nowMs()));
    return { word: 'applied', revision: 0 };
  }

  private get runner(): LoadRunner {
    const { loadRunner } = this.options;
    if (loadRunner === undefined)
      throw new TacosError('LOADTEST_NOT_SET', { hint: 'docs/operate/loadtest.md' });
    return loadRunner;
  }
}

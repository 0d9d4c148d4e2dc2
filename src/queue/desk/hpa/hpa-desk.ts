/**
 * The operators' side of the autoscaler. A change is made in three steps: an intent is noted in Redis, which is also the
 * lease; the API server applies it to the very object that was read; the record is written and the intent ends. A process
 * that dies between them leaves the intent, and whoever comes next finds out on the object whether it was done: it
 * carries the id of our last change. A floor that is held comes back by the same three steps, by whichever process is
 * there when its time has come.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TacosError } from '../../../contract/errors.ts';
import type { HpaFigures, HpaQuery, HpaView } from '../../../contract/hpa.ts';
import type { RedisClient } from '../../../redis/client.ts';
import type { Draft } from '../actions/draft.ts';
import type { Performed } from '../actions/perform.ts';
import type { Undone } from '../undo.ts';
import type { Applied, Applying, Autoscaler, AutoscalerState } from './autoscaler.ts';
import { HoldKeeper, isLeftOpen, isReturn } from './hold-keeper.ts';
import { HpaBook, type Intent, newOwner } from './hpa-book.ts';
import {
  conflictText,
  digestOf,
  type HpaOperation,
  type HpaPatch,
  hpaDraft,
  withAnswer,
} from './hpa-draft.ts';
import { undoHpa } from './undo-hpa.ts';

/** A view is answered from memory for so long, ms: many may watch. */
const freshMs = 1_000;
/** How often it is looked at for alarms, ms. */
const lookMs = 5_000;
const tickMs = 1_000;
/** The status of an autoscaler moves by itself: a change is tried so often on what it is by then. */
const triesMax = 5;
/** Longest wait for another change to end, ms. */
const patienceMs = 6_000;

export interface HpaDeskParts {
  readonly redis: RedisClient;
  readonly autoscaler: Autoscaler;
  /** Tells the webhook of a record that nobody else tells of. */
  tell(auditId: string): void;
  readonly log: { warn(detail: object, message: string): void };
}

/** What a change is made of. */
export interface HpaPerforming {
  readonly operation: HpaOperation;
  readonly auditId: string;
  readonly changeId: string;
  readonly audit: string;
  readonly actor: string;
  readonly revision: number;
}

export class HpaDesk {
  private readonly parts: HpaDeskParts;
  private readonly book: HpaBook;
  private readonly keeper: HoldKeeper;
  private readonly timer: NodeJS.Timeout;
  private reading: Promise<AutoscalerState> | undefined;
  private last: { readonly state: AutoscalerState; readonly atMs: number } | undefined;
  private lookedAtMs = Number.NEGATIVE_INFINITY;
  private isTicking = false;

  constructor(parts: HpaDeskParts) {
    this.parts = parts;
    this.book = new HpaBook(parts.redis, parts.autoscaler);
    this.keeper = new HoldKeeper({ ...parts, book: this.book, settle: (intent) => this.settle(intent) });
    this.timer = setInterval(() => void this.tick(), tickMs);
    void this.tick();
  }

  /** @throws TacosError HPA_NOT_FOUND, CLUSTER_FORBIDDEN, CLUSTER_UNAVAILABLE */
  async view(query: HpaQuery = {}): Promise<HpaView> {
    this.checkName(query);
    const [{ changeId: _, raw: __, ...state }, { hold, revision }] = await Promise.all([
      this.state(freshMs),
      this.book.page(),
    ]);
    const { problem } = this.keeper;
    return {
      ...state,
      revision,
      hold:
        hold === undefined
          ? null
          : {
              min: hold.min,
              minBefore: hold.before,
              until: new Date(hold.untilMs).toISOString(),
              auditId: hold.auditId,
              actor: hold.actor,
              ...(problem === undefined ? {} : { problem }),
            },
    };
  }

  /** As it was looked at last, for alarms and screens; null = not for a while. */
  facts(): HpaFigures | null {
    if (this.last === undefined || performance.now() - this.last.atMs > 3 * lookMs) return null;
    const { name, minReplicas: min, maxReplicas: max, replicas } = this.last.state;
    return { name, min, max, asked: replicas.asked, replicas: replicas.current };
  }

  /** What a patch would do, the API server's own answer included. Changes nothing. */
  async draft(action: HpaPatch): Promise<Draft> {
    this.checkName(action);
    const draft = hpaDraft(await this.seen(), action);
    return this.tried(draft);
  }

  async undo(undone: Undone): Promise<Draft> {
    return this.tried(undoHpa(await this.seen(), undone));
  }

  /** @throws TacosError GUARD_RAIL, ACTION_RUNNING, CLUSTER_… */
  async perform(work: HpaPerforming): Promise<Performed> {
    const { operation, auditId, changeId, audit, actor, revision } = work;
    const hold =
      operation.hold === undefined
        ? ''
        : operation.hold === null
          ? '-'
          : JSON.stringify({ hpa: this.book.hpa, ...operation.hold, auditId, actor });
    const intent: Intent = { hpa: this.book.hpa, changeId, auditId, audit, hold };
    const begun = await this.begin(intent, revision);
    if (begun.word === 'done') return { word: 'applied', revision: begun.revision };
    if (begun.word === 'conflict') return begun;
    let outcome: Applied;
    try {
      outcome = await this.apply(operation, auditId);
    } catch (error) {
      if (!isLeftOpen(error)) await this.book.end(intent, false);
      throw error;
    }
    const now = await this.book.end(intent, outcome.word === 'applied');
    if (outcome.word === 'applied') return { word: 'applied', revision: now };
    if (outcome.word === 'moved') return { word: 'conflict', revision: now };
    const text =
      outcome.word === 'conflict'
        ? conflictText(outcome.fields)
        : `Kubernetes does not take it: ${outcome.text}`;
    throw new TacosError('GUARD_RAIL', { message: `${text}.` });
  }

  /**
   * Before a change is looked for in the trail: writes it down, where it was made and its answer lost.
   *
   * @throws TacosError CLUSTER_REPLY_LOST where that still cannot be told of this very change
   */
  async settleLeft(changeId: string): Promise<void> {
    const { openId } = await this.book.page();
    if (openId === undefined) return;
    const lastMs = performance.now() + patienceMs;
    try {
      for (;;) {
        const leftMs = await this.keeper.settleOpen();
        if (leftMs === 0 || openId !== changeId || performance.now() > lastMs) return;
        await sleep(Math.min(leftMs, 200));
      }
    } catch (error) {
      if (openId === changeId) throw new TacosError('CLUSTER_REPLY_LOST', { hint: 'tacos audit list' });
      if (!(error instanceof TacosError)) throw error;
    }
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** Takes the lease, after what others are doing; settles what a process that died left open. */
  private async begin(intent: Intent, revision: number) {
    const lastMs = performance.now() + patienceMs;
    const owner = newOwner();
    for (;;) {
      const begun = await this.book.begin(intent, { owner, ifRevision: revision });
      if (begun.word === 'open') await this.settle(begun.intent);
      else if (begun.word !== 'busy') return begun;
      else if (performance.now() > lastMs) throw new TacosError('ACTION_RUNNING', { hint: 'tacos hpa get' });
      else await sleep(Math.min(begun.leftMs, 200));
    }
  }

  /** Writes down what was left open, if it was done; the lease is ours. @throws where the cluster cannot be asked */
  private async settle(intent: Intent): Promise<void> {
    if (intent.hpa !== this.book.hpa)
      throw new TacosError('ACTION_RUNNING', {
        message: `A change of ${intent.hpa} was left open: an admin process that steers it must end it.`,
      });
    const { changeId } = await this.state(0);
    const isDone = changeId === intent.auditId;
    await this.book.end(intent, isDone);
    if (isDone && isReturn(intent)) this.parts.tell(intent.auditId);
  }

  private async apply({ values, takeOver, plannedOn }: HpaOperation, changeId: string): Promise<Applied> {
    for (let tries = 1; ; tries += 1) {
      const state = await this.state(0);
      if (digestOf(state) !== plannedOn) return { word: 'moved' };
      const how: Applying = { values, changeId, takeOver, dryRun: false };
      const outcome = await this.parts.autoscaler.apply(state, how);
      this.last = undefined;
      if (outcome.word !== 'moved' || tries >= triesMax) return outcome;
    }
  }

  private async seen() {
    const [state, { openId: _, ...page }] = await Promise.all([this.state(0), this.book.page()]);
    return { state, ...page };
  }

  private async tried<D extends Draft & { readonly operation: HpaOperation }>(draft: D): Promise<D> {
    if (draft.unchanged || draft.refusals.length > 0) return draft;
    const { values, takeOver } = draft.operation;
    for (let tries = 1; ; tries += 1) {
      const how: Applying = { values, changeId: 'plan', takeOver, dryRun: true };
      const answer = await this.parts.autoscaler.apply(await this.state(0), how);
      if (answer.word !== 'moved' || tries >= triesMax) return withAnswer(draft, answer);
    }
  }

  /** One reading for all who ask at once. `maxAgeMs` 0 = read now. */
  private async state(maxAgeMs: number): Promise<AutoscalerState> {
    if (maxAgeMs === 0) return this.read();
    if (this.last !== undefined && performance.now() - this.last.atMs <= maxAgeMs) return this.last.state;
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(): Promise<AutoscalerState> {
    const state = await this.parts.autoscaler.read();
    this.last = { state, atMs: performance.now() };
    return state;
  }

  private checkName({ namespace, name }: HpaQuery): void {
    const { autoscaler } = this.parts;
    const isOurs =
      (namespace ?? autoscaler.namespace) === autoscaler.namespace &&
      (name ?? autoscaler.name) === autoscaler.name;
    if (isOurs) return;
    throw new TacosError('HPA_NOT_FOUND', {
      message: `This server steers the autoscaler ${autoscaler.namespace}/${autoscaler.name} only.`,
    });
  }

  private async tick(): Promise<void> {
    if (this.isTicking) return;
    this.isTicking = true;
    try {
      await this.keeper.look();
      if (performance.now() - this.lookedAtMs < lookMs) return;
      this.lookedAtMs = performance.now();
      await this.state(freshMs);
    } catch {
      // Who asks for it is told why; a hold that cannot end says so itself.
    } finally {
      this.isTicking = false;
    }
  }
}

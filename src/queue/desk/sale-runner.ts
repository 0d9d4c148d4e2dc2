/**
 * Runs the steps of sales. One of all admin processes does, by a lease; each step is an action with a change id made of
 * sale and step, so that one which is run again, after a crash between the change and its note, is the same change.
 * What could not be run in time is run as soon as somebody is there, in order.
 */
import {
  actRequestSchema,
  type ChangeReply,
  type ParsedAction,
  type ParsedActRequest,
  type SaleStep,
} from '../../contract/actions.ts';
import { TacosError } from '../../contract/errors.ts';
import type { StepOutcome } from '../../contract/sale.ts';
import type { RedisClient } from '../../redis/client.ts';
import { globalKeys } from '../global-scripts.ts';
import { inOrder, SaleStore, type StoredSale } from '../sale-store.ts';
import { keysOf } from '../scripts.ts';
import { FencedError, StaleEventError } from '../store-base.ts';
import { auditIdOf } from './actions/record.ts';
import { openingStep } from './actions/sale.ts';
import type { ChangedEvent, ChangeOptions } from './changes-parts.ts';
import { Lease } from './lease.ts';

/** A step that is run later than this is given only what is left of its ramp and its time, ms. */
const lateMs = 5_000;

/** What it stands on. */
export interface SaleRunnerParts {
  readonly redis: RedisClient;
  /** Redis time, ms. */
  readonly nowMs: () => number;
  event(id: string): Promise<ChangedEvent>;
  act(request: ParsedActRequest, options: ChangeOptions): Promise<ChangeReply>;
  readonly log: { warn(detail: object, message: string): void };
}

/** All steps, the opening first. */
export const stepsOf = ({ plan, appliedAtMs }: StoredSale): SaleStep[] => [
  openingStep(plan, appliedAtMs),
  ...inOrder(plan.steps),
];

export class SaleRunner {
  private readonly parts: SaleRunnerParts;
  private readonly store: SaleStore;
  private readonly lease: Lease;
  private running = false;

  constructor(parts: SaleRunnerParts) {
    this.parts = parts;
    this.store = new SaleStore(parts.redis);
    this.lease = new Lease(parts.redis, globalKeys.saleRunner);
  }

  /** To be called twice a second. Does nothing while the call before is under way. @throws when Redis cannot be reached */
  async look(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      const { redis } = this.parts;
      const events = await redis.smembers(globalKeys.sales);
      if (events.length === 0 || !(await this.lease.hold())) return;
      const done = await Promise.allSettled(events.map((event) => this.ofEvent(event)));
      // Not before all have ended: else the next look would run the others' steps beside this one.
      const failed = done.find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
    } finally {
      this.running = false;
    }
  }

  /** Lets another process go on at once. */
  close(): Promise<void> {
    return this.lease.release();
  }

  /** Runs what is due, one after the other, as long as the lease is held. */
  private async ofEvent(event: string): Promise<void> {
    const keys = keysOf(event);
    for (;;) {
      const before = await this.store.read({ keys });
      if (before?.state !== 'running') return this.forget(event);
      const next = stepsOf(before).find(({ id }) => !before.outcomes.has(id));
      if (next !== undefined && Date.parse(next.at) > this.parts.nowMs()) return;
      try {
        const opened = await this.parts.event(event);
        const { ref } = opened;
        if (next === undefined) {
          await this.store.done(ref, { id: before.id });
          return this.forget(event);
        }
        // The revision first: a rollback after it makes another one, upon which the step is not done.
        const ifRevision = opened.replica.settings.revision;
        const sale = await this.store.read({ keys });
        if (sale?.id !== before.id || sale.state !== 'running') continue;
        const outcome = await this.run(sale, next, { event, ifRevision });
        if (outcome === 'later' || !(await this.lease.hold())) return;
        await this.store.note(ref, { id: sale.id, step: next.id, outcome });
      } catch (error) {
        if (isGone(error)) return this.forget(event);
        throw error;
      }
    }
  }

  private async run(
    { id, by }: StoredSale,
    step: SaleStep,
    { event, ifRevision }: { readonly event: string; readonly ifRevision: number },
  ): Promise<StepOutcome | 'later'> {
    const lateSec = Math.max(0, (this.parts.nowMs() - Date.parse(step.at)) / 1000);
    const at = new Date(this.parts.nowMs()).toISOString();
    const changeId = `${id}-${step.id}`;
    const done = { at, lateSec };
    const action = remaining(step.action, lateSec);
    if (action === undefined) return { ...done, state: 'skipped', text: 'its time was over' };
    const isOfHpa = action.type === 'hpa.patch';
    const { reason, ticket, override, ...author } = by;
    const request = actRequestSchema.parse({
      events: isOfHpa ? [] : [event],
      action,
      override,
      reason: reason === '' ? `step ${step.id} of ${id}` : reason,
      ...(ticket === undefined ? {} : { ticket }),
    });
    const options = {
      changeId,
      ...(isOfHpa ? {} : { ifRevision }),
      author: { ...author, client: `${id} ${step.id}` },
    };
    try {
      const { results } = await this.parts.act(request, options);
      const [result] = results;
      if (result?.error !== undefined) return { ...done, state: 'failed', text: result.error.message };
      return { ...done, state: 'done', ...(result?.auditId ? { auditId: result.auditId } : {}) };
    } catch (error) {
      if (!(error instanceof TacosError)) throw error;
      const { code } = error.refusal;
      if (passing.has(code)) return 'later';
      // It was done before, when another part of its time was left.
      if (code === 'IDEMPOTENCY_CONFLICT')
        return { ...done, state: 'done', auditId: auditIdOf(changeId, event) };
      this.parts.log.warn({ event, sale: id, step: step.id, code }, 'a step of a sale was refused');
      return { ...done, state: 'failed', text: error.message };
    }
  }

  private async forget(event: string): Promise<void> {
    const { redis } = this.parts;
    await redis.srem(globalKeys.sales, event);
    // A sale that was applied since it was looked at has put the event there before.
    const since = await this.store.read({ keys: keysOf(event) });
    if (since?.state === 'running') await redis.sadd(globalKeys.sales, event);
  }
}

/** Somebody else changes something at this moment, or Redis or Kubernetes is away: tried again. */
const passing: ReadonlySet<string> = new Set([
  'VERSION_CONFLICT',
  'UNAVAILABLE',
  'ACTION_RUNNING',
  'CLUSTER_UNAVAILABLE',
  'CLUSTER_REPLY_LOST',
]);

/** One that was recovered or flushed meanwhile is not: its sale goes on. */
const isGone = (error: unknown): boolean =>
  (error instanceof StaleEventError && !(error instanceof FencedError)) ||
  (error instanceof TacosError && error.refusal.code === 'EVENT_NOT_FOUND');

/** What is left of a step that is run late; undefined = nothing. */
export function remaining(asked: SaleStep['action'], lateSec: number): ParsedAction | undefined {
  const action = asked.type === 'hpa.patch' ? { ...asked, takeOver: false } : asked;
  if (lateSec * 1000 < lateMs) return action;
  if (action.type === 'hpa.patch') {
    const { holdSec } = action;
    if (holdSec === undefined) return action;
    return holdSec > lateSec ? { ...action, holdSec: holdSec - lateSec } : undefined;
  }
  if (action.type === 'queue.message') {
    const { forSec } = action;
    if (forSec === undefined) return action;
    return forSec > lateSec ? { ...action, forSec: forSec - lateSec } : undefined;
  }
  if (action.type !== 'bucket.set') return action;
  const { rampSec, forSec, ...rest } = action;
  if (forSec !== undefined && forSec <= lateSec) return undefined;
  return {
    ...rest,
    ...(rampSec !== undefined && rampSec > lateSec ? { rampSec: rampSec - lateSec } : {}),
    ...(forSec === undefined ? {} : { forSec: forSec - lateSec }),
  };
}

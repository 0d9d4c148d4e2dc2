/** Doing what a draft says: one call of the store, and what follows it. */
import { TacosError } from '../../../contract/errors.ts';
import { globalKeys, noteGlobal } from '../../global-scripts.ts';
import { type SaleAuthor, SaleStore } from '../../sale-store.ts';
import { eventsKey } from '../../scripts.ts';
import { type EventRef, StaleEventError } from '../../store.ts';
import { type Budget, overBudget } from '../budget.ts';
import type { ChangesParts } from '../changes-parts.ts';
import type { Draft, Operation } from './draft.ts';

/** Longest that an answer waits for places to be ended or given back; the rest goes on by itself, ms. */
const jobMs = 30_000;

export interface Performing {
  readonly draft: Draft;
  /** Undefined for what is done to no event that exists. */
  readonly ref?: EventRef;
  readonly auditId: string;
  readonly changeId: string;
  readonly audit: string;
  /** Who makes it. */
  readonly actor: string;
  readonly override: boolean;
  /** Who a sale's steps are done by. */
  readonly author: Omit<SaleAuthor, 'override'>;
}

export type Performed =
  | {
      readonly word: 'applied';
      readonly revision: number;
      readonly people?: number;
      /** Places are still being ended or given back. */
      readonly goesOn?: boolean;
    }
  | { readonly word: 'conflict' | 'unchanged'; readonly revision: number };

export class Performer {
  private readonly parts: ChangesParts;
  private readonly budget: Budget;

  constructor(parts: ChangesParts, budget: Budget) {
    this.parts = parts;
    this.budget = budget;
  }

  /**
   * Takes the event's share of the budget, does it, and puts the share right where it was not done.
   *
   * @throws TacosError GUARD_RAIL, ACTION_RUNNING, EVENT_EXISTS, EVENT_NOT_FOUND
   */
  async perform(work: Performing): Promise<Performed> {
    const { claim, event } = work.draft;
    if (!claim || event === null || claim.after === claim.before) return this.apply(work);
    if (claim.after < claim.before) {
      const done = await this.apply(work);
      if (done.word === 'applied') await this.budget.lower(event, claim);
      return done;
    }
    const reply = await this.budget.claim(event, claim.after, work.override);
    if (reply.word === 'over') throw overBudget(reply, claim.after);
    const giveBack = () => this.budget.giveBack(event, { micro: claim.after, before: reply.before });
    try {
      const done = await this.apply(work);
      if (done.word !== 'applied') await giveBack();
      return done;
    } catch (error) {
      // Where it is not known whether it was done, the claim stays until the settings say what holds.
      if (error instanceof TacosError || error instanceof StaleEventError) await giveBack();
      throw error;
    }
  }

  private async apply(work: Performing): Promise<Performed> {
    const { draft, ref, changeId, audit } = work;
    const { operation, event, revision } = draft;
    if (operation.kind === 'create') return this.create(operation, work);
    if (operation.kind === 'budget')
      return this.budget.set({ perSecMicro: operation.perSecMicro, ifRevision: revision, changeId, audit });
    if (operation.kind === 'hpa') {
      if (!this.parts.hpa) throw new TacosError('CLUSTER_NOT_SET');
      const { auditId, actor } = work;
      return this.parts.hpa.perform({ operation, auditId, changeId, audit, actor, revision });
    }
    if (operation.kind === 'loadtestStop') return this.parts.loads.stop(operation, work);
    if (!ref || event === null) throw new Error(`${operation.kind} without an event`);
    if (operation.kind === 'loadtestStart') return this.parts.loads.start(operation, work, { ref, revision });
    const { store } = this.parts;
    if (operation.kind === 'settings') {
      const { fields, timed } = operation;
      const change = { ...(fields ? { fields } : {}), ...(timed ? { timed } : {}) };
      return store.setSettings(ref, { ifRevision: revision, changeId, audit, ...change });
    }
    if (operation.kind === 'phase') {
      const { kind: _, ...change } = operation;
      return store.setPhase(ref, { ifRevision: revision, changeId, audit, ...change });
    }
    if (operation.kind === 'sale') return this.sale(operation, work, ref);
    if (operation.kind === 'saleRollback') return this.rollback(operation, work, ref);
    if (operation.kind === 'job') return this.job(operation, work, ref);
    if (operation.kind === 'flush') {
      if ((await store.flush(ref, { changeId, audit })) === 'refused')
        throw new TacosError('GUARD_RAIL', { message: 'Only events made with --test can be flushed.' });
      return { word: 'applied', revision, people: draft.people };
    }
    return this.remove(event, work, ref);
  }

  private async create(
    operation: Extract<Operation, { kind: 'create' }>,
    work: Performing,
  ): Promise<Performed> {
    const { redis, store, makeEvent, signingKid } = this.parts;
    const id = work.draft.event ?? '';
    const made = await makeEvent(redis, store, {
      id,
      kid: signingKid,
      plan: operation.plan,
      audit: work.audit,
    });
    if (!made) throw new TacosError('EVENT_EXISTS', { hint: `tacos queue get ${id}` });
    return { word: 'applied', revision: 1 };
  }

  /**
   * Among the events with sales first: one that is there without a sale is harmless, one that is not would not be run.
   * And once more after: without a sale it may have been taken out meanwhile.
   */
  private async sale(
    { plan, restore }: Extract<Operation, { kind: 'sale' }>,
    work: Performing,
    ref: EventRef,
  ): Promise<Performed> {
    const { redis } = this.parts;
    const { auditId, audit, draft, override, author } = work;
    await redis.sadd(globalKeys.sales, ref.id);
    const id = auditId.replace('aud_', 'sale_');
    const sale = { id, audit, plan, restore, by: { ...author, override } };
    const word = await new SaleStore(redis).apply(ref, sale);
    await redis.sadd(globalKeys.sales, ref.id);
    return { word: word === 'other' ? 'conflict' : 'applied', revision: draft.revision };
  }

  /** No step may come after the values are back, so the sale is stopped first. */
  private async rollback(
    { saleId, fields }: Extract<Operation, { kind: 'saleRollback' }>,
    work: Performing,
    ref: EventRef,
  ): Promise<Performed> {
    const { redis, store } = this.parts;
    const { draft, changeId, audit } = work;
    const { revision } = draft;
    const sales = new SaleStore(redis);
    await sales.stop(ref, { id: saleId });
    const done = await store.setSettings(ref, { ifRevision: revision, changeId, audit, fields });
    if (done.word !== 'unchanged') return done;
    // All values are as they were: the stop alone is told.
    await store.noteAudit(ref, { noteId: changeId, record: audit });
    return { word: 'applied', revision };
  }

  /** The event's own trail goes with it, so the record is kept with those of all events. */
  private async remove(event: string, work: Performing, ref: EventRef): Promise<Performed> {
    const { redis, store, clock } = this.parts;
    if ((await store.deleteEvent(ref)) === 'refused')
      throw new TacosError('GUARD_RAIL', { message: 'Only closed events and tests can be deleted.' });
    // The record first: an id that stays in the set is found out by whoever reads it next.
    await noteGlobal(redis, work.audit, clock.nowMs());
    await redis.srem(eventsKey, event);
    return { word: 'applied', revision: work.draft.revision };
  }

  private async job(
    operation: Extract<Operation, { kind: 'job' }>,
    work: Performing,
    ref: EventRef,
  ): Promise<Performed> {
    const { auditId, changeId, audit, draft } = work;
    const reply = await this.parts.store.startJob(ref, { ...operation.job, auditId, changeId, audit });
    if (reply.word === 'busy')
      throw new TacosError('ACTION_RUNNING', {
        hint: `tacos audit show ${reply.auditId}`,
        body: { auditId: reply.auditId },
      });
    if (reply.word === 'not_paused')
      throw new TacosError('GUARD_RAIL', {
        message: 'All places can be ended only while the event is paused.',
      });
    if (reply.word === 'gone')
      throw new TacosError('GUARD_RAIL', { message: 'These places can no longer be given back.' });
    const done = await this.stepThrough(ref, auditId);
    const { people } = done;
    if (!done.goesOn && people !== undefined && people !== draft.people)
      await this.notePeople(ref, auditId, people);
    return { word: 'applied', revision: draft.revision, ...done };
  }

  /** Goes on with a job until it is done, or `jobMs` have passed; the gateways carry it on as well. */
  private async stepThrough(ref: EventRef, auditId: string): Promise<{ people?: number; goesOn?: boolean }> {
    const lastMs = performance.now() + jobMs;
    let people = 0;
    while (performance.now() < lastMs) {
      const step = await this.parts.store.stepJob(ref);
      // It was finished by somebody else, and another one has begun or ended since: how many it were is not known.
      if (step.word === 'idle') return step.last?.auditId === auditId ? { people: step.last.places } : {};
      if (step.auditId !== auditId) return {};
      people = step.places;
      if (!step.more) return { people };
    }
    return { people, goesOn: true };
  }

  private async notePeople(ref: EventRef, auditId: string, people: number): Promise<void> {
    const record = JSON.stringify({ addsTo: auditId, people });
    await this.parts.store.noteAudit(ref, { noteId: `${auditId}:people`, record });
  }
}

/** Doing an action: once for a change id, at the versions it was planned on, for several events side by side. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeReply, ParsedActRequest } from '../../../contract/actions.ts';
import type { AuditEntry } from '../../../contract/audit.ts';
import { TacosError } from '../../../contract/errors.ts';
import { putAmongEvents } from '../../events.ts';
import type { Budget } from '../budget.ts';
import type { ChangeOptions, ChangesParts } from '../changes-parts.ts';
import { Answering, applied, type Done, repeated, type Target } from './answering.ts';
import { type Settled, settleAll } from './bounded.ts';
import { catchUp } from './catch-up.ts';
import { type Compiled, type Compiler, conflictOf, refusalOf } from './compile.ts';
import { checkConsent, checkReach, checkRole, namesOf } from './consent.ts';
import { badRequest, type Draft } from './draft.ts';
import { Performer } from './perform.ts';
import type { Planner } from './planner.ts';
import { asksOf, auditIdOf, findRecord, recordOf } from './record.ts';

/** Events worked on at once: enough for all to be in force within a second, few enough for one connection. */
const eventsAtOnce = 64;
/** A change that names no version is tried so often on what others make of the event meanwhile. */
const triesMax = 5;
/** How far two desks may be apart, ms: longer than the slowest pace at which a journal is read. */
const aheadMs = 300;

interface Asked {
  readonly request: ParsedActRequest;
  readonly options: ChangeOptions;
  readonly planHash?: string | undefined;
}

export class Acting {
  private readonly parts: ChangesParts;
  private readonly planner: Planner;
  private readonly compiler: Compiler;
  private readonly performer: Performer;
  private readonly answering: Answering;

  constructor(parts: ChangesParts, own: { budget: Budget; planner: Planner; compiler: Compiler }) {
    this.parts = parts;
    this.planner = own.planner;
    this.compiler = own.compiler;
    this.performer = new Performer(parts, own.budget);
    this.answering = new Answering(parts);
  }

  /** See `Desk.act`. Throws only where it was done for none of the events. */
  async act(request: ParsedActRequest, options: ChangeOptions): Promise<ChangeReply> {
    const { environment } = this.parts;
    checkRole(request, options.author);
    if (request.action.type === 'hpa.patch') await this.parts.hpa?.settleLeft(options.changeId);
    const events = await this.planner.targets(request);
    const isOne = request.events !== 'all' && events.length <= 1;
    if (!isOne && options.ifRevision !== undefined)
      throw badRequest('A version can be named for one event only.');
    const targets = events.map((event) => ({
      event,
      auditId: auditIdOf(options.changeId, event ?? undefined),
    }));
    const before = await settleAll(targets, eventsAtOnce, (target) => this.before(request, target));
    // Where it cannot be read whether it was made before, anything said now might be wrong.
    for (const known of before) if (!known.ok) throw known.error;
    const isRepeat = before.some((known) => known.ok && known.value !== undefined);
    let ready = await this.prepare(targets, before, { request, options });
    const fits = () => request.planHash === undefined || isRepeat || ready.plan.hash === request.planHash;
    if (!fits()) {
      // The plan may have been made by a desk that was a moment ahead of this one.
      await sleep(aheadMs);
      ready = await this.prepare(targets, before, { request, options });
      if (!fits()) throw conflictOf(ready.compiled.map(({ item }) => item));
    }
    const { drafts, compiled, plan } = ready;
    for (const { draft } of compiled) checkReach(draft, options.author);
    if (compiled.length > 0) checkConsent(request, { plan, names: namesOf(events, compiled) }, environment);
    const asked = { request, options, planHash: request.planHash ?? plan.hash };
    const done = await settleAll(targets, eventsAtOnce, async (target, at) => {
      const [known, draft] = [before[at], drafts[at]];
      if (known?.ok && known.value) {
        // It may have been made by a desk that lost Redis before the event was among the others.
        if (request.action.type === 'event.create' && target.event !== null)
          await putAmongEvents(this.parts.redis, target.event);
        return repeated(known.value);
      }
      if (draft && !draft.ok) throw draft.error;
      const one = compiled.find(({ draft: made }) => made.event === target.event);
      if (!one) throw new Error('a target without a draft');
      return this.single(one, target, asked);
    });
    return this.answering.reply(request, targets, done);
  }

  /** Drafts of what was not made before, and the plan that they come to. */
  private async prepare(
    targets: readonly Target[],
    before: readonly Settled<AuditEntry | undefined>[],
    { request, options }: Asked,
  ) {
    const drafts = await settleAll(targets, eventsAtOnce, async ({ event }, at) => {
      const known = before[at];
      return known?.ok && known.value ? undefined : this.draft(request, event, options);
    });
    const [failed] = drafts;
    if (failed && !failed.ok && drafts.every((draft) => !draft.ok)) throw failed.error;
    const fresh = drafts.flatMap((draft) => (draft.ok && draft.value ? [draft.value] : []));
    const compiled = await this.compiler.items(fresh);
    return { drafts, compiled, plan: this.compiler.plan(request.action, compiled) };
  }

  /** The record of this very change, where it was made before. */
  private async before(
    request: ParsedActRequest,
    { event, auditId }: Target,
  ): Promise<AuditEntry | undefined> {
    const asks = asksOf(request.action);
    const own = await findRecord(this.parts.redis, event, { auditId, asks });
    if (own || event === null || request.action.type !== 'event.delete') return own;
    return findRecord(this.parts.redis, null, { auditId, asks });
  }

  private async draft(
    request: ParsedActRequest,
    event: string | null,
    options: ChangeOptions,
  ): Promise<Draft> {
    const { ifRevision } = options;
    if (ifRevision === undefined) return this.planner.draft(request.action, event);
    if (event !== null && request.action.type !== 'event.create')
      await catchUp(this.parts, event, ifRevision);
    const draft = await this.planner.draft(request.action, event);
    if (draft.revision === ifRevision) return draft;
    throw conflictOf((await this.compiler.items([draft])).map(({ item }) => item));
  }

  private async single(first: Compiled, target: Target, asked: Asked): Promise<Done> {
    const { request, options } = asked;
    const isFixed = options.ifRevision !== undefined || request.planHash !== undefined;
    let one = first;
    for (let tries = 1; ; tries += 1) {
      const refusal = refusalOf(one.item, request.override);
      if (refusal) throw refusal;
      if (one.draft.unchanged) return this.unchanged(request, one, target);
      const sentMs = performance.now();
      const done = await this.perform(one, target, asked);
      if (done === 'exists') return repeated(await this.recordOrThrow(request, target));
      if (done.word === 'applied') return applied(one, target, { ...done, sentMs });
      if (done.word === 'unchanged') return this.unchanged(request, one, target);
      const { event } = target;
      if (event !== null) await catchUp(this.parts, event, done.revision);
      // The same change may have been made by a twin of this call.
      const known = await this.before(request, target);
      if (known) return repeated(known);
      one = await this.again(request, event);
      if (isFixed || tries >= triesMax) throw conflictOf([{ ...one.item, revision: done.revision }]);
    }
  }

  private async again(request: ParsedActRequest, event: string | null): Promise<Compiled> {
    const [one] = await this.compiler.items([await this.planner.draft(request.action, event)]);
    if (!one) throw new Error('a draft without an item');
    return one;
  }

  private async perform(
    { draft, foreseen }: Compiled,
    target: Target,
    { request, options, planHash }: Asked,
  ) {
    const { auditId, event } = target;
    const { author, changeId } = options;
    const { reason, ticket, override, action } = request;
    const byline = { auditId, author, action: action.type, asks: asksOf(action), reason, ticket, planHash };
    const audit = recordOf(draft, byline, foreseen);
    const isNew = draft.operation.kind === 'create';
    const ref = event === null || isNew ? {} : { ref: (await this.parts.event(event)).ref };
    try {
      const by = { ...author, reason: reason ?? '', ...(ticket === undefined ? {} : { ticket }) };
      const work = { draft, ...ref, auditId, changeId, audit, actor: author.name, override, author: by };
      return await this.performer.perform(work);
    } catch (error) {
      const isTwin = isNew && error instanceof TacosError && error.refusal.code === 'EVENT_EXISTS';
      if (isTwin) return 'exists' as const;
      throw error;
    }
  }

  private async recordOrThrow(request: ParsedActRequest, target: Target): Promise<AuditEntry> {
    const known = await this.before(request, target);
    if (!known) throw new TacosError('EVENT_EXISTS', { hint: `tacos queue get ${target.event}` });
    return known;
  }

  private async unchanged(
    request: ParsedActRequest,
    { draft, item }: Compiled,
    target: Target,
  ): Promise<Done> {
    // It may be so because a twin of this call has just made it so.
    const known = await this.before(request, target);
    if (known) return repeated(known);
    const { event, revision } = draft;
    return {
      result: { event, auditId: null, applied: false, revision, rows: item.rows },
      warnings: item.warnings,
    };
  }
}

/**
 * A change in the making: a form, the plan of what it would do, fresh each second, and the consent to it.
 *
 * The focus begins on Cancel. Nothing is sent unless the plan on screen is of this action, of data not older than 5 s,
 * on a good link, with a reason, and with the event's id typed where it cannot be undone. An answer that was lost is
 * asked for again with the very same request and key, so that a change is never made twice.
 */
import { randomUUID } from 'node:crypto';
import {
  type Action,
  type ActRequest,
  type ChangeReply,
  type ChangeResult,
  consentDataAgeSecMax,
  type Plan,
  reasonCharsMin,
} from '../../../contract/actions.ts';
import type { ChangeHeaders } from '../../admin-api.ts';
import { type ConsentNeeds, consentNeeds, isReason, isTyped } from '../../consent.ts';
import { checkLimits } from '../../context-limits.ts';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { checkEnvironment, placeOf } from '../../mutation.ts';
import { rowText } from '../../plan-text.ts';
import { isOld } from '../../watch/link.ts';
import type { Press } from '../keys.ts';
import type { Panel, Seat } from '../panels/panel.ts';
import type { Line, Size } from '../text.ts';
import { type FieldSpec, Form } from './form.ts';
import { modalLines } from './modal-lines.ts';
import { PlanReader, textOf } from './plan-reader.ts';
import type { ModalSpec } from './specs.ts';
import { withinBounds } from './values.ts';

/** What was sent, kept until its answer is known. */
interface Sent {
  readonly body: string;
  readonly request: ActRequest;
  readonly headers: ChangeHeaders;
}

export class ChangeModal implements Panel {
  get footer(): string {
    return this.reply === undefined
      ? 'Tab next  Space change  Enter on Apply applies  Esc cancel'
      : 'Enter close';
  }

  readonly form: Form;
  readonly spec: ModalSpec;
  /** What became of the attempt; '' = none was made. */
  notice = '';
  reply: ChangeReply | undefined;
  isSending = false;
  private readonly seat: Seat;
  private readonly plans: PlanReader;
  private sent: Sent | undefined;
  private key: { body: string; value: string } | undefined;

  constructor(seat: Seat, spec: ModalSpec) {
    this.seat = seat;
    this.spec = spec;
    this.form = new Form([...spec.fields, reasonField]);
    this.plans = new PlanReader(seat, () => this.planned());
    this.plans.want(this.planRequest());
  }

  get plan(): Plan | undefined {
    return this.plans.plan;
  }

  /** Why there is no plan; '' = there is one, or it is under way. */
  get problem(): string {
    return this.plans.problem;
  }

  lines(size: Size): readonly Line[] {
    return modalLines(this, this.seat, size);
  }

  press(press: Press): 'kept' | 'close' {
    const isCancel = this.form.focus === 'cancel' && press.name === 'return';
    if (press.name === 'escape' || isCancel || (this.reply !== undefined && press.name === 'return')) {
      // What is under way goes on; its audit id still counts among the changes made.
      return 'close';
    }
    if (this.reply !== undefined || this.isSending) return 'kept';
    if (this.form.press(press)) this.edited();
    else if (this.form.focus === 'apply' && press.name === 'return') void this.apply();
    return 'kept';
  }

  paste(text: string): void {
    if (this.reply !== undefined || this.isSending) return;
    this.form.insert(text);
    this.edited();
  }

  tick(): void {
    if (this.reply === undefined && !this.isSending) this.plans.want(this.planRequest());
  }

  /** The action as the form says it; undefined = nothing yet, or not to be read. */
  action(): Action | undefined {
    try {
      return this.typed();
    } catch {
      return undefined;
    }
  }

  reason(): string {
    return this.form.value(reasonField.name).trim();
  }

  /** What the plan on screen asks for. */
  needs(): ConsentNeeds | undefined {
    const { context, badge } = this.seat;
    return this.plan === undefined ? undefined : consentNeeds(this.plan, placeOf({ context }, badge()));
  }

  /** Why it cannot be applied now; undefined = it can. */
  blocked(): string | undefined {
    const link = this.seat.link();
    if (isOld(link) || link.word === 'resync') return `blocked: the link is ${link.word.toUpperCase()}`;
    if (this.sent !== undefined) return undefined;
    const wrong = this.wrongValue();
    if (wrong !== undefined) return wrong;
    const { plan } = this;
    if (plan === undefined || this.plans.body !== this.body()) return this.problem || 'waiting for the plan';
    if (plan.dataAgeSec > consentDataAgeSecMax) return `blocked: data ${Math.round(plan.dataAgeSec)}s old`;
    const out = this.outOfBounds(plan);
    if (out !== undefined) return out;
    if (plan.items.length > 0 && plan.items.every(({ unchanged }) => unchanged)) return 'it is so already';
    if (!isReason(this.reason())) return `a reason of at least ${reasonCharsMin} characters`;
    const typed = this.needs()?.typed;
    if (typed !== undefined && !isTyped(this.form.value('confirm'), typed)) return `type ${typed}`;
    return undefined;
  }

  private outOfBounds(plan: Plan): string | undefined {
    const isOverridden = this.form.value('override') === 'yes';
    const refusal = plan.items
      .flatMap(({ refusals }) => refusals)
      .find(({ canOverride }) => !(canOverride && isOverridden));
    if (refusal !== undefined) return `refused: ${refusal.text}`;
    try {
      checkLimits(this.seat.context.limits, plan);
      checkEnvironment(this.seat);
    } catch (error) {
      return textOf(error);
    }
    return undefined;
  }

  private wrongValue(): string | undefined {
    try {
      return this.typed() === undefined ? 'fill in what is to change' : undefined;
    } catch (error) {
      return textOf(error);
    }
  }

  private typed(): Action | undefined {
    return withinBounds(this.spec.action((name) => this.form.value(name)));
  }

  private edited(): void {
    this.notice = '';
    // What was typed now is another change: the one whose answer was lost is no longer what Apply means.
    if (this.sent !== undefined && this.sent.body !== this.body()) this.sent = undefined;
    this.plans.want(this.planRequest());
    this.seat.changed();
  }

  /** The request without its consent, as text: what a plan and a key belong to. */
  private body(): string {
    return JSON.stringify(this.planRequest());
  }

  private planRequest() {
    const action = this.action();
    if (action === undefined) return undefined;
    const override = this.form.value('override') === 'yes' ? { override: true } : {};
    return { events: this.spec.hasEvent ? [this.seat.event] : [], action, ...override };
  }

  private planned(): void {
    this.form.setFields([...this.spec.fields, reasonField, ...this.extraFields()]);
    this.seat.changed();
  }

  /** Fields that the plan asks for. */
  private extraFields(): FieldSpec[] {
    const refusals = this.plan?.items.flatMap(({ refusals: of }) => of) ?? [];
    const canPass = refusals.length > 0 && refusals.every(({ canOverride }) => canOverride);
    const wantsOverride = (canPass && this.seat.isAdmin()) || this.form.value('override') === 'yes';
    const typed = this.needs()?.typed;
    return [
      ...(wantsOverride
        ? [{ name: 'override', label: 'override', hint: 'space changes it', choices: ['no', 'yes'] }]
        : []),
      ...(typed === undefined ? [] : [{ name: 'confirm', label: 'type', hint: typed }]),
    ];
  }

  private async apply(): Promise<void> {
    const blocked = this.blocked();
    if (blocked !== undefined) {
      this.notice = blocked;
      return this.seat.changed();
    }
    const sent = this.sent ?? this.toSend();
    if (sent === undefined) return;
    this.sent = sent;
    this.isSending = true;
    this.notice = 'applying';
    this.seat.changed();
    try {
      this.done(await this.seat.api.act(sent.request, sent.headers));
    } catch (error) {
      this.failed(error);
    }
    this.isSending = false;
    this.seat.changed();
  }

  private toSend(): Sent | undefined {
    const { plan } = this;
    const request = this.planRequest();
    if (plan === undefined || request === undefined) return undefined;
    const body = JSON.stringify(request);
    // One key a change, however often it is sent; another change is another key.
    if (this.key?.body !== body) this.key = { body, value: randomUUID() };
    const [item, second] = plan.items;
    const isVersioned = this.spec.hasEvent && item !== undefined && second === undefined;
    const typed = this.needs()?.typed;
    return {
      body,
      request: {
        ...request,
        planHash: plan.hash,
        reason: this.reason(),
        ...(typed === undefined ? {} : { confirm: typed }),
      },
      headers: {
        ...(isVersioned ? { ifRevision: item.revision } : {}),
        idempotencyKey: this.key.value,
      },
    };
  }

  private done(reply: ChangeReply): void {
    this.sent = undefined;
    const failed = reply.results.find(({ error }) => error !== undefined);
    if (failed?.error !== undefined && reply.results.length === 1) {
      this.refused(failed.error.code, failed.error.message);
      return;
    }
    this.reply = reply;
    this.notice = '';
    for (const result of reply.results) {
      if (result.auditId !== null) this.seat.made({ auditId: result.auditId, summary: this.summary(result) });
    }
  }

  private failed(error: unknown): void {
    const details = error instanceof CliError ? error.details : undefined;
    if (details?.exitCode === exitCodes.unknownIfApplied) {
      this.notice = `${textOf(error)}: not known whether it was applied; Apply asks again with the same key`;
      return;
    }
    this.sent = undefined;
    this.refused(details?.code ?? '', textOf(error));
  }

  /** Nothing was changed: what was typed stays, and the plan is made afresh. */
  private refused(code: string, text: string): void {
    const isConflict = code === 'VERSION_CONFLICT';
    this.notice = isConflict
      ? 'somebody else was faster: this is the plan on the values as they are now'
      : text;
    this.plans.forget();
    this.plans.want(this.planRequest());
  }

  private summary({ rows }: ChangeResult): string {
    const words = rows
      .filter(({ before, after }) => before !== after)
      .map(rowText)
      .map(({ name, value }) => `${name} ${value}`);
    return words.length === 0 ? this.spec.title.toLowerCase() : words.join(', ');
  }
}

const reasonField: FieldSpec = {
  name: 'reason',
  label: 'reason',
  hint: `${reasonCharsMin} characters or more, audited`,
};

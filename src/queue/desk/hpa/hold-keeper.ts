/** Brings back a floor that was held, once its time has come: any admin process does, one of them at a time. */
import type { AuditEntry } from '../../../contract/audit.ts';
import { TacosError } from '../../../contract/errors.ts';
import { auditIdOf } from '../actions/record.ts';
import type { Applied, Autoscaler, AutoscalerState } from './autoscaler.ts';
import { type Hold, type HpaBook, type Intent, newOwner } from './hpa-book.ts';
import { conflictText, subjectOf } from './hpa-draft.ts';

/** What cannot be brought back is tried again after so long, ms. */
const againMs = 3_000;
/** And told of in the log so often, ms. */
const tellMs = 30_000;

/** Change ids of what a keeper does begin so. */
const returnMark = 'return:';

export interface HoldKeeperParts {
  readonly book: HpaBook;
  readonly autoscaler: Autoscaler;
  readonly log: { warn(detail: object, message: string): void };
  /** Tells the webhook of a record that nobody else tells of. */
  tell(auditId: string): void;
  /** Writes down what a process that died left open. */
  settle(intent: Intent): Promise<void>;
}

export class HoldKeeper {
  private readonly parts: HoldKeeperParts;
  private nextMs = Number.NEGATIVE_INFINITY;
  private toldMs = Number.NEGATIVE_INFINITY;
  /** Why a hold that is over could not be ended so far. */
  problem: string | undefined;

  constructor(parts: HoldKeeperParts) {
    this.parts = parts;
  }

  /** Once a second. @throws when Redis cannot be reached */
  async look(): Promise<void> {
    const { hold, openId, nowMs } = await this.parts.book.page();
    const isDue = hold !== undefined && nowMs >= hold.untilMs;
    if (!isDue) this.problem = undefined;
    if ((!isDue && openId === undefined) || performance.now() < this.nextMs) return;
    try {
      if (isDue) await this.bringBack(hold);
      else await this.settleOpen();
      this.problem = undefined;
    } catch (error) {
      this.nextMs = performance.now() + againMs;
      this.problem = error instanceof Error ? error.message : String(error);
      if (performance.now() - this.toldMs < tellMs) return;
      this.toldMs = performance.now();
      this.parts.log.warn(
        { reason: this.problem },
        'the autoscaler could not be brought to what it should be',
      );
    }
  }

  private async bringBack(hold: Hold): Promise<void> {
    const { book, autoscaler } = this.parts;
    const changeId = `${returnMark}${hold.auditId}`;
    const auditId = auditIdOf(changeId, undefined);
    const state = await autoscaler.read();
    const isOurs = state.minReplicas === hold.min;
    const intent = {
      hpa: book.hpa,
      changeId,
      auditId,
      audit: recordOf({ hold, state, auditId, isOurs }),
      hold: '-',
    };
    const begun = await book.begin(intent, { owner: newOwner() });
    if (begun.word === 'open') return this.parts.settle(begun.intent);
    if (begun.word !== 'begun') return;
    let outcome: Applied;
    try {
      // Somebody else has set the floor meanwhile: theirs stays.
      outcome = isOurs
        ? await autoscaler.apply(state, {
            values: { minReplicas: hold.before },
            changeId: auditId,
            takeOver: hold.takeOver,
            dryRun: false,
          })
        : { word: 'applied' };
    } catch (error) {
      if (!isLeftOpen(error)) await book.end(intent, false);
      throw error;
    }
    // Moved: the next look reads it again.
    await book.end(intent, outcome.word === 'applied');
    if (outcome.word === 'conflict') throw new Error(conflictText(outcome.fields));
    if (outcome.word === 'invalid') throw new Error(outcome.text);
    if (outcome.word === 'applied') this.parts.tell(auditId);
  }

  /** Writes down what was left open; gives how long somebody else still has the lease, ms. @throws as `settle` */
  async settleOpen(): Promise<number> {
    const probe = { hpa: this.parts.book.hpa, changeId: 'settle', auditId: '', audit: '', hold: '' };
    const begun = await this.parts.book.begin(probe, { owner: newOwner() });
    if (begun.word === 'open') await this.parts.settle(begun.intent);
    else if (begun.word === 'begun') await this.parts.book.end(probe, false);
    return begun.word === 'busy' ? begun.leftMs : 0;
  }
}

/** It may have been done: whoever comes next finds out on the object. */
export const isLeftOpen = (error: unknown): boolean =>
  error instanceof TacosError && error.refusal.code === 'CLUSTER_REPLY_LOST';

/** Whether nobody who could tell of it asked for this change. */
export const isReturn = ({ changeId }: Intent): boolean => changeId.startsWith(returnMark);

function recordOf(of: { hold: Hold; state: AutoscalerState; auditId: string; isOurs: boolean }): string {
  const { hold, state, auditId, isOurs } = of;
  const record: Omit<AuditEntry, 'at' | 'revision'> = {
    auditId,
    event: null,
    actor: 'system',
    role: 'system',
    client: '',
    action: 'hpa.return',
    summary: isOurs
      ? `${subjectOf(state)} min ${hold.min} -> ${hold.before}: the hold of ${hold.actor} is over`
      : `${subjectOf(state)}: the hold of ${hold.actor} is over, min ${state.minReplicas} of somebody else stays`,
    reason: '',
    rows: [
      {
        name: 'minReplicas',
        unit: 'pods',
        before: state.minReplicas,
        after: isOurs ? hold.before : state.minReplicas,
      },
    ],
  };
  return JSON.stringify(record);
}

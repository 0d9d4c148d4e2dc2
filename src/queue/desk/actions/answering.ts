/** The answer to an action: what became of each event, and how many gateways have it. */
import type { ChangeReply, ChangeResult, ParsedActRequest } from '../../../contract/actions.ts';
import type { AuditEntry } from '../../../contract/audit.ts';
import { TacosError } from '../../../contract/errors.ts';
import { FencedError, StaleEventError } from '../../store.ts';
import type { ChangesParts } from '../changes-parts.ts';
import { cameAnew } from '../reaching.ts';
import { awaitReceipt, countSeen } from './await-receipt.ts';
import type { Settled } from './bounded.ts';
import { catchUp } from './catch-up.ts';
import type { Compiled } from './compile.ts';
import { undoUntilOf } from './record.ts';

/** One event of an action. */
export interface Target {
  readonly event: string | null;
  readonly auditId: string;
}

/** What became of a target, before the gateways have said that they have it. */
export interface Done {
  readonly result: ChangeResult;
  readonly warnings: readonly string[];
  /** Raised a revision at this time (`performance.now()`): a receipt is due. */
  readonly sentMs?: number;
}

/** A change that was made just now. */
export function applied(
  { draft, item }: Compiled,
  { auditId }: Target,
  done: { revision: number; people?: number; goesOn?: boolean; sentMs: number },
): Done {
  const { operation, event } = draft;
  const undoUntil = undoUntilOf(draft);
  const raises = ['settings', 'phase', 'saleRollback'].includes(operation.kind);
  return {
    result: {
      event,
      auditId,
      applied: true,
      revision: done.revision,
      rows: item.rows,
      ...(done.people === undefined ? {} : { people: done.people }),
      ...(undoUntil === undefined ? {} : { undoUntil }),
    },
    warnings: [...item.warnings, ...(done.goesOn ? ['places are still being ended or given back'] : [])],
    ...(raises ? { sentMs: done.sentMs } : {}),
  };
}

/** The answer that a change had when it was made, from its record. */
export function repeated(entry: AuditEntry): Done {
  const { event, auditId, revision, rows, people, undoUntil, action } = entry;
  const raised = event !== null && revision > 0 && action !== 'event.create';
  return {
    result: {
      event,
      auditId,
      applied: true,
      revision,
      rows,
      ...(people === undefined ? {} : { people }),
      ...(undoUntil === undefined ? {} : { undoUntil }),
    },
    warnings: [],
    ...(raised ? { sentMs: performance.now() } : {}),
  };
}

export class Answering {
  private readonly parts: ChangesParts;

  constructor(parts: ChangesParts) {
    this.parts = parts;
  }

  /** Waits for the receipts, side by side. Throws the first error where it was done for none. */
  async reply(
    request: ParsedActRequest,
    targets: readonly Target[],
    done: readonly Settled<Done>[],
  ): Promise<ChangeReply> {
    const errors = done.flatMap((one) => (one.ok ? [] : [one.error]));
    // First of all that it is not known of one whether it was done: a refusal would say that nothing was.
    if (errors.length > 0 && errors.length === done.length)
      throw errors.find((error) => !isRefusal(error)) ?? errors[0];
    const results = await Promise.all(
      done.map(async (one, at): Promise<ChangeResult> => {
        if (one.ok) return this.withReceipt(request, one.value);
        const event = targets[at]?.event ?? null;
        const error = this.errorOf(one.error, event);
        return { event, auditId: null, applied: false, revision: 0, rows: [], error };
      }),
    );
    const warnings = done.flatMap((one) => {
      if (!one.ok) return [];
      const { event } = one.value.result;
      return one.value.warnings.map((text) => (done.length > 1 ? `${event}: ${text}` : text));
    });
    const asOf = new Date(this.parts.clock.nowMs()).toISOString();
    return { kind: 'Change', asOf, action: request.action.type, results, warnings };
  }

  private async withReceipt(request: ParsedActRequest, { result, sentMs }: Done): Promise<ChangeResult> {
    if (sentMs === undefined || result.event === null) return result;
    const { clock, store } = this.parts;
    const { event, revision } = result;
    try {
      const opened = await this.parts.event(event);
      const [receipt] = await Promise.all([
        awaitReceipt(opened, { revision, sentMs, clock }),
        // Whoever asks this desk next finds the change in it.
        catchUp(this.parts, event, revision),
      ]);
      const isMessage = request.action.type === 'queue.message' && request.action.text !== null;
      if (!isMessage) return { ...result, receipt };
      return { ...result, receipt, people: await countSeen(store, opened, clock.nowMs()) };
    } catch (error) {
      // It is done all the same.
      this.parts.log.warn({ event, reason: String(error) }, 'a receipt could not be had');
      return result;
    }
  }

  private errorOf(error: unknown, event: string | null): { code: string; message: string } {
    if (error instanceof TacosError) return { code: error.refusal.code, message: error.message };
    if (error instanceof FencedError) return { code: 'VERSION_CONFLICT', message: cameAnew().message };
    if (error instanceof StaleEventError) return { code: 'EVENT_NOT_FOUND', message: 'This event is gone.' };
    this.parts.log.warn({ event: event ?? '', reason: String(error) }, 'a change failed');
    return { code: 'UNAVAILABLE', message: 'Redis cannot be reached right now.' };
  }
}

/** Says for sure that nothing was done. */
const isRefusal = (error: unknown): boolean =>
  error instanceof StaleEventError || (error instanceof TacosError && error.refusal.code !== 'UNAVAILABLE');

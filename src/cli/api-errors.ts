/** What the admin API's refusals mean to somebody at a command line. */
import { z } from 'zod';
import { type ChangeRow, changeRowSchema } from '../contract/audit.ts';
import { CliError, type ErrorDetails } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { parseClean } from './output/clean.ts';
import { labelOf, valueText } from './plan-text.ts';

const replySchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    trace_id: z.string(),
    hint: z.string().optional(),
  }),
  /** Of an EVENT_NOT_FOUND: which one, where a request named several. Absent from older servers. */
  event: z.string().max(100).optional().catch(undefined),
  /** Of a VERSION_CONFLICT: the settings in question, `before` being what is in force now. */
  current: z.array(changeRowSchema).optional().catch(undefined),
});

/** A call as far as its failure is concerned. */
export interface FailedCall {
  /** Changes something, so that a lost answer leaves it open whether it did. */
  readonly isMutation: boolean;
  /** Event that it is about. */
  readonly event?: string;
  /** Command that shows whether a change happened. */
  readonly check?: string;
}

const exitByCode: Readonly<Record<string, number>> = {
  BAD_REQUEST: exitCodes.usage,
  BODY_TOO_LARGE: exitCodes.usage,
  UNAUTHENTICATED: exitCodes.notAllowed,
  FORBIDDEN: exitCodes.notAllowed,
  CONSENT_REQUIRED: exitCodes.noConsent,
  NOT_FOUND: exitCodes.notFound,
  EVENT_NOT_FOUND: exitCodes.notFound,
  AUDIT_NOT_FOUND: exitCodes.notFound,
  VISITOR_NOT_FOUND: exitCodes.notFound,
  HPA_NOT_FOUND: exitCodes.notFound,
  CLUSTER_FORBIDDEN: exitCodes.notAllowed,
  CLUSTER_NOT_SET: exitCodes.refused,
  LOADTEST_NOT_FOUND: exitCodes.notFound,
  LOADTEST_NOT_SET: exitCodes.refused,
  LOADTEST_NO_OPERATOR: exitCodes.programMissing,
  // Sent to nobody: where a change was under way it is CLUSTER_REPLY_LOST.
  CLUSTER_UNAVAILABLE: exitCodes.unreachable,
  SALE_NOT_FOUND: exitCodes.notFound,
  EVENT_EXISTS: exitCodes.refused,
  VERSION_CONFLICT: exitCodes.refused,
  GUARD_RAIL: exitCodes.refused,
  IDEMPOTENCY_CONFLICT: exitCodes.refused,
  ACTION_RUNNING: exitCodes.refused,
  EVENTS_FULL: exitCodes.refused,
};

/** The error for an answer that is none of 2xx. */
export function errorOfReply(status: number, body: string, call: FailedCall): CliError {
  const parsed = replySchema.safeParse(attempt(() => parseClean(body)));
  if (!parsed.success) {
    if (status >= 500 && call.isMutation) return lostReply(call, `the server answered ${status}`);
    const details = {
      code: 'BAD_ANSWER',
      exitCode: status >= 500 ? exitCodes.unreachable : exitCodes.failed,
    };
    return new CliError(`the server answered ${status}, but not as the admin API of tacos does`, details);
  }
  const { code, message, trace_id: requestId, hint } = parsed.data.error;
  const known = exitByCode[code];
  // Refused before anything was done are only the codes above; behind any other the change may have happened.
  if (call.isMutation && known === undefined && status >= 500) return lostReply(call, message, requestId);
  const details: ErrorDetails = {
    code,
    exitCode: known ?? (status === 503 || status === 429 ? exitCodes.unreachable : exitCodes.failed),
    requestId,
    ...(call.isMutation ? { why: 'nothing was changed' } : {}),
    ...hintFor(code, hint ?? (code === 'VERSION_CONFLICT' ? call.check : undefined)),
  };
  const values = code === 'VERSION_CONFLICT' ? valuesBefore(parsed.data.current ?? []) : '';
  const sentence = sentenceFor(code, call.event ?? parsed.data.event) ?? message;
  return new CliError(values === '' ? sentence : sentence.replace(/\.$/, '') + values, details);
}

/** The request went out and no answer came back. */
export function lostReply(call: FailedCall, cause: string, requestId?: string): CliError {
  const isOpen = call.isMutation;
  return new CliError(isOpen ? `the answer was lost: ${cause}` : `no answer: ${cause}`, {
    code: isOpen ? 'REPLY_LOST' : 'NO_ANSWER',
    exitCode: isOpen ? exitCodes.unknownIfApplied : exitCodes.unreachable,
    ...(isOpen ? { why: 'it is not known whether the change was made', applied: 'unknown' as const } : {}),
    ...(call.check === undefined ? {} : { hint: call.check }),
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** Nothing was sent: the server cannot be reached at all. */
export function unreachable(server: string, cause: string, hint: string): CliError {
  return new CliError(`${server} cannot be reached: ${cause}`, {
    code: 'UNREACHABLE',
    exitCode: exitCodes.unreachable,
    why: 'nothing was sent',
    hint,
  });
}

/** The answer is not what this version knows; of a change, so that it is open whether it was made. */
export const badAnswer = (what: string, call?: FailedCall): CliError =>
  new CliError(`the server's ${what} is not of a form that this version of tacos knows`, {
    code: 'BAD_ANSWER',
    exitCode: call?.isMutation === true ? exitCodes.unknownIfApplied : exitCodes.failed,
    ...(call?.isMutation === true ? { applied: 'unknown' } : {}),
    ...(call?.check === undefined ? {} : { hint: call.check }),
  });

/** Exit code of a refusal by its code, such as one event's in the answer for several; unknown ones are failures. */
export const exitOfCode = (code: string): number => exitByCode[code] ?? exitCodes.failed;

/** Where the event's name says more than the server's sentence, which never echoes input. */
function sentenceFor(code: string, event: string | undefined): string | undefined {
  if (event === undefined) return undefined;
  if (code === 'EVENT_NOT_FOUND') return `event "${event}" not found`;
  if (code === 'EVENT_EXISTS') return `event "${event}" exists already`;
  return undefined;
}

/** `: refill is 70.0/s, capacity is 500`, as rows have it before a change; '' for none. In the message, so that programs see it too. */
export const valuesBefore = (rows: readonly ChangeRow[]): string =>
  rows.length === 0
    ? ''
    : `: ${rows.map(({ name, unit, before }) => `${labelOf(name)} is ${valueText(before, unit)}`).join(', ')}`;

function hintFor(code: string, hint: string | undefined): { hint?: string } {
  if (code === 'EVENT_NOT_FOUND') return { hint: 'tacos event list' };
  if (code === 'FORBIDDEN' && hint === undefined) return { hint: 'tacos auth status' };
  return hint === undefined ? {} : { hint };
}

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** Errors as text for people and as one line of JSON for programs. */
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { clean } from './clean.ts';

/** Where an error happened. */
export interface ErrorPlace {
  /** Command as typed, such as `bucket set`; '' = none yet. */
  readonly command: string;
  readonly json: boolean;
  /** Where the details of a bug were written. */
  readonly crashFile?: string;
}

/** Codes that a help topic says more about than the command's own help. */
const topics: Readonly<Record<string, string>> = {
  GUARD_RAIL: 'guard-rails',
  CONTEXT_LIMIT: 'guard-rails',
  NO_CONSENT: 'guard-rails',
  CONSENT_REQUIRED: 'guard-rails',
  VERSION_CONFLICT: 'guard-rails',
  READ_ONLY: 'guard-rails',
  ENVIRONMENT_MISMATCH: 'contexts',
  CONTEXT_AMBIGUOUS: 'contexts',
  CONTEXT_NOT_FOUND: 'contexts',
  LOCAL_NOT_RUNNING: 'contexts',
  NO_TOKEN: 'contexts',
  SIGN_IN_ENDED: 'contexts',
  PLAIN_HTTP: 'contexts',
};

/** Exit code of anything thrown: a bug is 1. */
export const exitCodeOf = (error: unknown): number =>
  error instanceof CliError ? error.details.exitCode : exitCodes.failed;

/** The text for stderr, ended by a newline. */
export function renderError(error: unknown, { command, json, crashFile }: ErrorPlace): string {
  const { message, details } = error instanceof CliError ? error : bugOf(error, crashFile);
  const { code, exitCode, why, quote = [], hint, requestId, applied = 'no' } = details;
  if (json) {
    const hintOf = hint ?? why ?? null;
    const body = {
      code,
      exitCode,
      message: clean(message),
      hint: hintOf,
      requestId: requestId ?? null,
      applied,
    };
    return `${JSON.stringify({ error: body })}\n`;
  }
  const topic = topics[code];
  const see =
    topic !== undefined ? `tacos help ${topic}` : command === '' ? 'tacos -h' : `tacos ${command} -h`;
  const request = requestId === undefined ? '' : `      request ${clean(requestId)}`;
  const lines = [
    `error: ${clean(message)}`,
    ...(why === undefined ? [] : [`  why   ${clean(why)}`]),
    ...quote.map((line) => `      | ${clean(line)}`),
    ...(hint === undefined ? [] : [`  try   ${clean(hint)}`]),
    `  see   ${see}${request}      exit ${exitCode}`,
  ];
  return `${lines.join('\n')}\n`;
}

function bugOf(error: unknown, crashFile: string | undefined): CliError {
  const message = error instanceof Error ? error.message : String(error);
  return new CliError(`this is a fault of tacos: ${message}`, {
    code: 'BUG',
    exitCode: exitCodes.failed,
    ...(crashFile === undefined ? {} : { why: `details are in ${crashFile}` }),
    applied: 'unknown',
  });
}

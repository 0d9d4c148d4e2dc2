/** An error that a person can act on. Anything else thrown is a bug. */
import { exitCodes } from './exit-codes.ts';

/** Whether what was asked for has happened. */
export type Applied = 'no' | 'yes' | 'unknown';

/** What an error says beside its sentence. Data only, no layout. */
export interface ErrorDetails {
  readonly code: string;
  readonly exitCode: number;
  readonly why?: string;
  /** Lines that somebody else wrote, such as the end of a log. */
  readonly quote?: readonly string[];
  /** One command that can be run as it stands. */
  readonly hint?: string;
  readonly requestId?: string;
  readonly applied?: Applied;
}

/** Thrown by commands and services; `run` alone turns it into text and an exit code. */
export class CliError extends Error {
  readonly details: ErrorDetails;

  constructor(message: string, details: ErrorDetails) {
    super(message);
    this.name = 'CliError';
    this.details = details;
  }
}

/** A command line that cannot be meant, with what to run instead, and why where that is not plain. */
export const usageError = (message: string, more?: string | Pick<ErrorDetails, 'why' | 'hint'>): CliError =>
  new CliError(message, {
    code: 'USAGE',
    exitCode: exitCodes.usage,
    ...(typeof more === 'string' ? { hint: more } : more),
  });

/** The flags that every change takes, and what can be said of them without a server. */
import { reasonCharsMin } from '../contract/actions.ts';
import { eventIdPattern } from '../contract/limits.ts';
import { isReason } from './consent.ts';
import { usageError } from './errors.ts';

/** Flags of every change. */
export interface MutationFlags {
  readonly reason?: string;
  readonly ticket?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** S3: ids of the events, typed. */
  readonly confirm?: string;
  readonly ifVersion?: number;
  readonly wait?: boolean;
  readonly idempotencyKey?: string;
  /** Past guard rails that an admin may pass. */
  readonly override?: boolean;
}

/** Checks flags and event ids. @throws CliError (2) */
export function checkFlags(flags: MutationFlags, events: readonly string[] | 'all'): void {
  const { reason, idempotencyKey, ticket, ifVersion } = flags;
  if (reason !== undefined && !isReason(reason)) {
    throw usageError(`--reason needs at least ${reasonCharsMin} characters`);
  }
  if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,128}$/.test(idempotencyKey)) {
    throw usageError('--idempotency-key has 1 to 128 printable characters without spaces');
  }
  if (ticket !== undefined && !/^[\x20-\x7e]{1,64}$/.test(ticket)) {
    throw usageError('--ticket has 1 to 64 printable characters');
  }
  if (ifVersion !== undefined && (events === 'all' || events.length > 1)) {
    throw usageError('--if-version is for a change of one event');
  }
  if (events !== 'all') events.forEach(checkEventId);
}

/** @throws CliError (2) */
export function checkEventId(event: string): void {
  if (eventIdPattern.test(event)) return;
  throw usageError(`"${event}" is not an event id: letters, digits, _ . : - and at most 64 of them`);
}

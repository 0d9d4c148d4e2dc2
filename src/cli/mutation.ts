/** What every change has in common: where it lands, whether that is allowed, and the consent to it. */
import { randomUUID } from 'node:crypto';
import type { Cli, Connection } from './cli.ts';
import { CliError, usageError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { clean } from './output/clean.ts';

/** Flags of every change. */
export interface MutationFlags {
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly ifVersion?: number;
  readonly idempotencyKey?: string;
}

/** How much a change is felt: small ones ask on protected contexts only, felt ones want a reason there too. */
export type Weight = 'small' | 'felt';

/** Fewest characters of a reason. */
export const reasonCharsMin = 8;

const badges: Readonly<Record<string, string>> = {
  production: 'PROD',
  staging: 'STAGING',
  test: 'TEST',
  development: 'DEV',
};
const badgeByKind = { prod: 'PROD', staging: 'STAGING', test: 'TEST', dev: 'DEV' } as const;

/** Short name of where a change lands, from what the server calls itself. */
export const badgeOf = (environment: string | undefined): string =>
  environment === undefined ? '?' : (badges[environment] ?? clean(environment).toUpperCase());

/** The first line on stderr of every change: ` DEV  local / evt_demo`. */
export const contextLine = (badge: string, context: string, event: string): string =>
  ` ${badge}  ${context} / ${event}`;

/** Checks what needs no server. @throws CliError (2, 6) */
export function checkMutationFlags(flags: MutationFlags, { context }: Connection): void {
  if (flags.reason !== undefined && flags.reason.trim().length < reasonCharsMin) {
    throw usageError(`--reason needs at least ${reasonCharsMin} characters`);
  }
  if (flags.idempotencyKey !== undefined && !/^[\x21-\x7e]{1,128}$/.test(flags.idempotencyKey)) {
    throw usageError('--idempotency-key has 1 to 128 printable characters without spaces');
  }
  if (context.readOnly && flags.dryRun !== true) {
    throw refused(`context "${context.name}" is read-only`, 'READ_ONLY');
  }
  if (context.requireReason && flags.reason === undefined && flags.dryRun !== true) {
    throw noConsent(`context "${context.name}" wants a --reason for every change`);
  }
}

/** The badge of the server, once it has answered. @throws CliError (6) when it is not what the context says */
export function checkEnvironment({ context, api }: Connection): string {
  const badge = badgeOf(api.environment);
  const expected = context.kind === undefined ? badge : badgeByKind[context.kind];
  if (badge === expected) return badge;
  throw refused(
    `context "${context.name}" says ${expected}, the server calls itself ${badge}`,
    'ENVIRONMENT_MISMATCH',
  );
}

/** Gets the consent that a change needs, or throws. @throws CliError (5) */
export async function consent(
  { runtime, flags: { input } }: Cli,
  { context }: Connection,
  { badge, weight, flags }: { badge: string; weight: Weight; flags: MutationFlags },
): Promise<void> {
  if (!context.isProtected && badge !== 'PROD') return;
  const canAsk = runtime.isInteractive && input;
  if (weight === 'felt' && flags.reason === undefined) {
    throw noConsent(`this change at ${badge} is felt by users and needs a --reason`);
  }
  if (flags.yes === true) return;
  if (!canAsk) throw noConsent(`a change at ${badge} needs --yes${weight === 'felt' ? ' and --reason' : ''}`);
  const answer = await runtime.ask(`Apply to ${badge}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw noConsent('not applied, as asked');
}

/** Key under which a change is sent, however often. */
export const changeKey = (flags: MutationFlags): string => flags.idempotencyKey ?? randomUUID();

/** A refusal of our own. */
export const refused = (message: string, code = 'GUARD_RAIL', hint?: string): CliError =>
  new CliError(message, {
    code,
    exitCode: exitCodes.refused,
    why: 'nothing was changed',
    ...(hint === undefined ? {} : { hint }),
  });

const noConsent = (message: string): CliError =>
  new CliError(message, { code: 'NO_CONSENT', exitCode: exitCodes.noConsent, why: 'nothing was changed' });

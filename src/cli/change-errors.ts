/** What can go wrong with a change, and the next command for it. */
import type { ChangeReply, Plan } from '../contract/actions.ts';
import type { QueueSnapshot } from '../contract/snapshot.ts';
import type { AdminApi } from './admin-api.ts';
import { exitOfCode, valuesBefore } from './api-errors.ts';
import type { MutationFlags } from './change-flags.ts';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { plain, rate } from './output/format.ts';

/** A refusal of our own. */
export const refused = (message: string, code = 'GUARD_RAIL', hint?: string): CliError =>
  new CliError(message, {
    code,
    exitCode: exitCodes.refused,
    why: 'nothing was changed',
    ...(hint === undefined ? {} : { hint }),
  });

/** True where guard rails stop the plan for every event of it. */
export const isRefused = ({ items }: Plan, { override }: MutationFlags): boolean =>
  items.length > 0 &&
  items.every(({ refusals }) => refusals.some(({ canOverride }) => !(canOverride && override === true)));

/** @throws CliError (6) with the first guard rail in the way, and how to pass it where that can be */
export function checkNotRefused(plan: Plan, flags: MutationFlags): void {
  if (!isRefused(plan, flags)) return;
  const all = plan.items.flatMap(({ refusals }) => refusals);
  const first = all.find(({ canOverride }) => !canOverride) ?? all[0];
  if (first === undefined) return;
  throw refused(first.text, first.code, first.canOverride ? 'add --override (role admin)' : undefined);
}

/** What an error needs to be explained. */
export interface Scene {
  readonly api: AdminApi;
  readonly plan: Plan;
  /** What makes a command go to the same place; '' = nothing. */
  readonly contextFlag: string;
}

/** @throws CliError (6) when `--if-version` is not the version that was planned on */
export async function checkVersion({ ifVersion }: MutationFlags, scene: Scene): Promise<void> {
  const [item] = scene.plan.items;
  if (ifVersion === undefined || item === undefined || item.revision === ifVersion) return;
  const sentence = `the version is ${item.revision}, not ${ifVersion}${valuesBefore(item.rows)}`;
  const conflict = refused(sentence, 'VERSION_CONFLICT');
  throw await explained(conflict, scene);
}

/** The same error with what an operator needs next: the values in force, or how to learn what happened. */
export async function explained(error: unknown, { api, plan, contextFlag }: Scene): Promise<unknown> {
  if (!(error instanceof CliError)) return error;
  const { details, message } = error;
  const event = plan.items.length === 1 ? plan.items[0]?.event : undefined;
  if (details.exitCode === exitCodes.unknownIfApplied) {
    const why = `it is not known whether the change was made: look for plan ${plan.hash.slice(0, 12)}`;
    return new CliError(message, {
      ...details,
      why,
      hint: `${details.hint ?? 'tacos audit list'}${contextFlag}`,
    });
  }
  if (details.code !== 'VERSION_CONFLICT' || !event) return error;
  const now = await api.snapshot(event).catch(() => undefined);
  if (now === undefined) return error;
  const hint = `tacos audit list --event ${event}${contextFlag}`;
  return new CliError(message, { ...details, why: `${valuesOf(now)}; nothing was changed`, hint });
}

/** `evt_x is at version 19 now: open, refill 80.0/s, capacity 500, window 500 (mina: refill 50->80, aud_7R0D)`. */
function valuesOf({ event, revision, phase, paused, bucket, changes }: QueueSnapshot): string {
  const [last] = changes;
  const by = last === undefined ? '' : ` (${last.actor}: ${last.summary}, ${last.auditId})`;
  const state = paused ? `${phase}, paused` : phase;
  return `${event} is at version ${revision} now: ${state}, refill ${rate(bucket.refillPerSec.now)}/s, capacity ${plain(bucket.capacity.now)}, window ${bucket.window}${by}`;
}

/** For one event: @throws CliError with what its result says. */
export function throwIfFailed({ results }: ChangeReply): void {
  const [only, second] = results;
  if (only?.error === undefined || second !== undefined) return;
  const { code, message } = only.error;
  throw new CliError(message, { code, exitCode: exitOfCode(code), why: 'nothing was changed' });
}

/** Exit code for several events: 0, or 6 where some were refused, or 1 where one failed otherwise. */
export function exitOfResults({ results }: ChangeReply): number {
  const codes = results.flatMap(({ error }) => (error === undefined ? [] : [exitOfCode(error.code)]));
  if (codes.length === 0) return exitCodes.done;
  return codes.every((code) => code === exitCodes.refused) ? exitCodes.refused : exitCodes.failed;
}

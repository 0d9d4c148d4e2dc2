/** A load test in the cluster under way: followed until it has ended, and deleted whatever became of it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, type LoadRun } from '../../../contract/loadtest.ts';
import type { AdminApi } from '../../admin-api.ts';
import { isForPeople } from '../../change-report.ts';
import type { Cli } from '../../cli.ts';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { clean } from '../../output/clean.ts';
import { timeOfDay } from '../../output/format.ts';
import { pause } from '../../runtime.ts';

type LoadRunReply = Awaited<ReturnType<AdminApi['loadRun']>>;

const lookMs = 2_000;
/** Beyond its own time: pods are placed, images pulled, couples wait in line. */
const graceSec = 900;
/** Looks that fail so long are no passing matter, ms. */
const lostMsMax = 60_000;
const tries = 3;
const againMs = 2_000;

/**
 * Looks until it has ended; undefined when we were told to stop.
 *
 * @throws CliError (7 not reached for a minute, 8 its time is over, 1 deleted by somebody)
 */
export async function follow(
  cli: Cli,
  api: Pick<AdminApi, 'loadRun'>,
  { name, durationSec }: { readonly name: string; readonly durationSec: number },
): Promise<LoadRunReply | undefined> {
  const { clock, stop, stderr } = cli.runtime;
  const isTold = isForPeople(cli.flags.output) && !cli.flags.quiet;
  const tell = (text: string): void => {
    if (isTold) stderr.write(`${timeOfDay(clock.now())} ${text}\n`);
  };
  const endMs = clock.monotonic() + (cli.flags.timeoutMs ?? (durationSec + graceSec) * 1000);
  let seenMs = clock.monotonic();
  let last = '';
  while (!stop.signal.aborted) {
    try {
      const reply = await api.loadRun(name);
      const { item } = reply;
      seenMs = clock.monotonic();
      const row = rowOf(item);
      if (row !== last) tell(row);
      last = row;
      if (item.stage === 'gone') throw deleted(name);
      if (hasEnded(item.stage)) return reply;
    } catch (error) {
      if (last !== '' && isNotFound(error)) throw deleted(name);
      const passes = error instanceof CliError && error.details.exitCode === exitCodes.unreachable;
      if (!passes || clock.monotonic() - seenMs > lostMsMax) throw error;
      tell(`STALE: ${error.message}; looking again`);
    }
    if (clock.monotonic() >= endMs) throw tooLong(name);
    await pause(lookMs, stop.signal);
  }
  return undefined;
}

/** How far it is, in one line. */
export function rowOf({ stage, pods, runners, problems }: LoadRun): string {
  const of = pods === null ? '' : `   ${pods.running} of ${runners} runners run, ${pods.ended} have ended`;
  const why = problems.length === 0 ? '' : `   ${problems.map(clean).join('; ')}`;
  return `${stage === '' ? 'the operator has not looked at it yet' : clean(stage)}${of}${why}`;
}

/** Deletes it, also when we were told to stop; says so where that cannot be done. */
export async function cleanUp(
  { runtime, flags }: Cli,
  api: Pick<AdminApi, 'act'>,
  { name, contextFlag }: { readonly name: string; readonly contextFlag: string },
): Promise<void> {
  const action = { type: 'loadtest.stop' as const, name };
  for (let tried = 1; ; tried += 1) {
    try {
      // A key of its own for each try: one that was half done is gone on with, not told again.
      const headers = { idempotencyKey: randomUUID() };
      await api.act({ events: [], action, reason: 'the command that started it has ended' }, headers);
      if (isForPeople(flags.output) && !flags.quiet) runtime.stderr.write(`${name} is removed\n`);
      return;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      if (isNotFound(error)) return;
      if (tried >= tries) {
        runtime.stderr.write(`warning: ${name} may still be there: ${error.message}\n`);
        runtime.stderr.write(`warning: remove it by: tacos loadtest stop ${name}${contextFlag}\n`);
        return;
      }
    }
    await sleep(againMs);
  }
}

const isNotFound = (error: unknown): boolean =>
  error instanceof CliError && error.details.exitCode === exitCodes.notFound;

const deleted = (name: string): CliError =>
  new CliError(`load test ${name} was deleted by somebody else`, {
    code: 'LOADTEST_GONE',
    exitCode: exitCodes.failed,
    hint: 'tacos audit list',
  });

const tooLong = (name: string): CliError =>
  new CliError(`load test ${name} has not ended in time`, {
    code: 'NOT_FINISHED',
    exitCode: exitCodes.notFinished,
    why: 'the time that it was given is over',
  });

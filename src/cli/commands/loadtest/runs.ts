/** `tacos loadtest runs`, `watch RUN` and `stop RUN`: load tests in the cluster, whoever started them. */
import { hasEnded, type LoadRun, loadRunNameSchema } from '../../../contract/loadtest.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { exitCodes, stopCodes } from '../../exit-codes.ts';
import { runAction } from '../../mutation.ts';
import { printResult, type Result } from '../../output/document.ts';
import { stopReason } from '../../runtime.ts';
import { follow, rowOf } from './cluster-run.ts';
import type { LoadtestFlags } from './loadtest.ts';

const verbs = ['runs', 'watch', 'stop'] as const;
type Verb = (typeof verbs)[number];

/** A test without an end of its own is watched so long, s. */
const watchSecMax = 7 * 86_400;

/** Whether a word is one of them, and no name of a scenario. */
export const isRunsVerb = (name: string): name is Verb => verbs.some((verb) => verb === name);

/** @throws CliError (2, 3, 4, 6, 7, 11) */
export async function ofRuns(
  cli: Cli,
  { verb, run }: { readonly verb: Verb; readonly run: string | undefined },
  flags: LoadtestFlags,
): Promise<number> {
  if (verb === 'runs') {
    if (run !== undefined) throw usageError('tacos loadtest runs lists them all', 'tacos loadtest watch RUN');
    const { api, context } = await cli.connect('read');
    const { items, asOf, warnings } = await api.loadRuns();
    const list = { kind: 'LoadRunList', context: context.name, asOf, items, warnings };
    await printResult(cli.runtime, { ...list, columns, name: ({ name }: LoadRun) => name }, cli.flags);
    return exitCodes.done;
  }
  if (run === undefined || !loadRunNameSchema.safeParse(run).success)
    throw usageError(`tacos loadtest ${verb} needs the name of a run`, 'tacos loadtest runs');
  if (verb === 'stop') {
    const { reason, dryRun, yes } = flags;
    const given = {
      ...(reason === undefined ? {} : { reason }),
      ...(dryRun === undefined ? {} : { dryRun }),
      ...(yes === undefined ? {} : { yes }),
    };
    return runAction(cli, { events: [], flags: given, action: { type: 'loadtest.stop', name: run } });
  }
  return watch(cli, run);
}

/** @throws CliError as `follow` */
async function watch(cli: Cli, name: string): Promise<number> {
  const { api, context } = await cli.connect('read');
  const last = await follow(cli, api, { name, durationSec: watchSecMax });
  if (last === undefined) return stopCodes[stopReason(cli.runtime.stop)];
  const result = { kind: 'LoadRun', context: context.name, asOf: last.asOf, single: true };
  await printResult(
    cli.runtime,
    {
      ...result,
      items: [last.item],
      warnings: last.warnings,
      columns,
      name: ({ name: own }: LoadRun) => own,
    },
    cli.flags,
  );
  return last.item.stage === 'error' ? exitCodes.failed : exitCodes.done;
}

const columns: Result<LoadRun>['columns'] = [
  { head: 'NAME', value: ({ name }) => name },
  { head: 'TEST', value: ({ scenario }) => scenario },
  { head: 'EVENT', value: ({ event }) => event },
  { head: 'STAGE', value: (run) => (hasEnded(run.stage) ? run.stage : rowOf(run)) },
  { head: 'STARTED', value: ({ startedAt }) => startedAt },
  { head: 'BY', value: ({ actor }) => actor },
];

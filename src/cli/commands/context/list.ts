import type { Cli } from '../../cli.ts';
import { type Config, problemOfCurrent, readConfig } from '../../config-file.ts';
import { unknownContext } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { printResult } from '../../output/document.ts';
import type { Column } from '../../output/table.ts';
import { configFile } from '../../paths.ts';
import type { ContextView } from '../../schema-kinds.ts';
import { contextViews } from './views.ts';

const yes = (value: boolean): string | undefined => (value ? 'yes' : undefined);

const columns: readonly Column<ContextView>[] = [
  { head: 'NOW', value: ({ current }) => (current ? '*' : undefined) },
  { head: 'CONTEXT', value: ({ context }) => context },
  { head: 'KIND', value: ({ kind }) => kind },
  { head: 'PROTECTED', value: (item) => yes(item.protected) },
  { head: 'SERVER', value: ({ server }) => server },
  { head: 'READ_ONLY', value: ({ readOnly }) => yes(readOnly), wide: true },
  { head: 'REASON', value: ({ requireReason }) => yes(requireReason), wide: true },
  { head: 'SIGNED_IN', value: ({ signedIn }) => yes(signedIn), wide: true },
  { head: 'PROXY', value: ({ proxy }) => proxy, wide: true },
];

/** `tacos context list`. */
export async function contextList(cli: Cli): Promise<void> {
  const { runtime, flags } = cli;
  const config = await readConfig(runtime);
  const items = contextViews(runtime, config, flags.context);
  await print(cli, config, { kind: 'ContextList', items });
}

/** `tacos context show [NAME]`. @throws CliError (3) */
export async function contextShow(cli: Cli, name: string | undefined): Promise<void> {
  const { runtime, flags } = cli;
  const config = await readConfig(runtime);
  const wanted = name ?? flags.context;
  const views = contextViews(runtime, config, flags.context);
  const item = views.find(({ context, current }) => (wanted === undefined ? current : context === wanted));
  if (item === undefined) throw wanted === undefined ? noContext() : unknownContext(wanted, config);
  await print(cli, config, { kind: 'Context', items: [item], single: true });
}

async function print(
  { runtime, flags }: Cli,
  config: Config,
  shown: { kind: string; items: readonly ContextView[]; single?: boolean },
): Promise<void> {
  const asOf = new Date(runtime.clock.now()).toISOString();
  const context = shown.items.find(({ current }) => current)?.context ?? '';
  const problem = problemOfCurrent(configFile(runtime), config);
  const warnings = problem === undefined ? [] : [problem.message];
  const result = { ...shown, asOf, context, warnings, columns };
  await printResult(runtime, { ...result, name: (item) => item.context }, flags);
}

const noContext = (): CliError =>
  new CliError('there is no context, and no tacos up runs here', {
    code: 'CONTEXT_NOT_FOUND',
    exitCode: exitCodes.notFound,
    hint: 'tacos context set NAME --server URL',
  });

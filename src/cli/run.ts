/** One command line from arguments to exit code. Every error becomes text here and nowhere else. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { CliError, usageError } from './errors.ts';
import { exitCodes, stopCodes } from './exit-codes.ts';
import { globalFlags } from './flags.ts';
import { clean } from './output/clean.ts';
import { exitCodeOf, renderError } from './output/error-text.ts';
import { isForPrograms } from './output/formats.ts';
import { configFile, stateFolder } from './paths.ts';
import { buildProgram, type Invocation } from './program.ts';
import { type Runtime, stopReason } from './runtime.ts';
import type { Sources } from './settings.ts';
import { allOf, pathOf } from './tree.ts';
import { commandFirst } from './words.ts';

/** Longest that the end of a command waits for a notice that is due, ms. */
const noticeMs = 300;

/** Runs a command line. Never throws. */
export async function run(argv: readonly string[], runtime: Runtime): Promise<number> {
  let invocation: Invocation | undefined;
  const notices: Promise<string | undefined>[] = [];
  const program = buildProgram(runtime.version, (asked) => {
    invocation = asked;
  });
  for (const command of allOf(program)) {
    command.configureOutput({ writeOut: (text) => runtime.stdout.write(text), outputError: () => {} });
  }
  let isJson = asksForJson(argv);
  let where = '';
  try {
    const sorted = commandFirst(program, argv);
    try {
      await program.parseAsync([...sorted.argv], { from: 'user' });
    } catch (error) {
      where = pathOf(sorted.command);
      return endOfParsing(error, () => runtime.stderr.write(sorted.command.helpInformation()));
    }
    if (invocation === undefined) return exitCodes.usage;
    where = invocation.command;
    const flags = globalFlags(invocation.flags, await sourcesOf(runtime));
    isJson = isForPrograms(flags.output);
    const [act, { createCli }] = await Promise.all([invocation.load(), import('./cli.ts')]);
    const cli = createCli(runtime, flags, (notice) => notices.push(notice));
    const result = await act(cli, invocation.args, invocation.flags);
    for (const notice of notices) await showNotice(runtime, notice);
    return typeof result === 'number' ? result : exitCodes.done;
  } catch (error) {
    if (runtime.stop.signal.aborted) return stopCodes[stopReason(runtime.stop)];
    const verbose = invocation?.flags.verbose >= 2;
    const crashFile = error instanceof CliError ? undefined : writeCrash(runtime, argv, error);
    runtime.stderr.write(
      renderError(error, { command: where, json: isJson, ...(crashFile === undefined ? {} : { crashFile }) }),
    );
    if (verbose && error instanceof Error && !isJson) runtime.stderr.write(`${error.stack}\n`);
    return exitCodeOf(error);
  }
}

/** Where settings come from. A broken file is said by the commands that need it: help and up do not. */
async function sourcesOf(runtime: Runtime): Promise<Omit<Sources, 'flags'>> {
  const file = configFile(runtime);
  const { env, platform } = runtime;
  if (!existsSync(file)) return { env, platform, config: {}, file };
  const { readConfig } = await import('./config-file.ts');
  const config = await readConfig(runtime).catch(() => ({}));
  return { env, platform, config, file };
}

async function showNotice({ stderr }: Runtime, notice: Promise<string | undefined>): Promise<void> {
  const tooLate = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), noticeMs).unref();
  });
  const line = await Promise.race([notice, tooLate]);
  if (line !== undefined) stderr.write(`${clean(line)}\n`);
}

/** What commander ends with: help and version are results, everything else is a usage error. */
function endOfParsing(error: unknown, showGroupHelp: () => void): number {
  if (!(error instanceof CommanderError)) throw error;
  switch (error.code) {
    case 'commander.helpDisplayed':
    case 'commander.version':
      return exitCodes.done;
    case 'commander.help':
      // On stderr, as nothing was asked of the group.
      showGroupHelp();
      return exitCodes.usage;
    default:
      throw usageError(...sentenceOf(error.message));
  }
}

/** Commander's message as ours; its guess becomes the hint, and is never run. */
function sentenceOf(message: string): [string, string?] {
  const [sentence = '', guess] = message.replace(/^error: /, '').split('\n');
  return guess === undefined ? [sentence] : [`${sentence} ${guess}`];
}

/** Whether errors are to be JSON, found without parsing: the command line may be what is wrong. */
function asksForJson(argv: readonly string[]): boolean {
  return argv.some((word, at) => {
    const value =
      /^(?:--output=|-o)(.+)$/.exec(word)?.[1] ?? (/^(-o|--output)$/.test(word) ? argv[at + 1] : '');
    return value === 'json' || value === 'jsonl';
  });
}

function writeCrash(runtime: Runtime, argv: readonly string[], error: unknown): string | undefined {
  const folder = join(stateFolder(runtime), 'crashes');
  const file = join(folder, `${new Date(runtime.clock.now()).toISOString().replaceAll(':', '-')}.txt`);
  const text = error instanceof Error ? error.stack : String(error);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, `tacos ${runtime.version}\n${argv.join(' ')}\n${text}\n`, { mode: 0o600 });
    return file;
  } catch {
    return undefined;
  }
}

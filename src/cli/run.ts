/** One command line from arguments to exit code. Every error becomes text here and nowhere else. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { createCli } from './cli.ts';
import { CliError, usageError } from './errors.ts';
import { exitCodes, stopCodes } from './exit-codes.ts';
import { globalFlags } from './flags.ts';
import { isForPrograms } from './output/document.ts';
import { exitCodeOf, renderError } from './output/error-text.ts';
import { stateFolder } from './paths.ts';
import { allOf, buildProgram, type Invocation, pathOf } from './program.ts';
import { type Runtime, stopReason } from './runtime.ts';

/** Runs a command line. Never throws. */
export async function run(argv: readonly string[], runtime: Runtime): Promise<number> {
  let invocation: Invocation | undefined;
  const program = buildProgram(runtime.version, (asked) => {
    invocation = asked;
  });
  for (const command of allOf(program)) {
    command.configureOutput({ writeOut: (text) => runtime.stdout.write(text), outputError: () => {} });
  }
  let isJson = asksForJson(argv);
  let where = '';
  try {
    try {
      await program.parseAsync(argv, { from: 'user' });
    } catch (error) {
      where = nearest(program, argv);
      return endOfParsing(error, () => groupHelp(program, argv, runtime));
    }
    if (invocation === undefined) return exitCodes.usage;
    where = invocation.command;
    const flags = globalFlags(invocation.flags);
    isJson = isForPrograms(flags.output);
    const act = await invocation.load();
    const result = await act(createCli(runtime, flags), invocation.args, invocation.flags);
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

/** What commander ends with: help and version are results, everything else is a usage error. */
function endOfParsing(error: unknown, showGroupHelp: () => void): number {
  if (!(error instanceof CommanderError)) throw error;
  switch (error.code) {
    case 'commander.helpDisplayed':
    case 'commander.version':
      return exitCodes.done;
    case 'commander.help':
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

/** A bare group prints its help on stderr, as nothing was asked of it. */
function groupHelp(
  program: ReturnType<typeof buildProgram>,
  argv: readonly string[],
  { stderr }: Runtime,
): void {
  const path = nearest(program, argv);
  const command = allOf(program).find((each) => pathOf(each) === path) ?? program;
  stderr.write(command.helpInformation());
}

/** The command that the words of the line lead to, as far as they do. */
function nearest(program: ReturnType<typeof buildProgram>, argv: readonly string[]): string {
  let at = program;
  for (const word of argv) at = at.commands.find((each) => each.name() === word) ?? at;
  return pathOf(at);
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

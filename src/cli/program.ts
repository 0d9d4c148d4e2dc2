/** The list of commands. Only their outline is loaded here; what a command does is imported when it runs. */
import { Command, type Help, Option, type OptionValues } from 'commander';
import type { Action, Register } from './command.ts';
import { auditCommands } from './commands/audit/index.ts';
import { authCommands } from './commands/auth/index.ts';
import { bucketCommands } from './commands/bucket/index.ts';
import { budgetCommands } from './commands/budget/index.ts';
import { capacityCommands } from './commands/capacity/index.ts';
import { completionCommands } from './commands/completion/index.ts';
import { configCommands } from './commands/config/index.ts';
import { contextCommands } from './commands/context/index.ts';
import { doctorCommands } from './commands/doctor/index.ts';
import { eventCommands } from './commands/event/index.ts';
import { helpCommands } from './commands/help/index.ts';
import { hpaCommands } from './commands/hpa/index.ts';
import { loadtestCommands } from './commands/loadtest/index.ts';
import { processCommands } from './commands/process/index.ts';
import { queueCommands } from './commands/queue/index.ts';
import { saleCommands } from './commands/sale/index.ts';
import { schemaCommands } from './commands/schema/index.ts';
import { simulateCommands } from './commands/simulate/index.ts';
import { undoCommands } from './commands/undo/index.ts';
import { helpText, helpWidth, listedCommands } from './help-text.ts';
import { allOf, pathOf } from './tree.ts';

export { allOf, pathOf };

/** A command line, parsed: what to run and with what. */
export interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  readonly flags: OptionValues;
  readonly load: () => Promise<Action>;
}

/** The commands by noun, in the order in which help lists them. */
const nouns = [
  queueCommands,
  eventCommands,
  bucketCommands,
  budgetCommands,
  hpaCommands,
  undoCommands,
  auditCommands,
  simulateCommands,
  saleCommands,
  capacityCommands,
  loadtestCommands,
  doctorCommands,
  processCommands,
  contextCommands,
  authCommands,
  configCommands,
  schemaCommands,
  completionCommands,
  helpCommands,
];

/** The command tree, with what help and the reference pages show of each command first. */
export interface Tree {
  readonly program: Command;
  /** Commands that can be run as they stand; of a group, the first of each of its commands. */
  examplesOf(command: Command): readonly string[];
}

/** Builds the command tree; `onInvoke` is told what was asked for. */
export const buildProgram = (version: string, onInvoke: (invocation: Invocation) => void): Command =>
  buildTree(version, onInvoke).program;

/** Builds the command tree, with its examples. */
export function buildTree(version: string, onInvoke: (invocation: Invocation) => void): Tree {
  const program = new Command('tacos')
    .description('Operate waiting rooms.')
    .version(`tacos ${version}`, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false);
  globalOptions(program);
  const examplesOf = new WeakMap<Command, readonly string[]>();
  const add: Register = (parent, name, { summary, examples, group, load }) => {
    const command = parent.command(name).description(summary).helpOption('-h, --help', 'show help');
    if (group !== undefined) command.helpGroup(group);
    examplesOf.set(command, examples);
    command.action(() =>
      onInvoke({ command: pathOf(command), args: command.args, flags: command.optsWithGlobals(), load }),
    );
    return command;
  };
  for (const addNoun of nouns) addNoun(program, add);
  examplesOf.set(program, [
    'tacos up',
    'tacos queue watch evt_demo',
    'tacos bucket set evt_demo --refill 50',
  ]);
  for (const command of allOf(program)) {
    command.helpCommand(false).configureHelp({
      // A group says what there is; the flags of all commands are told by each of them.
      showGlobalOptions: command.commands.length === 0 || command === program,
      helpWidth,
      visibleCommands(shown) {
        return listedCommands(shown, this as Help);
      },
      formatHelp: (shown, helper) => helpText(shown, helper, examplesFor(shown, examplesOf)),
    });
    command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
  }
  return { program, examplesOf: (command) => examplesFor(command, examplesOf) };
}

/** A group without examples of its own shows the first of each of its commands, four at most. */
function examplesFor(command: Command, known: WeakMap<Command, readonly string[]>): readonly string[] {
  const own = known.get(command);
  if (own !== undefined) return own;
  return command.commands.flatMap((each) => known.get(each)?.slice(0, 1) ?? []).slice(0, 4);
}

function globalOptions(program: Command): void {
  program
    .option('-c, --context <N>', 'which tacos to talk to; local = the tacos up of this machine')
    .option('-o, --output <FMT>', 'table, wide, name, json, yaml, jsonl', 'table')
    .option('--fields <PATHS>', 'only these: event,bucket.tokens')
    .option('--no-headers', 'tables without their header')
    .option('--sort <KEY>', 'sort a list by a field; -KEY = descending')
    .option('-q, --quiet', 'no plans, no warnings about contexts')
    .option('-v, --verbose', 'show requests; twice: stack traces', (_value, count: number) => count + 1, 0)
    .addOption(new Option('--color <WHEN>', 'auto, always, never'))
    .option('--no-color', 'as --color never')
    .option('--ascii', 'no block characters')
    .option('--accessible', 'words instead of pictures, for screen readers')
    .option('--no-input', 'never ask')
    .option('--timeout <D>', 'longest wait for an answer; of watch: for all')
    .option('--token-file <F>', 'file with the token, - = standard input');
}

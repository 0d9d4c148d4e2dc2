/** The list of commands. Only their outline is loaded here; what a command does is imported when it runs. */
import { Command, Help, Option, type OptionValues } from 'commander';
import type { Action, Register } from './command.ts';
import { bucketCommands } from './commands/bucket/index.ts';
import { eventCommands } from './commands/event/index.ts';
import { processCommands } from './commands/process/index.ts';
import { queueCommands } from './commands/queue/index.ts';

/** A command line, parsed: what to run and with what. */
export interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  readonly flags: OptionValues;
  readonly load: () => Promise<Action>;
}

/** Builds the command tree; `onInvoke` is told what was asked for. */
export function buildProgram(version: string, onInvoke: (invocation: Invocation) => void): Command {
  const program = new Command('tacos')
    .description('Operate waiting rooms.')
    .version(`tacos ${version}`, '-V, --version');
  globalOptions(program);
  const add: Register = (parent, name, { summary, examples, group, load }) => {
    const command = parent.command(name).description(summary);
    if (group !== undefined) command.helpGroup(group);
    examplesOf.set(command, examples);
    command.action(() =>
      onInvoke({ command: pathOf(command), args: command.args, flags: command.optsWithGlobals(), load }),
    );
    return command;
  };
  const examplesOf = new WeakMap<Command, readonly string[]>();
  queueCommands(program, add);
  eventCommands(program, add);
  bucketCommands(program, add);
  processCommands(program, add);
  examplesOf.set(program, [
    'tacos up',
    'tacos queue watch evt_demo',
    'tacos bucket set evt_demo --refill 50',
  ]);
  for (const command of allOf(program)) {
    command.configureHelp({
      showGlobalOptions: true,
      helpWidth: 80,
      formatHelp: (shown, helper) =>
        withExamples(Help.prototype.formatHelp.call(helper, shown, helper), examplesOf.get(shown)),
    });
    command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
  }
  return program;
}

/** Words of a command without `tacos`: `bucket set`. */
export function pathOf(command: Command): string {
  const parent = command.parent;
  if (parent === null) return '';
  return `${pathOf(parent)} ${command.name()}`.trim();
}

/** A command with all below it. */
export function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

function globalOptions(program: Command): void {
  program
    .option('-c, --context <N>', 'which tacos to talk to; local = the tacos up of this machine')
    .option('-o, --output <FMT>', 'table, wide, name, json, yaml, jsonl', 'table')
    .option('--fields <PATHS>', 'only these: event,bucket.tokens')
    .option('--no-headers', 'tables without their header')
    .option('-q, --quiet', 'no plans')
    .option('-v, --verbose', 'show requests; twice: stack traces', (_value, count: number) => count + 1, 0)
    .addOption(new Option('--color <WHEN>', 'auto, always, never').default('auto'))
    .option('--no-color', 'as --color never')
    .option('--ascii', 'no block characters')
    .option('--no-input', 'never ask')
    .option('--timeout <D>', 'longest wait for an answer; of watch: for all')
    .option('--token-file <F>', 'file with the token, - = standard input');
}

function withExamples(help: string, examples: readonly string[] | undefined): string {
  if (examples === undefined) return help;
  const end = help.indexOf('\n\n');
  const text = ['', '', 'Examples:', ...examples.map((example) => `  ${example}`)].join('\n');
  return help.slice(0, end) + text + help.slice(end);
}

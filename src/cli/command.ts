/** What a command says about itself before it is loaded. */
import type { Command, OptionValues } from 'commander';
import type { Cli } from './cli.ts';
import { numberFlag } from './flags.ts';

/** What a command does: its result is the exit code, or anything else for 0. */
export type Action = (cli: Cli, args: readonly string[], flags: OptionValues) => Promise<unknown>;

/** A command's outline. */
export interface Outline {
  readonly summary: string;
  /** Two to four commands that can be run as they stand; the first thing that help shows. */
  readonly examples: readonly string[];
  readonly group?: string;
  readonly load: () => Promise<Action>;
}

/** Adds a command below a parent and returns it for its options. */
export type Register = (parent: Command, name: string, outline: Outline) => Command;

/** The options of every change. */
export function mutationOptions(command: Command): Command {
  command.optionsGroup('Change options:');
  return command
    .option('--reason <TEXT>', 'why, at least 8 characters; kept in the audit trail')
    .option('--ticket <ID>', 'ticket that it belongs to; kept too')
    .option('--dry-run', 'show the plan, change nothing')
    .option('-y, --yes', 'consent, where a protected context asks for it')
    .option('--confirm <EVT>', 'consent to what cannot be fully undone: the event id, or hpa/NAME')
    .option(
      '--if-version <N>',
      'only if the settings are still at this version',
      numberFlag({ min: 0, max: 1e15, whole: true }),
    )
    .option('--wait', 'until it has had its effect, or --timeout is over')
    .option('--idempotency-key <K>', 'the same key again changes nothing more');
}

/** Beside them, for changes that a guard rail may refuse. */
export const overrideOption = (command: Command): Command =>
  command.option('--override', 'past a guard rail; role admin');

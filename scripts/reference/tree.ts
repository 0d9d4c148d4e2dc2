/** The command tree as the reference pages see it: plain data. */
import type { Command, Option } from 'commander';
import { isInternal } from '../../src/cli/help-text.ts';
import { buildTree } from '../../src/cli/program.ts';
import { allOf, pathOf } from '../../src/cli/tree.ts';

/** One flag. */
export interface FlagText {
  readonly flags: string;
  readonly text: string;
  readonly group: string;
}

/** One command or group. */
export interface CommandText {
  /** Words without `tacos`; '' = tacos itself. */
  readonly path: string;
  readonly usage: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly flags: readonly FlagText[];
  /** Commands below it, each by its path. */
  readonly below: readonly string[];
}

/** All commands in the order of the tree. What only scripts of the shell call is left out. */
export function commandTexts(): CommandText[] {
  const { program, examplesOf } = buildTree('', () => {});
  return allOf(program)
    .filter((command) => !isInternal(pathOf(command)))
    .map((command) => ({
      path: pathOf(command),
      usage: usageOf(command),
      summary: command.description(),
      examples: examplesOf(command),
      flags: command.options.filter(({ hidden }) => !hidden).map(flagOf),
      below: command.commands.map(pathOf).filter((path) => !isInternal(path)),
    }));
}

/** Without the words `[options] [command]`, which say nothing. */
const usageOf = (command: Command): string =>
  ['tacos', pathOf(command), ...command.registeredArguments.map((each) => nameOf(each))]
    .filter((word) => word !== '')
    .join(' ');

function nameOf(argument: Command['registeredArguments'][number]): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? name : `[${name}]`;
}

function flagOf({ flags, description, defaultValue, helpGroupHeading }: Option): FlagText {
  const isShown = defaultValue !== undefined && typeof defaultValue !== 'boolean' && defaultValue !== 0;
  const text = isShown ? `${description} (default ${String(defaultValue)})` : description;
  return { flags, text, group: (helpGroupHeading ?? 'Options:').replace(/:$/, '') };
}

/** Help as people read it: usage, examples, what it is for, flags by group, related commands. */
import { type Command, Help } from 'commander';

/** Columns of help; examples alone may be longer, as they are to be copied. */
export const helpWidth = 80;

/** Commands that only scripts call: not listed anywhere. */
export const isInternal = (name: string): boolean => name === 'complete';

/** The commands that help lists. */
export const listedCommands = (command: Command, helper: Help): Command[] =>
  Help.prototype.visibleCommands.call(helper, command).filter((each) => !isInternal(each.name()));

/** Related commands that are listed at most. */
const relatedMax = 6;

/** The help of a command. */
export function helpText(command: Command, helper: Help, examples: readonly string[]): string {
  const help = Help.prototype.formatHelp.call(helper, command, helper);
  const end = help.indexOf('\n\n');
  const shown = examples.length === 0 ? '' : section('Examples:', examples);
  const related = relatedTo(command);
  const last = related.length === 0 ? '' : `${section('Related:', related).trimStart()}\n`;
  return `${help.slice(0, end)}${shown}${help.slice(end).trimEnd()}\n${last === '' ? '' : `\n${last}`}`;
}

const section = (title: string, lines: readonly string[]): string =>
  ['', '', title, ...lines.map((line) => `  ${line}`)].join('\n');

/** Commands of the same group, then the help topic that belongs to it. */
function relatedTo(command: Command): string[] {
  const { parent } = command;
  if (parent === null) return ['tacos help TOPIC'];
  const isRoot = parent.parent === null;
  const siblings = isRoot ? [] : parent.commands.filter((each) => each !== command);
  const lines = siblings.map((each) => `tacos ${parent.name()} ${each.name()}`).slice(0, relatedMax);
  return [...lines, ...topicOf(command).map((topic) => `tacos help ${topic}`)];
}

function topicOf(command: Command): string[] {
  const has = (flag: string): boolean => command.options.some(({ long }) => long === flag);
  if (has('--reason')) return ['guard-rails'];
  if (has('--tui')) return ['keys'];
  const noun = command.parent?.parent === null ? command.name() : (command.parent?.name() ?? '');
  if (/^(context|auth|config)$/.test(noun)) return ['contexts'];
  return command.commands.length > 0 ? [] : ['formatting'];
}

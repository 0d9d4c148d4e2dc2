/** Walking the command tree. */
import type { Command } from 'commander';

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

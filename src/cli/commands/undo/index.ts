/** `tacos undo` as the command line knows it. */
import type { Command } from 'commander';
import { mutationOptions, overrideOption, type Register } from '../../command.ts';

/** Adds the command. */
export function undoCommands(program: Command, add: Register): void {
  const command = add(program, 'undo [AUD_ID]', {
    summary: 'take a change back: settings for 15 minutes, ended places for 10',
    examples: ['tacos undo', 'tacos undo aud_7R0D --reason "wrong event"', 'tacos undo aud_7R0D --dry-run'],
    group: 'Queues:',
    load: async () => (await import('./undo.ts')).undo,
  });
  overrideOption(mutationOptions(command));
}

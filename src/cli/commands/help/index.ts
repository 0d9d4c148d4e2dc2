/** `tacos help` as the command line knows it. */
import type { Command } from 'commander';
import type { Register } from '../../command.ts';

/** Adds the command. */
export function helpCommands(program: Command, add: Register): void {
  add(program, 'help [TOPIC...]', {
    summary: 'a topic, or a command; without one, all of them',
    examples: ['tacos help', 'tacos help exit-codes', 'tacos help bucket set'],
    group: 'Help:',
    load: async () => {
      const { help } = await import('./help.ts');
      return async (cli, words) => help(cli, program, words);
    },
  });
}

/** `tacos budget …` as the command line knows it. */
import type { Command } from 'commander';
import { mutationOptions, overrideOption, type Register } from '../../command.ts';

/** Adds the group. */
export function budgetCommands(program: Command, add: Register): void {
  const budget = program
    .command('budget')
    .description('what all events together may use of the backends')
    .helpGroup('Queues:');
  add(budget, 'get', {
    summary: 'admissions per second that may be used, and are',
    examples: ['tacos budget get', 'tacos budget get -o wide'],
    load: async () => (await import('./budget.ts')).budgetGet,
  });
  const set = add(budget, 'set [N]', {
    summary: 'set it, in admissions per second',
    examples: ['tacos budget set 120 --reason "two more backends"', 'tacos budget set --none --dry-run'],
    load: async () => (await import('./budget.ts')).budgetSet,
  });
  overrideOption(mutationOptions(set.option('--none', 'no budget: only the limit of each event counts')));
}

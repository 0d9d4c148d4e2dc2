/** `tacos sale …` as the command line knows it. */
import type { Command } from 'commander';
import { mutationOptions, overrideOption, type Register } from '../../command.ts';

/** Adds the commands. */
export function saleCommands(program: Command, add: Register): void {
  const sale = program.command('sale').description('a whole sale as one file, run by the server');
  sale.helpGroup('Looking ahead:');
  add(sale, 'plan <FILE>', {
    summary: 'what the file would do, and how long people would wait; changes nothing',
    examples: ['tacos sale plan summer.yaml', 'tacos sale plan summer.yaml -o json'],
    load: async () => (await import('./plan.ts')).salePlan,
  });
  const check = add(sale, 'check <FILE>', {
    summary: 'the list before a sale, each line pass or fail with what mends it',
    examples: [
      'tacos sale check summer.yaml --loadtest report.json',
      'tacos sale check summer.yaml --visitor-token-file jwt.txt -o json',
    ],
    load: async () => (await import('./check.ts')).saleCheck,
  });
  check
    .option('--loadtest <FILE>', 'JSON report of the last load test')
    .option('--visitor-token-file <F>', 'JWT that the synthetic visitor enters with');
  const apply = add(sale, 'apply <FILE>', {
    summary: 'hand the file to the server, which runs its steps on time',
    examples: [
      'tacos sale apply summer.yaml --reason "on sale tonight"',
      'tacos sale apply summer.yaml --dry-run',
    ],
    load: async () => (await import('./apply.ts')).saleApply,
  });
  overrideOption(mutationOptions(apply));
  add(sale, 'status <EVT>', {
    summary: 'the steps of a sale and what became of each',
    examples: ['tacos sale status evt_demo', 'tacos sale status evt_demo -o json'],
    load: async () => (await import('./status.ts')).saleStatus,
  });
  add(sale, 'report <EVT>', {
    summary: 'what became of a sale: people, waits, steps, every change; Markdown or JSON',
    examples: ['tacos sale report evt_demo > report.md', 'tacos sale report evt_demo -o json'],
    load: async () => (await import('./report.ts')).saleReport,
  });
  const rollback = add(sale, 'rollback <EVT>', {
    summary: 'no further step, and the values before the sale',
    examples: ['tacos sale rollback evt_demo --reason "venue has called it off"'],
    load: async () => (await import('./apply.ts')).saleRollback,
  });
  overrideOption(mutationOptions(rollback));
}

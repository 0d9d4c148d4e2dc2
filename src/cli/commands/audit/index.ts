/** `tacos audit …` as the command line knows it. */
import type { Command } from 'commander';
import type { Register } from '../../command.ts';
import { numberFlag } from '../../flags.ts';

/** Adds the group. */
export function auditCommands(program: Command, add: Register): void {
  const audit = program.command('audit').description('who changed what, when and why').helpGroup('Queues:');
  const list = add(audit, 'list', {
    summary: 'changes, newest first',
    examples: [
      'tacos audit list',
      'tacos audit list --event evt_demo --since 2h -o wide',
      'tacos audit list -o jsonl --limit 500 | jq -r .actor',
    ],
    load: async () => (await import('./list.ts')).auditList,
  });
  list
    .option('--event <EVT>', 'of one event only')
    .option('--limit <N>', 'entries, 20 by default', numberFlag({ min: 1, max: 10_000, whole: true }))
    .option('--since <T>', 'not older: 2h, or a time with its offset');

  add(audit, 'show <AUD_ID>', {
    summary: 'one change in full, with what came of it',
    examples: ['tacos audit show aud_7R0D', 'tacos audit show aud_7R0D -o yaml'],
    load: async () => (await import('./show.ts')).auditShow,
  });
}

/** `tacos bucket …` as the command line knows it. */
import type { Command } from 'commander';
import { mutationOptions, type Register } from '../../command.ts';
import { anyNumber } from '../../flags.ts';

/** Adds the group. */
export function bucketCommands(program: Command, add: Register): void {
  const bucket = program
    .command('bucket')
    .description('how fast people are let through')
    .helpGroup('Queues:');

  add(bucket, 'get <EVT>', {
    summary: 'tokens, capacity and refill in force',
    examples: ['tacos bucket get evt_demo', 'tacos bucket get evt_demo -o wide'],
    load: async () => {
      const { bucketGet } = await import('./get.ts');
      return (cli, [event = '']) => bucketGet(cli, event);
    },
  });

  const set = add(bucket, 'set <EVT>', {
    summary: 'change capacity and refill, in force on every gateway within a second',
    examples: [
      'tacos bucket set evt_demo --refill 50 --reason "backends scaled"',
      'tacos bucket set evt_demo --refill 200 --ramp 2m --for 15m',
      'tacos bucket set evt_demo --capacity 400 --dry-run',
    ],
    load: async () => {
      const { bucketSet } = await import('./set.ts');
      return (cli, [event = ''], flags) => bucketSet(cli, event, flags);
    },
  });
  set
    .option('--capacity <N>', 'tokens that the bucket holds', anyNumber)
    .option('--refill <R>', 'admissions per second', anyNumber)
    .option('--ramp <D>', 'get there in a straight line over this time')
    .option('--for <D>', 'the old values come back after this time');
  mutationOptions(set);
}

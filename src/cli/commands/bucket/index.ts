/** `tacos bucket …` as the command line knows it. */
import type { Command } from 'commander';
import { mutationOptions, overrideOption, type Register } from '../../command.ts';
import { anyNumber, numberFlag, rateFlag } from '../../flags.ts';

/** Adds the group. */
export function bucketCommands(program: Command, add: Register): void {
  const bucket = program
    .command('bucket')
    .description('how fast people are let through')
    .helpGroup('Queues:');
  reads(bucket, add);
  set(bucket, add);
  back(bucket, add);
}

function reads(bucket: Command, add: Register): void {
  add(bucket, 'get <EVT>', {
    summary: 'tokens, capacity and refill in force',
    examples: ['tacos bucket get evt_demo', 'tacos bucket get evt_demo -o wide'],
    load: async () => (await import('./get.ts')).bucketGet,
  });
  add(bucket, 'history <EVT>', {
    summary: 'the versions of its values, newest first',
    examples: ['tacos bucket history evt_demo', 'tacos bucket history evt_demo -o wide'],
    load: async () => (await import('./history.ts')).bucketHistory,
  });
}

function set(bucket: Command, add: Register): void {
  const command = add(bucket, 'set <EVT>', {
    summary: 'change capacity and refill, in force on every gateway within a second',
    examples: [
      'tacos bucket set evt_demo --refill 50 --reason "backends scaled"',
      'tacos bucket set evt_demo --refill 200 --ramp 2m --for 15m',
      'tacos bucket set evt_demo --capacity 400 --dry-run',
    ],
    load: async () => (await import('./set.ts')).bucketSet,
  });
  command
    .option('--capacity <N>', 'tokens that the bucket holds', anyNumber)
    .option('--refill <R>', 'admissions per second', rateFlag(anyNumber))
    .option('--ramp <D>', 'get there in a straight line over this time')
    .option('--for <D>', 'the old values come back after this time');
  overrideOption(mutationOptions(command));
}

function back(bucket: Command, add: Register): void {
  const reset = add(bucket, 'reset <EVT>', {
    summary: 'back to the values that the event was made with',
    examples: ['tacos bucket reset evt_demo', 'tacos bucket reset evt_demo --dry-run'],
    load: async () => (await import('./back.ts')).bucketReset,
  });
  overrideOption(mutationOptions(reset));

  const restore = add(bucket, 'restore <EVT>', {
    summary: 'back to the values of an earlier version',
    examples: [
      'tacos bucket restore evt_demo --to 17 --reason "step was too large"',
      'tacos bucket restore evt_demo --to 17 --dry-run',
    ],
    load: async () => (await import('./back.ts')).bucketRestore,
  });
  restore.option(
    '--to <VERSION>',
    'version, as bucket history shows it',
    numberFlag({ min: 1, max: 1e15, whole: true }),
  );
  overrideOption(mutationOptions(restore));
}

/** `tacos event …` as the command line knows it. */
import type { Command } from 'commander';
import { mutationOptions, overrideOption, type Register } from '../../command.ts';
import { anyNumber, numberFlag, rateFlag } from '../../flags.ts';

/** Adds the group. */
export function eventCommands(program: Command, add: Register): void {
  const event = program.command('event').description('what people queue for').helpGroup('Queues:');
  reads(event, add);
  create(event, add);
  changes(event, add);
}

function reads(event: Command, add: Register): void {
  add(event, 'list', {
    summary: 'all events',
    examples: ['tacos event list', 'tacos event list -o wide'],
    load: async () => (await import('./list.ts')).eventList,
  });
  add(event, 'get <EVT>', {
    summary: 'one event as it is set up',
    examples: ['tacos event get evt_demo', 'tacos event get evt_demo -o json --fields phase,opensAt'],
    load: async () => (await import('./get.ts')).eventGet,
  });
}

function create(event: Command, add: Register): void {
  const command = add(event, 'create <EVT>', {
    summary: 'make an event; open at once unless it has a time to open',
    examples: [
      'tacos event create evt_demo --name "Summer Fest" --refill 50',
      'tacos event create evt_d1 --opens-at 2027-05-01T11:00 --time-zone Asia/Seoul',
    ],
    load: async () => (await import('./create.ts')).eventCreate,
  });
  timeOptions(command.option('--name <TEXT>', 'name that people see'))
    .option(
      '--max-waiting <N>',
      'people at most, 0 = no limit',
      numberFlag({ min: 0, max: 100_000_000, whole: true }),
    )
    .option('--capacity <N>', 'tokens that the bucket holds', anyNumber)
    .option('--refill <R>', 'admissions per second', rateFlag(anyNumber))
    .option('--test', 'a test event: goes an hour after its last call');
  overrideOption(mutationOptions(command));
}

function changes(event: Command, add: Register): void {
  const set = add(event, 'set <EVT>', {
    summary: 'change name, opening time or zone',
    examples: [
      'tacos event set evt_demo --name "Summer Fest, day 1"',
      'tacos event set evt_d1 --opens-at 2027-05-01T11:30 --reason "stage is late"',
    ],
    load: async () => (await import('./set.ts')).eventSet,
  });
  mutationOptions(timeOptions(set.option('--name <TEXT>', 'name that people see')));

  const remove = add(event, 'delete <EVT>', {
    summary: 'delete a closed or test event with all that is in it',
    examples: [
      'tacos event delete evt_demo --dry-run',
      'tacos event delete evt_demo --confirm evt_demo --reason "rehearsal is over"',
    ],
    load: async () => (await import('./delete.ts')).eventDelete,
  });
  mutationOptions(remove);
}

const timeOptions = (command: Command): Command =>
  command
    .option('--opens-at <TIME>', "with offset, or in the event's zone: 2027-05-01T11:00")
    .option('--prequeue-from <TIME>', 'joins are taken from then on')
    .option('--time-zone <ZONE>', 'IANA zone of its times, such as Asia/Seoul');

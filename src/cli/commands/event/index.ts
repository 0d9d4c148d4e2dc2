/** `tacos event …` as the command line knows it. */
import type { Command } from 'commander';
import { mutationOptions, type Register } from '../../command.ts';
import { anyNumber, numberFlag } from '../../flags.ts';

/** Adds the group. */
export function eventCommands(program: Command, add: Register): void {
  const event = program.command('event').description('what people queue for').helpGroup('Queues:');

  add(event, 'list', {
    summary: 'all events',
    examples: ['tacos event list', 'tacos event list -o wide'],
    load: async () => {
      const { eventList } = await import('./list.ts');
      return (cli) => eventList(cli);
    },
  });

  const create = add(event, 'create <EVT>', {
    summary: 'make an event; open at once unless it has a time to open',
    examples: [
      'tacos event create evt_demo --name "Summer Fest" --refill 50',
      'tacos event create evt_d1 --opens-at 2027-05-01T11:00:00+09:00 --time-zone Asia/Seoul',
    ],
    load: async () => {
      const { eventCreate } = await import('./create.ts');
      return (cli, [id = ''], flags) => eventCreate(cli, id, flags);
    },
  });
  create
    .option('--name <TEXT>', 'name that people see')
    .option('--opens-at <TIME>', 'with its offset: 2027-05-01T11:00:00+09:00')
    .option('--prequeue-from <TIME>', 'joins are taken from then on')
    .option('--time-zone <ZONE>', 'IANA zone of its times, such as Asia/Seoul')
    .option(
      '--max-waiting <N>',
      'people at most, 0 = no limit',
      numberFlag({ min: 0, max: 100_000_000, whole: true }),
    )
    .option('--capacity <N>', 'tokens that the bucket holds', anyNumber)
    .option('--refill <R>', 'admissions per second', anyNumber)
    .option('--test', 'a test event: goes an hour after its last call');
  mutationOptions(create);
}

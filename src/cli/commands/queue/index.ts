/** `tacos queue …` as the command line knows it: what is read here, what is changed in `changes.ts`. */
import type { Command } from 'commander';
import { positionsPageMax } from '../../../contract/limits.ts';
import type { Register } from '../../command.ts';
import { numberFlag } from '../../flags.ts';
import { peopleChanges, phaseChanges, settingsCommands } from './changes.ts';

/** Adds the group. */
export function queueCommands(program: Command, add: Register): void {
  const queue = program.command('queue').description('the lines of people').helpGroup('Queues:');
  queueReads(queue, add);
  watch(queue, add);
  visitorReads(queue, add);
  phaseChanges(queue, add);
  peopleChanges(queue, add);
  settingsCommands(queue, add);
}

function queueReads(queue: Command, add: Register): void {
  add(queue, 'list', {
    summary: 'all queues with who waits',
    examples: ['tacos queue list', 'tacos queue list -o json | jq -r .items[].event'],
    load: async () => (await import('./list.ts')).queueList,
  });
  add(queue, 'get <EVT>', {
    summary: 'one queue as it stands',
    examples: ['tacos queue get evt_demo', 'tacos queue get evt_demo -o json --fields waiting,bucket.tokens'],
    load: async () => {
      const { queueGet } = await import('./get.ts');
      return (cli, [event = '']) => queueGet(cli, event);
    },
  });
}

function watch(queue: Command, add: Register): void {
  const command = add(queue, 'watch [EVT]', {
    summary: 'one queue, live; or all of them, a row an event',
    examples: [
      'tacos queue watch evt_demo',
      'tacos queue watch --all',
      "tacos queue watch evt_demo --until 'waiting==0' --timeout 10m",
      'tacos queue watch evt_demo -o jsonl --interval 1s | jq .waiting',
    ],
    load: async () => {
      const { queueWatch } = await import('./watch.ts');
      return (cli, [event = ''], flags) => queueWatch(cli, event, flags);
    },
  });
  command
    .option('--all', 'every queue, with the shared budget on top')
    .option('--once', 'one row, then done')
    .option('--until <EXPR>', "done when it holds: 'waiting==0', && and ||")
    .option('--interval <D>', 'between rows outside of a terminal; 5s, in tacos up 1s')
    .option('--max-stale <D>', 'exit 7 when the data is older')
    .option('--write', 'keys that change things work in the live screen')
    .option('--tui <WHEN>', 'live screen: auto, always, never, plain', 'auto');
}

function visitorReads(queue: Command, add: Register): void {
  const positions = add(queue, 'positions <EVT>', {
    summary: 'people in the line, from the front',
    examples: [
      'tacos queue positions evt_demo',
      'tacos queue positions evt_demo --from 401 --limit 50',
      'tacos queue positions evt_demo --visitor v_abcd2345',
    ],
    load: async () => (await import('./positions.ts')).queuePositions,
  });
  positions
    .option('--limit <N>', 'rows, 20 by default', numberFlag({ min: 1, max: positionsPageMax, whole: true }))
    .option('--from <POS>', 'first position', numberFlag({ min: 1, max: 1e9, whole: true }))
    .option('--visitor <REF>', 'from this visitor on: v_abcd2345, user:ID or sub:ID');

  add(queue, 'visitor <EVT> <REF>', {
    summary: "one visitor's story, and the status that they see now",
    examples: [
      'tacos queue visitor evt_demo v_abcd2345',
      "tacos queue visitor evt_demo '#412' -o json",
      'tacos queue visitor evt_demo user:mina',
    ],
    load: async () => (await import('./visitor.ts')).queueVisitor,
  });
}

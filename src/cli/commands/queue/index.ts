/** `tacos queue …` as the command line knows it. */
import type { Command } from 'commander';
import type { Register } from '../../command.ts';

/** Adds the group. */
export function queueCommands(program: Command, add: Register): void {
  const queue = program.command('queue').description('the lines of people').helpGroup('Queues:');

  add(queue, 'list', {
    summary: 'all queues with who waits',
    examples: ['tacos queue list', 'tacos queue list -o json | jq -r .items[].event'],
    load: async () => {
      const { queueList } = await import('./list.ts');
      return (cli) => queueList(cli);
    },
  });

  add(queue, 'get <EVT>', {
    summary: 'one queue as it stands',
    examples: ['tacos queue get evt_demo', 'tacos queue get evt_demo -o json --fields waiting,bucket.tokens'],
    load: async () => {
      const { queueGet } = await import('./get.ts');
      return (cli, [event = '']) => queueGet(cli, event);
    },
  });

  const watch = add(queue, 'watch <EVT>', {
    summary: 'one queue, live',
    examples: [
      'tacos queue watch evt_demo',
      "tacos queue watch evt_demo --until 'waiting==0' --timeout 10m",
      'tacos queue watch evt_demo -o jsonl --interval 1s | jq .waiting',
    ],
    load: async () => {
      const { queueWatch } = await import('./watch.ts');
      return (cli, [event = ''], flags) => queueWatch(cli, event, flags);
    },
  });
  watch
    .option('--once', 'one row, then done')
    .option('--until <EXPR>', "done when it holds: 'waiting==0', && and ||")
    .option('--interval <D>', 'between rows outside of a terminal', '5s')
    .option('--max-stale <D>', 'exit 7 when the data is older')
    .option('--tui <WHEN>', 'live screen: auto, always, never, plain', 'auto');
}

/** `tacos hpa …` as the command line knows it. */
import type { Command } from 'commander';
import { hpaReplicasMax } from '../../../contract/limits.ts';
import { mutationOptions, type Register } from '../../command.ts';
import { numberFlag } from '../../flags.ts';

const replicas = numberFlag({ min: 1, max: hpaReplicasMax, whole: true });
const percent = numberFlag({ min: 1, max: 1_000, whole: true });

/** Adds the group. */
export function hpaCommands(program: Command, add: Register): void {
  const hpa = program.command('hpa').description('how many gateways Kubernetes runs').helpGroup('Queues:');
  reads(hpa, add);
  patch(hpa, add);
}

const namespaceOption = (command: Command): Command =>
  command.option('-n, --namespace <NS>', 'refuse unless the server steers the one of this namespace');

const valueOptions = (command: Command): Command =>
  command
    .option('--min <N>', 'fewest pods', replicas)
    .option('--max <N>', 'most pods', replicas)
    .option('--target-cpu <P>', 'CPU that pods are to use, percent of their request', percent);

function reads(hpa: Command, add: Register): void {
  const get = add(hpa, 'get', {
    summary: 'what it asks for, what runs, and why they differ',
    examples: ['tacos hpa get', 'tacos hpa get -o wide'],
    load: async () => (await import('./get.ts')).hpaGet,
  });
  namespaceOption(get);
  const diff = add(hpa, 'diff', {
    summary: 'asked versus real, row by row; with values, what they would change',
    examples: ['tacos hpa diff', 'tacos hpa diff --min 10 --max 60'],
    load: async () => (await import('./diff.ts')).hpaDiff,
  });
  namespaceOption(valueOptions(diff));
  const watch = add(hpa, 'watch', {
    summary: 'a row for each change, until stopped',
    examples: [
      'tacos hpa watch',
      "tacos hpa watch --until 'ready>=10' --timeout 5m",
      'tacos hpa watch -o jsonl',
    ],
    load: async () => (await import('./watch.ts')).hpaWatch,
  });
  namespaceOption(
    watch
      .option('--once', 'one row, then end')
      .option('--until <EXPR>', 'end once it is so: asked, current, ready, min, max, cpu, held')
      .option('--interval <D>', 'a row at least so often; default 5s'),
  );
}

function patch(hpa: Command, add: Register): void {
  const command = add(hpa, 'patch', {
    summary: 'change it by server-side apply, as the field manager tacos',
    examples: [
      'tacos hpa patch --min 10 --hold 30m --reason "sale at noon"',
      'tacos hpa patch --max 80 --dry-run',
      'tacos hpa patch --min 6 --take-over --reason "argo is paused"',
    ],
    load: async () => (await import('./patch.ts')).hpaPatch,
  });
  valueOptions(command)
    .option(
      '--hold <D>',
      'the floor comes back by itself after this time; without --min, no fewer than run now',
    )
    .option('--take-over', 'take fields over from who applied them last; without it that is refused');
  mutationOptions(namespaceOption(command));
}

/** `tacos loadtest` as the command line knows it. */
import type { Command } from 'commander';
import { loadRunnersMax } from '../../../contract/limits.ts';
import type { Register } from '../../command.ts';
import { numberFlag } from '../../flags.ts';
import type { LoadtestFlags } from './loadtest.ts';

/** Adds the command. */
export function loadtestCommands(program: Command, add: Register): void {
  const loadtest = add(program, 'loadtest <NAME> [RUN]', {
    summary:
      'load of a known form from k6, with the line’s promises checked; NAME list shows what there is, runs, watch RUN and stop RUN are about the cluster',
    examples: [
      'tacos loadtest list',
      'tacos loadtest smoke',
      'tacos loadtest 30k --scale 0.05 --event evt_load --baseline before.json',
      'tacos loadtest journey --base-url http://127.0.0.1:8000 --summary out/journey -o json',
      'tacos loadtest 30k --distributed 8 --event evt_load',
      'tacos loadtest stop tacos-30k-x7k2q',
    ],
    group: 'Looking ahead:',
    load: async () => {
      const { loadtest: run } = await import('./loadtest.ts');
      return (cli, [name = '', of], flags) => run(cli, [name, of], flags as LoadtestFlags);
    },
  });
  loadtest
    .option('--event <EVT>', 'event to join; in protected contexts one made with --test', 'evt_loadtest')
    .option('--base-url <U>', 'the gateway; else the one of the context')
    .option('--scale <F>', 'all rates times this', numberFlag({ min: 0.0001, max: 100 }), 1)
    .option('--time-scale <F>', 'all times times this', numberFlag({ min: 0.001, max: 100 }), 1)
    .option(
      '--vus <N>',
      'at most so many virtual users a load',
      numberFlag({ min: 1, max: 100_000, whole: true }),
    )
    .option('--patience <D>', 'couples give up when they have waited so long; default 2m')
    .option('--summary <FILE>', 'the report goes to FILE.json, FILE.md and FILE.xml (JUnit)')
    .option('--baseline <FILE>', 'an earlier report, JSON, to compare with')
    .option('--k6 <PATH>', 'the k6 to use; else TACOS_K6, else the one on PATH')
    .option(
      '--distributed <N>',
      'N runners in the cluster, by the k6-operator',
      numberFlag({ min: 1, max: loadRunnersMax, whole: true }),
    )
    .option('--dry-run', 'show the plan, send nothing; with --distributed and -o yaml, the manifests')
    .option('-y, --yes', 'consent, where a protected context asks for it')
    .option('--reason <TEXT>', 'why, at least 8 characters; protected contexts want one');
}

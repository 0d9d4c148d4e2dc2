/** `tacos capacity` as the command line knows it. */
import type { Command } from 'commander';
import { priceDefaults } from '../../../forecast/capacity-costs.ts';
import type { Register } from '../../command.ts';
import { countFlag, numberFlag } from '../../flags.ts';
import type { CapacityFlags } from './capacity.ts';

const price = numberFlag({ min: 0, max: 10_000 });

/** Adds the command. */
export function capacityCommands(program: Command, add: Register): void {
  const capacity = add(program, 'capacity', {
    summary: 'what a sale takes: pods, Redis, network, money, and what breaks first',
    examples: [
      'tacos capacity --visitors 300k --join-rate 30k',
      'tacos capacity --visitors 3M --join-rate 100k --events 10',
      'tacos capacity --visitors 300k --admit-rate 1000 --calibration costs.json -o json',
    ],
    group: 'Looking ahead:',
    load: async () => {
      const { capacity: run } = await import('./capacity.ts');
      return (cli, _args, flags) => run(cli, flags as CapacityFlags);
    },
  });
  capacity
    .option(
      '--visitors <N>',
      'people in line at the peak: 300k, 3M',
      countFlag({ min: 1, max: 100_000_000 }),
      300_000,
    )
    .option(
      '--join-rate <R>',
      'joins per second at the peak; default: all within 10s',
      countFlag({ min: 1, max: 10_000_000 }),
    )
    .option(
      '--admit-rate <R>',
      'admissions per second, of all events together',
      countFlag({ min: 1, max: 100_000 }),
      500,
    )
    .option(
      '--events <N>',
      'events of the same size that share the visitors',
      countFlag({ min: 1, max: 10_000 }),
      1,
    )
    .option('--pod-cores <N>', 'cores of a gateway pod, one process each', countFlag({ min: 1, max: 64 }), 2)
    .option('--pods-max <N>', 'most pods that the HPA may start', countFlag({ min: 1, max: 10_000 }), 50)
    .option('--redis-memory <GB>', 'memory of a Redis node', numberFlag({ min: 0.1, max: 1_000 }), 13)
    .option('--for <D>', 'how long it is paid for; default: until the line is empty, and 1h')
    .option('--price-core <USD>', 'one core of a pod, per hour', price, priceDefaults.coreHourUsd)
    .option('--price-redis <USD>', 'one Redis node, per hour', price, priceDefaults.redisHourUsd)
    .option('--price-gb <USD>', 'one GB sent to visitors', price, priceDefaults.gbOutUsd)
    .option(
      '--calibration <FILE>',
      'costs of your machines: npm run bench -- --only capacity --calibration FILE',
    );
}

/** `tacos simulate` as the command line knows it. */
import type { Command } from 'commander';
import { capacityMax, refillPerSecMax, refillPerSecMin } from '../../../contract/limits.ts';
import type { Register } from '../../command.ts';
import { countFlag, numberFlag, rateFlag } from '../../flags.ts';

/** Adds the command. */
export function simulateCommands(program: Command, add: Register): void {
  const simulate = add(program, 'simulate', {
    summary: 'how long a line will take: a model, nothing is sent to visitors',
    examples: [
      'tacos simulate --visitors 20000 --refill 50',
      'tacos simulate --from-live evt_demo --refill 80 --ramp 2m',
      'tacos simulate --event evt_demo --arrivals rush.csv -o json',
      "tacos simulate --visitors 5000 --refill 20 --assert 'tailWaitSec<600 && emptyInSec<3600'",
    ],
    group: 'Looking ahead:',
    load: async () => {
      const { simulate: run } = await import('./simulate.ts');
      return (cli, _args, flags) => run(cli, { ...flags, noShow: flags.show });
    },
  });
  simulate
    .option('--event <EVT>', 'capacity and refill of this event, an empty line')
    .option('--from-live <EVT>', 'the line, bucket, rates and habits of this event as they are now')
    .option('--visitors <N>', 'people who come; --over spreads them', countFlag({ min: 0, max: 100_000_000 }))
    .option('--over <D>', 'they come evenly over this time; else all at once')
    .option('--arrivals <FILE>', 'lines "atSec,perSec" or JSON of these; - = standard input')
    .option(
      '--refill <R>',
      'admissions per second',
      rateFlag(numberFlag({ min: refillPerSecMin, max: refillPerSecMax })),
    )
    .option('--ramp <D>', 'get to --refill in a straight line over this time')
    .option(
      '--capacity <N>',
      'tokens that the bucket holds',
      numberFlag({ min: 1, max: capacityMax, whole: true }),
    )
    .option('--no-show <P>', 'share that never enters, 0 to 1', numberFlag({ min: 0, max: 1 }))
    .option('--opens-in <D>', 'nobody enters before')
    .option('--horizon <D>', 'how far to look ahead; default 24h, with --from-live 1h')
    .option(
      '--seed <S>',
      'let chance decide who does not show up and when people poll',
      numberFlag({ min: 0, max: 4_294_967_295, whole: true }),
    )
    .option('--assert <EXPR>', "exit 10 unless it holds: 'tailWaitSec<600 && emptyInSec<3600'");
}

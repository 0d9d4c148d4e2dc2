/** What a status poll costs over a line of different tokens, and that it sends Redis nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../lib/case.ts';
import { scriptCall, wireCommands } from '../lib/redis-info.ts';
import { type Cost, Rig } from '../lib/rig.ts';
import { atLeast, atMost, median, type Row, reported, show } from '../lib/rows.ts';

const rounds = 3;
const idleMs = 3_000;
/** Below so many commands a poll there is none on its path: what is left is the unsteady pace of timers. */
const noneBelow = 0.0005;

export const pollCost: Case = {
  name: 'poll',
  async run({ short, say }) {
    const count = short ? 20_000 : 120_000;
    const rig = await Rig.start();
    try {
      await rig.warmUp(short ? 10_000 : 30_000);
      const event = await rig.redis.makeEvent();
      say(`${show(count)} joins`);
      await rig.join(event, count);
      const costs: Cost[] = [];
      for (let round = 0; round < rounds; round += 1) {
        say(`${show(count)} polls, round ${round + 1} of ${rounds}`);
        costs.push(await rig.poll(event, count));
      }
      say('the same with every Redis command watched');
      return [...costRows(costs, count), ...(await commandRows(rig, event, count))];
    } finally {
      await rig.stop();
    }
  },
};

function costRows(costs: readonly Cost[], count: number): Row[] {
  const of = (figure: (cost: Cost) => number): number => median(costs.map(figure));
  const gatewayUs = of((cost) => cost.gatewayUs);
  const redisUs = of((cost) => cost.redisUs);
  const detail =
    `gateway ${show(gatewayUs)} + Redis ${show(redisUs)}; load ${show(of((cost) => cost.loadUs))};` +
    ` ${show(of((cost) => cost.perSec))}/s by the clock; ${show(count)} different tokens over the whole line`;
  return [
    atMost('CPU per status poll, gateway + Redis', 50, { figure: gatewayUs + redisUs, unit: 'µs', detail }),
    atLeast('polls on one core, one gateway process', 18_000, {
      figure: 1e6 / gatewayUs,
      unit: '/s',
      detail: 'by its CPU',
    }),
    reported('polls answered from a cache of answers', { figure: 0, unit: '%', detail: 'there is none' }),
  ];
}

/** The gateway's background (tail, sweeps) goes on while people poll; what comes on top of it would be the polls' own. */
async function commandRows(rig: Rig, event: string, count: number): Promise<Row[]> {
  const { client } = rig.redis;
  const idle = await wireCommands(client, () => sleep(idleMs));
  let perSec = 1;
  const polled = await wireCommands(client, async () => {
    perSec = (await rig.poll(event, count)).perSec;
  });
  const perPoll = (name: string): number => ((polled.get(name) ?? 0) - (idle.get(name) ?? 0)) / perSec;
  const direct = [...polled.keys()]
    .filter((name) => name !== scriptCall)
    .reduce((sum, name) => sum + perPoll(name), 0);
  const isNone = direct < noneBelow;
  return [
    {
      what: 'Redis commands on the path of a poll',
      reach: '0',
      measured: isNone ? '0' : show(direct),
      figure: isNone ? 0 : direct,
      met: isNone,
      factor: isNone ? 0 : Number.POSITIVE_INFINITY,
    },
    reported('presence reports in bulk beside it', {
      figure: Math.max(0, perPoll(scriptCall)),
      unit: 'script calls per poll',
    }),
  ];
}

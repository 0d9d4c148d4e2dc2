/** What a status poll costs over a line of different tokens, and that it sends Redis nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { presenceBatchMax } from '../../../src/contract/limits.ts';
import type { Case } from '../lib/case.ts';
import { callsBetween, commandCalls } from '../lib/redis-info.ts';
import { type Cost, Rig } from '../lib/rig.ts';
import { atLeast, atMost, median, type Row, reported, show } from '../lib/rows.ts';

const rounds = 3;
const idleMs = 3_000;
/** What only the bulk report of who was heard calls: once a batch, not once a poll. */
const reportCommand = 'evalsha';

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
      say('Redis commands of an idle gateway');
      const idle = await perSecond(rig, () => sleep(idleMs));
      const costs: Cost[] = [];
      const rates: Map<string, number>[] = [];
      for (let round = 0; round < rounds; round += 1) {
        say(`${show(count)} polls, round ${round + 1} of ${rounds}`);
        rates.push(await perSecond(rig, async () => costs.push(await rig.poll(event, count))));
      }
      return [...costRows(costs, count), ...commandRows(costs, idle, rates)];
    } finally {
      await rig.stop();
    }
  },
};

/** Calls a second, by command, while `act` runs. */
async function perSecond(rig: Rig, act: () => Promise<unknown>): Promise<Map<string, number>> {
  const before = await commandCalls(rig.redis.client);
  const startedMs = performance.now();
  await act();
  const sec = (performance.now() - startedMs) / 1000;
  const calls = callsBetween(before, await commandCalls(rig.redis.client));
  return new Map([...calls].map(([name, count]) => [name, count / sec]));
}

function costRows(costs: readonly Cost[], count: number): Row[] {
  const of = (figure: (cost: Cost) => number): number => median(costs.map(figure));
  const gatewayUs = of((cost) => cost.gatewayUs);
  const redisUs = of((cost) => cost.redisUs);
  const detail =
    ` (gateway ${show(gatewayUs)} + Redis ${show(redisUs)}; load ${show(of((cost) => cost.loadUs))};` +
    ` ${show(of((cost) => cost.perSec))}/s by the clock; ${show(count)} different tokens over the whole line)`;
  return [
    atMost('CPU per status poll, gateway + Redis', 50, gatewayUs + redisUs, 'µs', detail),
    atLeast('polls one gateway process takes on one core', 18_000, 1e6 / gatewayUs, '/s', ' by its CPU'),
    reported('polls answered from a cache of answers', '0 % (there is none)'),
  ];
}

/**
 * The first round reports everybody's presence, in batches; later ones only that of places near the front. Commands
 * that the report's script calls inside count too, so the path is judged by the calls that come over the wire.
 */
function commandRows(
  costs: readonly Cost[],
  idle: Map<string, number>,
  rates: readonly Map<string, number>[],
): Row[] {
  const above = (name: string, rate: Map<string, number>): number =>
    Math.max(0, (rate.get(name) ?? 0) - (idle.get(name) ?? 0));
  const perPoll = rates.map((rate, round) => above(reportCommand, rate) / (costs[round]?.perSec ?? 1));
  const ofTail = ['xread', 'get', 'time', 'hlen'].map(
    (name) => median(rates.map((rate) => above(name, rate))) / (costs[0]?.perSec ?? 1),
  );
  const direct = ofTail.reduce((sum, one) => sum + one, 0);
  const isNone = direct < 0.001 && perPoll.every((calls) => calls < 2 / presenceBatchMax);
  return [
    {
      what: 'Redis commands on the path of a poll',
      reach: '0',
      measured: isNone ? '0' : show(direct + median(perPoll)),
      met: isNone,
      factor: isNone ? 0 : Number.POSITIVE_INFINITY,
    },
    reported(
      'presence reports beside it, script calls per poll',
      `${show(perPoll[0] ?? 0)} first, ${show(perPoll[2] ?? 0)} when asked again within a minute`,
    ),
  ];
}

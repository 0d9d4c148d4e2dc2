/** How long people wait for an answer: joins by 32 clients, then polls by as many. */
import { pause } from '../../helpers/fleet.ts';
import type { Case } from '../lib/case.ts';
import { type Cost, Rig } from '../lib/rig.ts';
import { atMost, median, type Row, show } from '../lib/rows.ts';

const clients = 32;
/** By then a gateway has found a new event by itself: who comes first to a sale does not wait for its loading, ms. */
const foundMs = 1_500;

export const latency: Case = {
  name: 'latency',
  async run({ short, say }) {
    const rounds = short ? 3 : 7;
    const count = short ? 3_000 : 10_000;
    const rig = await Rig.start();
    try {
      await rig.warmUp(short ? 10_000 : 30_000);
      const joins: Cost[] = [];
      const polls: Cost[] = [];
      for (let round = 0; round < rounds; round += 1) {
        say(`${clients} clients, round ${round + 1} of ${rounds}`);
        const event = await rig.redis.makeEvent();
        await pause(foundMs);
        joins.push(await rig.join(event, count, { connections: clients }));
        polls.push(await rig.poll(event, count, clients));
      }
      return [
        row(`p99 of ${show(count)} joins by ${clients} clients`, 7.5, joins),
        row('p99 of as many polls after them', 6, polls),
      ];
    } finally {
      await rig.stop();
    }
  },
};

function row(what: string, limitMs: number, costs: readonly Cost[]): Row {
  const p99s = costs.map((cost) => cost.result.latency.p99Ms);
  const p50 = median(costs.map((cost) => cost.result.latency.p50Ms));
  const pace = median(costs.map((cost) => cost.perSec));
  const rounds = `middle of ${costs.length} rounds, best ${show(Math.min(...p99s))}`;
  return atMost(what, limitMs, {
    figure: median(p99s),
    unit: 'ms',
    detail: `${rounds}; p50 ${show(p50)}; ${show(pace)}/s`,
  });
}

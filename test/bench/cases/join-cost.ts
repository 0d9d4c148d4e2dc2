/** What a join costs, and how many one gateway process takes. */
import type { Case } from '../lib/case.ts';
import { identities } from '../lib/load-jobs.ts';
import { type Cost, Rig } from '../lib/rig.ts';
import { atLeast, atMost, median, type Row, reported, show } from '../lib/rows.ts';

const rounds = 3;

const words = {
  anonymous: 'anonymous',
  key: 'with Idempotency-Key',
  jwt: 'with a JWT (HS256), each a new one',
} as const;

export const joinCost: Case = {
  name: 'join',
  async run({ short, say }) {
    const rig = await Rig.start();
    try {
      await rig.warmUp(short ? 10_000 : 30_000);
      const rows: Row[] = [];
      for (const identity of identities) {
        const costs: Cost[] = [];
        for (let round = 0; round < rounds; round += 1) {
          say(`joins ${words[identity]}, round ${round + 1} of ${rounds}`);
          costs.push(await rig.join(await rig.redis.makeEvent(), short ? 10_000 : 40_000, { identity }));
        }
        rows.push(...(identity === 'anonymous' ? promised(costs) : [beside(words[identity], costs)]));
      }
      return rows;
    } finally {
      await rig.stop();
    }
  },
};

const middle = (costs: readonly Cost[], of: (cost: Cost) => number): number => median(costs.map(of));

function split(costs: readonly Cost[]): string {
  const gateway = show(middle(costs, (cost) => cost.gatewayUs));
  const redis = show(middle(costs, (cost) => cost.redisUs));
  const load = show(middle(costs, (cost) => cost.loadUs));
  return ` (gateway ${gateway} + Redis ${redis}; load ${load}; ${show(middle(costs, (cost) => cost.perSec))}/s by the clock)`;
}

function promised(costs: readonly Cost[]): Row[] {
  const gatewayUs = middle(costs, (cost) => cost.gatewayUs);
  return [
    atMost(
      'CPU per anonymous join, gateway + Redis',
      75,
      middle(costs, (cost) => cost.gatewayUs + cost.redisUs),
      'µs',
      split(costs),
    ),
    atMost(
      'Redis CPU per join, one gateway process',
      10,
      middle(costs, (cost) => cost.redisUs),
      'µs',
    ),
    atLeast('joins one gateway process takes on one core', 12_000, 1e6 / gatewayUs, '/s', ' by its CPU'),
  ];
}

function beside(what: string, costs: readonly Cost[]): Row {
  const sum = show(middle(costs, (cost) => cost.gatewayUs + cost.redisUs));
  return reported(`CPU per join ${what}`, `${sum} µs${split(costs)}`);
}

/** What a join costs, and how many one gateway process takes. */
import type { Case } from '../lib/case.ts';
import { type Cost, Rig } from '../lib/rig.ts';
import { atLeast, atMost, median, type Row, reported, show } from '../lib/rows.ts';

const rounds = 3;

const words = {
  anonymous: 'anonymous',
  key: 'with Idempotency-Key',
  HS256: 'with a JWT (HS256), each a new one',
} as const;
const identities = ['anonymous', 'key', 'HS256'] as const;

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
  const pace = show(middle(costs, (cost) => cost.perSec));
  return `gateway ${gateway} + Redis ${redis}; load ${load}; ${pace}/s by the clock`;
}

const sum = (costs: readonly Cost[]): number => middle(costs, (cost) => cost.gatewayUs + cost.redisUs);

function promised(costs: readonly Cost[]): Row[] {
  const redisUs = middle(costs, (cost) => cost.redisUs);
  const onOneCore = 1e6 / middle(costs, (cost) => cost.gatewayUs);
  return [
    atMost('CPU per anonymous join, gateway + Redis', 75, {
      figure: sum(costs),
      unit: 'µs',
      detail: split(costs),
    }),
    atMost('Redis CPU per join, one gateway process', 10, { figure: redisUs, unit: 'µs' }),
    atLeast('joins on one core, one gateway process', 12_000, {
      figure: onOneCore,
      unit: '/s',
      detail: 'by its CPU',
    }),
  ];
}

function beside(what: string, costs: readonly Cost[]): Row {
  return reported(`CPU per join ${what}`, { figure: sum(costs), unit: 'µs', detail: split(costs) });
}

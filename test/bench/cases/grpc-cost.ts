/** What a join and a status poll cost over QueueService, beside the same over HTTP in the same run. */
import type { Case } from '../lib/case.ts';
import { type Cost, Rig } from '../lib/rig.ts';
import { median, type Row, reported, show } from '../lib/rows.ts';

const rounds = 3;

export const grpcCost: Case = {
  name: 'grpc',
  async run({ short, say }) {
    const count = short ? 5_000 : 30_000;
    const rig = await Rig.start();
    try {
      await rig.warmUp(short ? 5_000 : 20_000);
      const warm = await rig.redis.makeEvent();
      await rig.grpc('grpc-join', warm, count / 2);
      await rig.grpc('grpc-poll', warm, count / 2);
      const costs: Record<'join' | 'grpcJoin' | 'poll' | 'grpcPoll', Cost[]> = {
        join: [],
        grpcJoin: [],
        poll: [],
        grpcPoll: [],
      };
      for (let round = 1; round <= rounds; round += 1) {
        say(`${show(count)} joins and polls over each wire, round ${round} of ${rounds}`);
        const [http, grpc] = [await rig.redis.makeEvent(), await rig.redis.makeEvent()];
        costs.join.push(await rig.join(http, count));
        costs.grpcJoin.push(await rig.grpc('grpc-join', grpc, count));
        costs.poll.push(await rig.poll(http, count));
        costs.grpcPoll.push(await rig.grpc('grpc-poll', grpc, count));
      }
      return [
        row('CPU per JoinQueue, gateway', costs.grpcJoin, costs.join),
        row('CPU per GetQueueStatus, gateway', costs.grpcPoll, costs.poll),
      ];
    } finally {
      await rig.stop();
    }
  },
};

function row(what: string, grpc: readonly Cost[], http: readonly Cost[]): Row {
  const of = (costs: readonly Cost[], figure: (cost: Cost) => number): number => median(costs.map(figure));
  const gatewayUs = of(grpc, (cost) => cost.gatewayUs);
  const httpUs = of(http, (cost) => cost.gatewayUs);
  const detail =
    `HTTP ${show(httpUs)} in the same run; Redis ${show(of(grpc, (cost) => cost.redisUs))};` +
    ` load ${show(of(grpc, (cost) => cost.loadUs))}; ${show(of(grpc, (cost) => cost.perSec))}/s by the clock`;
  return reported(what, { figure: gatewayUs, unit: 'µs', detail });
}

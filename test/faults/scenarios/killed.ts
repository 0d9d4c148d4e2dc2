/** Processes that end at once and are started again: Redis, from its append-only file, and a gateway. */
import { restart } from '../losses.ts';
import { breakGateway } from '../random.ts';
import type { Scenario } from '../scenario.ts';

export const redisKilled: Scenario = {
  name: 'redis-killed',
  row: 'Redis restarted from AOF: places as before',
  plan: (world) => restart(world, 3_000),
};

export const gatewayKilled: Scenario = {
  name: 'gateway-killed',
  row: 'a gateway killed: another answers the same token',
  short: true,
  plan: (world) => breakGateway(world, { kind: 'kill', gateway: 0, forMs: 3_000, amount: 0 }),
};

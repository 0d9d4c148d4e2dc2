/** Processes that end at once: Redis, which comes back from its append-only file, and a gateway, which does not. */
import { pause } from '../../helpers/fleet.ts';
import { restart } from '../losses.ts';
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
  async plan(world) {
    const [gateway] = world.gateways;
    if (gateway === undefined) throw new Error('there is no gateway to kill');
    await world.during(`${gateway.name} SIGKILL`, { down: [gateway.name] }, async () => {
      await world.killGateway(gateway);
      await pause(3_000);
      await world.restartGateway(gateway);
    });
  },
};

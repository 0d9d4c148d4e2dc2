/** Redis slow or gone: polls go on from memory, the rest is refused in time, nothing is lost. */
import { pause } from '../../helpers/fleet.ts';
import type { TcpProxy } from '../../helpers/tcp-proxy.ts';
import type { Scenario } from '../scenario.ts';
import type { World } from '../world.ts';

/** Breaks the links of all gateways for a time, then makes them as they were. */
async function breakLinks(
  world: World,
  fault: { name: string; forMs: number; isGone: boolean; begin: (link: TcpProxy) => void },
): Promise<void> {
  const { name, forMs, isGone, begin } = fault;
  await world.during(name, isGone ? { without: world.names } : {}, async () => {
    for (const { proxy } of world.gateways) begin(proxy);
    await pause(forMs);
    for (const { proxy } of world.gateways) {
      proxy.delayMs = 0;
      proxy.slow(undefined);
      if (isGone) proxy.mend();
    }
  });
}

const row = 'Redis slow or gone: polls from memory, the rest 503 within 2 s';

export const redisSlow: Scenario = {
  name: 'redis-slow-500ms',
  row,
  plan: (world) =>
    breakLinks(world, {
      name: 'Redis answers after 0.5 s',
      forMs: 10_000,
      isGone: false,
      begin: (link) => {
        link.delayMs = 250;
      },
    }),
};

export const redisVerySlow: Scenario = {
  name: 'redis-slow-5s',
  row,
  short: true,
  async plan(world, isShort) {
    await breakLinks(world, {
      name: 'Redis answers after 5 s',
      forMs: isShort ? 7_000 : 10_000,
      isGone: false,
      begin: (link) => {
        link.delayMs = 2_500;
      },
    });
    // What is on its way yet takes as long.
    await pause(4_000);
  },
};

export const redisCut: Scenario = {
  name: 'redis-gone-20s',
  row,
  afterSec: 10,
  plan: (world) =>
    breakLinks(world, {
      name: 'Redis out of reach',
      forMs: 20_000,
      isGone: true,
      begin: (link) => link.cut(),
    }),
};

export const redisHalfOpen: Scenario = {
  name: 'redis-half-open',
  row: 'every connection to Redis leads nowhere and nobody is told; new ones work',
  afterSec: 14,
  async plan(world) {
    await world.during('half-open connections', {}, async () => {
      for (const { proxy } of world.gateways) proxy.halfOpen();
    });
  },
};

export const redisSlowReader: Scenario = {
  name: 'redis-slow-reader',
  row: 'the links to Redis pass 2,000 bytes a second each way',
  plan: (world) =>
    breakLinks(world, {
      name: 'slow reader',
      forMs: 10_000,
      isGone: false,
      begin: (link) => link.slow(2_000),
    }),
};

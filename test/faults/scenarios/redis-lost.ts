/** Redis that forgets: a restart from a file without its end, a replica that lagged, a wipe. */
import { eventually } from '../../helpers/eventually.ts';
import { failOver, restartWithout } from '../losses.ts';
import { note, promise } from '../notes.ts';
import type { Scenario } from '../scenario.ts';
import { pause, type World } from '../world.ts';

/** As `restartWithout`, with what it came to in the table. */
async function cutBack(world: World, lostMs: number): Promise<void> {
  note(world, 'bytes of writes lost', await restartWithout(world, lostMs));
}

const lost = 'Redis restarted from AOF, or failed over, without its last writes: places as before';

export const aofLost1s: Scenario = {
  name: 'aof-lost-1s',
  row: lost,
  short: true,
  plan: (world) => cutBack(world, 1_000),
};

export const aofLost3s: Scenario = {
  name: 'aof-lost-3s',
  row: lost,
  plan: (world) => cutBack(world, 3_000),
};

export const failover2s: Scenario = {
  name: 'failover-lost-2s',
  row: lost,
  short: true,
  world: { replica: true },
  plan: (world) => failOver(world, 2_000),
};

export const wipe: Scenario = {
  name: 'wipe',
  row: 'Redis wiped, gateways alive: a pause, then places as before',
  short: true,
  afterSec: 15,
  plan: (world) =>
    world.during('FLUSHALL', {}, async () => {
      await world.redis.client().flushall();
    }),
};

export const wipeAndRestart: Scenario = {
  name: 'wipe-tokens-only',
  row: "Redis wiped and every gateway started anew: places come back by the visitors' tokens, paused until an operator resumes",
  // Who had entered is known to nobody any more, so they come back as waiting.
  isExcused: ({ rule, text }) => rule === 'an end stays an end' || text.endsWith('waiting, not entered'),
  afterSec: 12,
  async plan(world) {
    await world.during('FLUSHALL, all gateways killed', { down: world.names }, async () => {
      await Promise.all(world.gateways.map((gateway) => world.killGateway(gateway)));
      await world.redis.client().flushall();
      await Promise.all(world.gateways.map((gateway) => world.restartGateway(gateway)));
    });
    const startedMs = performance.now();
    await eventually(() => world.event(), { withinMs: 20_000, everyMs: 50 });
    const isPaused = async () => (await world.client.hget((await world.event()).keys.meta, 'paused')) === '1';
    promise(world, 'the event came back paused', await isPaused());
    note(world, 'event back by a token after, s', ((performance.now() - startedMs) / 1000).toFixed(1));
    // Who polls within these seconds is back before anybody is let in.
    await pause(8_000);
    await world.change({ refillPerSec: 50, capacity: 50, paused: false });
  },
};

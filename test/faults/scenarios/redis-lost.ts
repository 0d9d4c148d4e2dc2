/** Redis that forgets: a restart from a file without its end, a replica that lagged, a wipe. */
import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../helpers/eventually.ts';
import { note, promise } from '../notes.ts';
import type { Scenario } from '../scenario.ts';
import { continueProcess, pause, type World } from '../world.ts';

/** The file that commands are appended to until Redis ends. */
async function appendFile({ redis }: World): Promise<string> {
  const dir = join(redis.dir, 'appendonlydir');
  const name = (await readdir(dir)).find((each) => each.endsWith('.incr.aof'));
  if (name === undefined) throw new Error(`no append-only file in ${dir}`);
  return join(dir, name);
}

/** SIGKILL, then a start from a file without its last writes. */
async function restartWithout(world: World, lostMs: number): Promise<void> {
  const file = await appendFile(world);
  const { size } = await stat(file);
  await pause(lostMs);
  await world.during('Redis SIGKILL, start from a shorter AOF', { without: world.names }, async () => {
    await world.redis.kill();
    note(world, 'bytes of writes lost', (await stat(file)).size - size);
    await truncate(file, size);
    await world.redis.restart();
  });
}

const lost = 'Redis restarted from AOF, or failed over, without its last writes: places as before';

export const aofLost1s: Scenario = {
  name: 'aof-lost-1s',
  row: lost,
  short: true,
  plan: (world) => restartWithout(world, 1_000),
};

export const aofLost3s: Scenario = {
  name: 'aof-lost-3s',
  row: lost,
  plan: (world) => restartWithout(world, 3_000),
};

export const failover2s: Scenario = {
  name: 'failover-lost-2s',
  row: lost,
  short: true,
  world: { replica: true },
  async plan(world) {
    const { replica, replicaLink } = world;
    if (replica === undefined || replicaLink === undefined) throw new Error('the world has no replica');
    process.kill(replica.pid, 'SIGSTOP');
    await pause(2_000);
    await world.during('failover', { without: world.names }, async () => {
      // What waits for the replica in its connection must not reach it once it goes on.
      replicaLink.cut();
      await world.redis.kill();
      continueProcess(replica.pid);
      await eventually(() => replica.client().replicaof('NO', 'ONE'), { withinMs: 10_000 });
      world.leadTo(replica);
    });
  },
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
    await world.during(
      'FLUSHALL, all gateways killed',
      { without: world.names, down: world.names },
      async () => {
        await Promise.all(world.gateways.map((gateway) => world.killGateway(gateway)));
        await world.redis.client().flushall();
        await Promise.all(world.gateways.map((gateway) => world.restartGateway(gateway)));
      },
    );
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

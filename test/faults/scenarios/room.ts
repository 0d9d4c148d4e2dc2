/** Redis without room: a disk that is full, memory at its bound. It goes on reading and refuses to write. */
import { pause } from '../../helpers/fleet.ts';
import { requestsOf } from '../history.ts';
import { figureAt, note, promise } from '../notes.ts';
import type { Scenario } from '../scenario.ts';
import { boundedLauncher, canBoundFiles, fillDisk, freeDisk } from '../tools/full-disk.ts';
import type { World } from '../world.ts';

/** Leaves Redis without room for a time, and looks whether it refused to write. */
async function withoutRoom(
  world: World,
  fault: { name: string; refusal: string; forMs: number; begin: () => unknown; end: () => unknown },
): Promise<void> {
  const { name, refusal, forMs, begin, end } = fault;
  const look = world.redis.client();
  await world.during(name, {}, async () => {
    await begin();
    await pause(forMs);
    const said = await look.set('probe', '1').then(String, String);
    note(world, 'joins refused after, s', refusedAfterSec(world));
    promise(world, `Redis refused writes meanwhile (${refusal})`, said.includes(refusal));
    await end();
  });
}

/** Median of what joins waited for their refusal. */
function refusedAfterSec({ history }: World): string {
  const took = requestsOf(history.records)
    .filter(({ op, http }) => op === 'join' && http === 503)
    .map(({ sentMs, answeredMs }) => answeredMs - sentMs);
  return (figureAt(0.5, took) / 1_000).toFixed(2);
}

export const diskFull: Scenario = {
  name: 'disk-full',
  row: 'no room for the append-only file: Redis refuses to write until there is',
  short: true,
  missing: () => (canBoundFiles() ? undefined : 'no prlimit (util-linux) on PATH'),
  world: { redis: { aof: true, launcher: boundedLauncher } },
  plan: (world, isShort) =>
    withoutRoom(world, {
      name: 'disk full',
      forMs: isShort ? 5_000 : 10_000,
      refusal: 'MISCONF',
      begin: () => fillDisk(world.redis.pid, world.redis.dir, 2_000),
      end: () => freeDisk(world.redis.pid),
    }),
};

export const memoryFull: Scenario = {
  name: 'memory-full',
  row: 'maxmemory reached (noeviction): Redis refuses to write until there is room',
  plan: (world) =>
    withoutRoom(world, {
      name: 'maxmemory',
      forMs: 10_000,
      refusal: 'OOM',
      begin: () => world.redis.client().config('SET', 'maxmemory', '1mb'),
      end: () => world.redis.client().config('SET', 'maxmemory', '0'),
    }),
};

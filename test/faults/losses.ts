/** Ways in which Redis forgets what it had answered, for scenarios and random runs. Nothing else may fail meanwhile. */
import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../helpers/eventually.ts';
import { pause } from '../helpers/fleet.ts';
import { continueProcess, type World } from './world.ts';

/** The file that commands are appended to; another one after each rewrite. */
async function appendFile({ redis }: World): Promise<string> {
  const dir = join(redis.dir, 'appendonlydir');
  const names = (await readdir(dir)).filter((each) => each.endsWith('.incr.aof'));
  const numberOf = (name: string): number => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1] ?? 0);
  const newest = names.toSorted((a, b) => numberOf(b) - numberOf(a))[0];
  if (newest === undefined) throw new Error(`no append-only file in ${dir}`);
  return join(dir, newest);
}

/**
 * SIGKILL, then a start from a file without the writes of the last `lostMs`.
 *
 * @returns bytes of writes lost
 */
export async function restartWithout(world: World, lostMs: number): Promise<number> {
  const file = await appendFile(world);
  const { size } = await stat(file);
  await pause(lostMs);
  const name = `Redis SIGKILL, to be started without its last ${lostMs} ms`;
  const lost = await world.during(name, { without: world.names }, async () => {
    await world.redis.kill();
    // A file that was rewritten meanwhile has no such end.
    const isSame = (await appendFile(world)) === file;
    const bytes = isSame ? (await stat(file)).size - size : 0;
    if (bytes > 0) await truncate(file, size);
    return bytes;
  });
  await world.redis.restart();
  return lost;
}

/** SIGKILL and a start with all that it had written to its file; it is gone for `goneMs`. */
export async function restart(world: World, goneMs: number): Promise<void> {
  await world.during('Redis SIGKILL', { without: world.names }, async () => {
    await world.redis.kill();
    await pause(goneMs);
  });
  await world.redis.restart();
}

/** Stops the replica and its link for `lagMs`, ends the one that serves, and goes on with the replica. */
export async function failOver(world: World, lagMs: number): Promise<void> {
  const { replica, replicaLink } = world;
  if (replica === undefined || replicaLink === undefined) throw new Error('the world has no replica');
  process.kill(replica.pid, 'SIGSTOP');
  // What waits for the replica in its connection must not reach it once it goes on.
  replicaLink.cut();
  await pause(lagMs);
  await world.during(`failover to a replica ${lagMs} ms behind`, { without: world.names }, async () => {
    await world.redis.kill();
    continueProcess(replica.pid);
    await eventually(() => replica.client().replicaof('NO', 'ONE'), { withinMs: 10_000 });
    world.leadTo(replica);
  });
}

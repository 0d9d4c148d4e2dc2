/** What the fault suite breaks servers with: a clock that is set, and a disk without room. */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { clockEnv, fakeClock, findFaketime, redisWith } from '../faults/tools/fake-clock.ts';
import { boundedLauncher, canBoundFiles, fillDisk, freeDisk } from '../faults/tools/full-disk.ts';
import { eventually } from '../helpers/eventually.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const library = findFaketime();
const bounds = canBoundFiles();
let server: TestRedis | undefined;

afterEach(() => server?.stop());

it('are all there where CI is set', () => {
  if (process.env.CI !== undefined) expect([library, bounds]).toEqual([expect.any(String), true]);
});

/** Seconds by which the server's clock is ahead of ours, to the whole second. */
async function aheadSec(of: TestRedis): Promise<number> {
  const [sec] = await of.client().time();
  return Math.round(Number(sec) + 0.5 - Date.now() / 1000);
}

describe.skipIf(library === undefined)('a clock by libfaketime', () => {
  it('is off from the start', async () => {
    server = await startRedis({ launcher: redisWith(clockEnv(library ?? '', { aheadSec: -90 })) });
    expect(Math.abs((await aheadSec(server)) + 90)).toBeLessThanOrEqual(1);
  });

  it('is set forward and back while the program runs', async () => {
    const clockIn = (dir: string) => fakeClock(library ?? '', join(dir, 'clock'));
    const redis = await startRedis({ launcher: (dir) => redisWith(clockIn(dir).env) });
    server = redis;
    const clock = clockIn(redis.dir);
    for (const wanted of [30, -30, 0]) {
      clock.set(wanted);
      await eventually(async () => Math.abs((await aheadSec(redis)) - wanted) <= 1);
    }
  });
});

describe.skipIf(!bounds)('a disk without room', () => {
  it('makes Redis refuse writes, not end, until there is room again; nothing that it took is lost', async () => {
    server = await startRedis({ aof: true, launcher: boundedLauncher });
    const client = server.client();
    await client.set('before', '1');
    fillDisk(server.pid, server.dir, 300);
    await eventually(() => client.set('big', 'x'.repeat(1_000)).then(() => false, refusesWrites), {
      withinMs: 10_000,
      everyMs: 100,
    });
    expect(await client.get('before')).toBe('1');
    freeDisk(server.pid);
    await eventually(() => client.set('after', '1'), { withinMs: 10_000, everyMs: 100 });
    await server.restart();
    expect(await server.client().mget('before', 'after')).toEqual(['1', '1']);
  });
});

const refusesWrites = (error: unknown): boolean => String(error).includes('MISCONF');

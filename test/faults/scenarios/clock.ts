/** Clocks that are wrong: two gateways' by 90 s, and Redis's, which is set back and forward. */
import { join } from 'node:path';
import { pause } from '../../helpers/fleet.ts';
import { note } from '../notes.ts';
import type { Scenario } from '../scenario.ts';
import { clockEnv, type FakeClock, fakeClock, findFaketime, redisWith } from '../tools/fake-clock.ts';
import type { World } from '../world.ts';

const library = findFaketime();
const missing = (): string | undefined =>
  library === undefined ? 'libfaketime is not installed (Debian: apt-get install faketime)' : undefined;

export const gatewayClocks: Scenario = {
  name: 'gateway-clocks',
  row: 'gateways whose clocks are 90 s ahead, 90 s behind, and a twentieth too fast',
  missing,
  short: true,
  world: {
    gatewayEnv: {
      g1: clockEnv(library ?? '', { aheadSec: 90 }),
      g2: clockEnv(library ?? '', { aheadSec: -90 }),
      g3: clockEnv(library ?? '', { aheadSec: 0, speed: 1.05 }),
    },
  },
  // They are wrong from the start on.
  plan: (_world, isShort) => pause(isShort ? 5_000 : 10_000),
};

/** Of a Redis with this data directory. */
const clockIn = (dir: string): FakeClock => fakeClock(library ?? '', join(dir, 'clock'));
const stepSec = 30;
const refillPerSec = 50;

/** Sets Redis's clock; a jump forward lets in as many as the time that it leaps over would have, a full bucket at most. */
async function setClock(world: World, aheadSec: number, leapSec: number): Promise<void> {
  const sentMs = performance.now();
  await world.during(`Redis's clock at ${aheadSec} s`, {}, async () => {
    clockIn(world.redis.dir).set(aheadSec);
    // Two seconds until Redis looks at the file, and some for a busy machine.
    await pause(2_500);
  });
  if (leapSec <= 0) return;
  const answeredMs = performance.now();
  const rest = { kind: 'settings', capacity: 50, paused: false } as const;
  const leapPerSec = refillPerSec + (leapSec * refillPerSec * 1000) / (answeredMs - sentMs);
  world.history.add({ ...rest, sentMs, answeredMs: sentMs, refillPerSec: leapPerSec });
  world.history.add({ ...rest, sentMs: answeredMs, answeredMs, refillPerSec });
}

export const redisClock: Scenario = {
  name: 'redis-clock-steps',
  row: "Redis's clock set back by 30 s, and 10 s later forward again",
  missing,
  world: { redis: { aof: true, launcher: (dir) => redisWith(clockIn(dir).env) } },
  afterSec: 10,
  async plan(world) {
    const grantsBefore = grants(world);
    await setClock(world, -stepSec, 0);
    await pause(10_000);
    note(world, 'let in while the clock was behind', grants(world) - grantsBefore);
    await setClock(world, 0, stepSec);
  },
};

const grants = ({ history }: World): number =>
  history.records.filter((record) => record.kind === 'request' && record.pass !== undefined).length;

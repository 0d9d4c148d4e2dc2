/** Redis that forgets: a restart from a file without its end, a replica that lagged, a wipe. */
import { keysOf } from '../../../src/queue/scripts.ts';
import { eventually } from '../../helpers/eventually.ts';
import { pause } from '../../helpers/fleet.ts';
import { failOver, restartWithout } from '../losses.ts';
import { note, promise } from '../notes.ts';
import type { Scenario } from '../scenario.ts';
import type { World } from '../world.ts';

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

/** Places up to `lastSeq` that Redis knows of: waiting now, or ended in a way that it remembers. */
async function known({ client, eventId }: World, lastSeq: number): Promise<number> {
  const { waiting, ended } = keysOf(eventId);
  const bytes = Math.max(0, Math.floor(lastSeq / 8) - 1);
  // An end is one bit of two, but for the few that expired.
  const [waits, ends] = await Promise.all([
    client.bitcount(waiting, 0, bytes),
    client.bitcount(ended, 0, bytes * 2),
  ]);
  return waits + ends;
}

/** How many of the places are known again, and after how long; looks for `forMs` at most. */
async function noteReturn(world: World, before: { seq: number; places: number }, forMs: number) {
  const startedMs = performance.now();
  let [most, atMs] = [0, startedMs];
  while (most < before.places && performance.now() < startedMs + forMs) {
    const now = await known(world, before.seq).catch(() => 0);
    if (now > most) [most, atMs] = [now, performance.now()];
    await pause(100);
  }
  note(
    world,
    'places known again',
    `${most} of ${before.places}, after ${((atMs - startedMs) / 1000).toFixed(1)} s`,
  );
}

async function beforeLoss(world: World): Promise<{ seq: number; places: number }> {
  const seq = Number(await world.client.hget(keysOf(world.eventId).meta, 'seq'));
  return { seq, places: await known(world, seq) };
}

/** More come than go, so that many wait. */
const manyWait = {
  world: { refillPerSec: 15, capacity: 15 },
  crowd: { arrivalsPerSec: 80, pollShare: 0.5 },
  beforeSec: 8,
} as const;

export const wipe: Scenario = {
  name: 'wipe',
  row: 'Redis wiped, gateways alive: a pause, then places as before',
  short: true,
  ...manyWait,
  async plan(world) {
    const before = await beforeLoss(world);
    await world.during('FLUSHALL', {}, () => world.redis.client().flushall());
    await noteReturn(world, before, 10_000);
    // People enter again once all gateways have said what they knew, 5 s at most.
    await pause(4_000);
  },
};

export const wipeAndRestart: Scenario = {
  name: 'wipe-tokens-only',
  row: "Redis wiped, every gateway started anew: places come back by the visitors' tokens, paused until an operator resumes",
  ...manyWait,
  // Nobody knows any more who had entered or left: asked by their tokens, they wait again.
  isExcused: ({ rule, text }) => rule === 'an end stays an end' || /waiting, not (entered|left)$/.test(text),
  async plan(world) {
    const before = await beforeLoss(world);
    await world.during('FLUSHALL, all gateways killed', { down: world.names }, async () => {
      await Promise.all(world.gateways.map((gateway) => world.killGateway(gateway)));
      await world.redis.client().flushall();
      await Promise.all(world.gateways.map((gateway) => world.restartGateway(gateway)));
    });
    await eventually(() => world.event(), { withinMs: 20_000, everyMs: 50 });
    const isPaused = async () => (await world.client.hget((await world.event()).keys.meta, 'paused')) === '1';
    promise(world, 'the event came back paused', await isPaused());
    // Who polls meanwhile is back before anybody is let in. Who had entered or left does not poll any more.
    await noteReturn(world, before, 12_000);
    await world.change({ ...manyWait.world, paused: false });
  },
};

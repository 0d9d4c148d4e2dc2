/** Three gateways of the version before are replaced by this one's one by one, and the other way round. */
import { previousDist, previousMissing } from '../../helpers/previous-version.ts';
import { requestsOf } from '../history.ts';
import { figureAt, note, promise } from '../notes.ts';
import { type Build, type Gone, roll } from '../roll.ts';
import type { Scenario } from '../scenario.ts';
import { type StreamFigures, StreamFolk } from '../stream-folk.ts';
import type { World } from '../world.ts';

const before = (): Build => ({ name: 'before', dist: previousDist() });
const now: Build = { name: 'now', dist: 'dist' };

const streams = 30;
/** SPEC of a drain, s. */
const drainSec = 25;

export const rolling: Scenario = {
  name: 'rolling',
  row: 'a new version rolled out and rolled back, gateway by gateway: no request fails',
  short: true,
  isSmooth: true,
  absent: previousMissing,
  dist: () => before().dist,
  // More come than go, so that there is a line, and tokens for more than those with streams, who never enter. This version's
  // notice, and with it its hand-over, are half as long as in production.
  world: { workers: 2, refillPerSec: 25, capacity: 150, env: { SERVER_DRAIN_NOTICE_MS: '2500' } },
  crowd: { arrivalsPerSec: 45 },
  async plan(world, isShort) {
    await forgetRuns(world);
    const folk = new StreamFolk(world);
    try {
      await folk.come(streams);
      const gone: Promise<Gone>[] = [];
      const ways = isShort ? [now, before()] : [now, before(), now, now];
      for (const to of ways) await roll(world, to, gone);
      judge(world, await Promise.all(gone));
    } finally {
      await folk.close();
    }
    judgeStreams(world, await folk.figures());
  },
};

/** As the version before makes events: it knows of no runs of Redis. */
async function forgetRuns(world: World): Promise<void> {
  const { keys } = await world.event();
  await world.client.hdel(keys.meta, 'run', 'recoveries', 'recoverUntil', 'joinsFrom', 'skipped');
  await world.client.del(keys.mark);
}

function judgeStreams(world: World, { handedOver, failed, gapSec, away }: StreamFigures): void {
  const gaps = Object.entries(gapSec).map(([build, sec]) => `${sec.toFixed(1)} (${build})`);
  note(
    world,
    'streams',
    `${streams} held, ${handedOver} handed over, ${failed} failed, stepped around ${away}`,
  );
  note(world, 'longest gap of a stream, s', gaps.join(', '));
  promise(world, `no stream failed (${failed})`, failed === 0);
  promise(world, `nobody with a stream was stepped around (${away})`, away === 0);
}

/** Each went as it should, and what it took. */
function judge(world: World, gone: readonly Gone[]): void {
  for (const one of gone) {
    const isGood = one.code === 0 && one.saidSo && one.tookSec <= drainSec;
    promise(world, `drained within ${drainSec} s, said so and ended with 0: ${JSON.stringify(one)}`, isGood);
  }
  const drains = gone.map(({ name, tookSec }) => `${name} ${tookSec.toFixed(1)}`).join(', ');
  note(world, 'drained in, s', drains);
  const took = requestsOf(world.history.records).map(({ sentMs, answeredMs }) => answeredMs - sentMs);
  const at = (share: number): string => figureAt(share, took).toFixed(0);
  note(world, 'answered in, ms', `p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(0.999999)}`);
}

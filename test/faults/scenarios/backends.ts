/** A reservation service that answers too late, then not at all: reservations are refused fast, and the line knows nothing of it. */
import { eventually } from '../../helpers/eventually.ts';
import { pause } from '../../helpers/fleet.ts';
import { goodAnswer, startGrpcServices } from '../../helpers/grpc-services.ts';
import { type Booking, Fans } from '../fans.ts';
import { isFailed } from '../normal.ts';
import { figureAt, note, promise } from '../notes.ts';
import type { Scenario } from '../scenario.ts';
import type { World } from '../world.ts';

const seconds = (ms: number): string => (ms / 1_000).toFixed(2);

export const backendsDown: Scenario = {
  name: 'backends-down',
  row: 'backends slow, then down: 503/504 fast, no retry storm, the line goes on',
  short: true,
  isSmooth: true,
  world: { backends: true },
  async plan(world) {
    const fans = new Fans(world);
    try {
      await fans.enter(12);
      fans.start();
      await pause(1_500);
      const well = fans.drain();
      promise(
        world,
        'reservations were answered before',
        well.every(({ http }) => http === 200),
      );
      world.services.answer = async (asked) => pause(2_000).then(() => goodAnswer(asked));
      await slow(world, fans);
      world.services.answer = goodAnswer;
      await down(world, fans);
      const startedMs = performance.now();
      world.services = await startGrpcServices({ port: world.services.port });
      await eventually(() => fans.drain().some(({ http }) => http === 200), {
        withinMs: 15_000,
        everyMs: 50,
      });
      note(world, 'reservations again after, s', seconds(performance.now() - startedMs));
    } finally {
      await fans.close();
    }
  },
};

async function slow(world: World, fans: Fans): Promise<void> {
  const before = world.services.asked.length;
  await world.during('the reservation service answers after 2 s', {}, () => pause(6_000));
  const bookings = fans.drain();
  const calls = world.services.asked.length - before;
  note(world, 'slow: calls for requests', `${calls} for ${bookings.length}`);
  judge(world, 'slow', bookings);
  promise(world, 'no more calls than requests', calls <= bookings.length);
}

async function down(world: World, fans: Fans): Promise<void> {
  await world.services.stop();
  // What became of calls under way nobody can know, and it may be told so (502): they end by their deadline of 0.6 s.
  await pause(1_000);
  const underWay = fans.drain().filter(isFailed);
  const answers = [...new Set(underWay.map(({ http }) => http))].sort();
  note(world, 'as it went: refused', `${underWay.length} by ${answers.join(', ')}`);
  promise(
    world,
    'as it went: 502, 503 or 504',
    answers.every((http) => http >= 502 && http <= 504),
  );
  await world.during('the reservation service is gone', {}, () => pause(4_000));
  judge(world, 'down', fans.drain());
}

/** All were refused, in time, and told when to come back. */
function judge(world: World, name: string, bookings: readonly Booking[]): void {
  const took = bookings.map(({ tookMs }) => tookMs);
  const longest = Math.max(0, ...took);
  note(
    world,
    `${name}: refused after, s`,
    `${seconds(figureAt(0.5, took))} (median), ${seconds(longest)} at most`,
  );
  promise(world, `${name}: there were requests`, bookings.length > 10);
  promise(world, `${name}: nobody waits for more than 2 s`, longest < 2_000);
  const isRefused = ({ http, hasRetryAfter }: Booking) => http === 504 || (http === 503 && hasRetryAfter);
  // One may have been answered well at the very edge of the fault.
  const others = bookings.filter((booking) => !isRefused(booking) && booking.http !== 200);
  const answers = [...new Set(others.map(({ http }) => http))];
  if (others.length > 0)
    note(world, `${name}: answered otherwise`, `${others.length} by ${answers.join(', ')}`);
  promise(world, `${name}: refused by 503 with Retry-After or 504`, others.length === 0);
}

/** One hour of the soak: the whole life of an event, as operators and visitors make it. Times are seconds of the slot. */
import { runCrowd } from '../../../src/simulator/crowd.ts';
import { joinAt, pause } from '../../helpers/fleet.ts';
import { tokenOf } from '../../helpers/office.ts';
import type { Noise } from './noise.ts';
import { openStream } from './open-stream.ts';
import type { World } from './world.ts';

/** Length of an hour, s: 24 in 20 min. */
export const hourSec = 50;
const visitors = 1_200;
/** Browsers that hold the stream of their place open; every other one vanishes without a word. */
const browsers = 40;

export interface Lived {
  readonly entered: number;
  readonly polls: number;
  /** Answers that no visitor of a sound line gets, such as a 500 or a connection error. */
  readonly troubles: number;
}

/** Lives it; the event is deleted at its end. */
export async function liveHour(world: World, noise: Noise, hour: number): Promise<Lived> {
  const { act, office } = world;
  const event = `evt_soak_${hour}`;
  const startedMs = performance.now();
  const until = (sec: number): Promise<void> =>
    pause(Math.max(0, startedMs + sec * 1000 - performance.now()));
  const at = (sec: number): string => new Date(Date.now() + sec * 1000).toISOString();
  // Every third is a test event: those can be flushed.
  const test = hour % 3 === 2;
  await act(event, {
    type: 'event.create',
    ...{ name: `Hour ${hour}`, test, refillPerSec: 60, capacity: 100, prequeueFrom: at(1), opensAt: at(6) },
  });
  const watching = new AbortController();
  const watchers = ['/stream', '/stream?write=1'].map((path) =>
    openStream(`${office.admins[0]?.url}/admin/v1/events/${event}${path}`, watching.signal, tokenOf('ada')),
  );
  await until(2);
  noise.event = event;
  const crowd = runCrowd({
    ...{ gateway: office.urls, event, visitors, arrivals: { kind: 'poisson', perSec: 80 }, connections: 32 },
    ...{ noShow: 0.1, neverEnter: 0.05, leave: 0.1, leaveWithinMs: 15_000, signedIn: 0.3, doubleClick: 0.05 },
    ...{ enterCopies: 2, buy: 0.2, neverPay: 0.2, payFail: 0.1, repeat: 0.1, seed: hour + 1 },
    ...{ runId: `soak-${hour}`, forMs: 34_000 },
  });
  const browsing = new AbortController();
  const tokens = await joinBrowsers(world, event, hour);
  const streams = tokens.map((token, each) => {
    const url = office.urls[each % office.urls.length];
    return openStream(`${url}/api/v1/queue/stream?token=${token}`, browsing.signal);
  });
  await operate(world, event, until);
  const report = await crowd;
  browsing.abort();
  noise.event = undefined;
  noise.remember(tokens);
  await end(world, { event, test }, until);
  watching.abort();
  await Promise.all([...watchers, ...streams]);
  const { connectionErrors, outcomes, requests } = report;
  const broken = Object.values(connectionErrors).reduce((sum, count) => sum + count, 0);
  return { entered: outcomes.entered, polls: requests.status, troubles: broken + outcomes.lost };
}

async function joinBrowsers({ office }: World, event: string, hour: number): Promise<string[]> {
  const joins = Array.from({ length: browsers }, (_, each) =>
    joinAt(office.urls[each % office.urls.length] ?? '', event, {
      headers: { 'idempotency-key': `browser-of-the-soak-${hour}-${each}` },
    }),
  );
  return (await Promise.all(joins)).flatMap(({ body: { waiting_token: token } }) =>
    typeof token === 'string' ? [token] : [],
  );
}

/** What operators change while people wait. */
async function operate(
  { act, look }: World,
  event: string,
  until: (sec: number) => Promise<void>,
): Promise<void> {
  const path = `/admin/v1/events/${event}`;
  await until(8);
  await act(event, { type: 'bucket.set', refillPerSec: 80, rampSec: 3 });
  await act(event, { type: 'settings.set', presenceSec: 10, window: 400 });
  await until(12);
  await act(event, { type: 'queue.message', text: 'Doors are open', forSec: 5 });
  const { auditId } = await act(event, { type: 'queue.pause' });
  await Promise.all([look(`${path}/positions?limit=100`), look('/admin/v1/audit?limit=50')]);
  await until(15);
  if (auditId === null) await act(event, { type: 'queue.resume' });
  else await act(event, { type: 'undo', auditId });
  await until(20);
  await act(event, { type: 'queue.pause' });
  const expired = await act(event, { type: 'queue.expire', silentForSec: 10 });
  await act(event, { type: 'queue.resume' });
  await until(23);
  if (expired.auditId !== null) await act(event, { type: 'undo', auditId: expired.auditId });
  await until(28);
  await act(event, { type: 'bucket.reset' });
  await look(`/admin/v1/doctor?event=${event}`);
  await until(30);
  await act(event, { type: 'queue.drain', deadlineSec: 4 });
  await until(36);
}

/** Closed by the deadline of its drain, or now; then everything of it goes. */
async function end(
  { act, look }: World,
  { event, test }: { event: string; test: boolean },
  until: (sec: number) => Promise<void>,
): Promise<void> {
  await until(39);
  await look(`/admin/v1/events/${event}/snapshot`);
  await act(event, { type: 'queue.close', soldOut: 'The hour is over' });
  if (test) await act(event, { type: 'queue.flush' });
  await until(40);
  await act(event, { type: 'event.delete' });
}

/** No admin API at all: what was set for a time comes back, an event opens on time, and a new admin API takes up the line. */
import { randomBytes } from 'node:crypto';
import { eventually } from '../../helpers/eventually.ts';
import { joinAt, pause } from '../../helpers/fleet.ts';
import { note, promise } from '../notes.ts';
import type { Scenario } from '../scenario.ts';
import { startAdmin } from '../tools/operators.ts';
import type { World } from '../world.ts';

const slowerSec = 8;
/** Longer than a busy machine takes for two commands. */
const opensInSec = 15;
const before = { refillPerSec: 50, capacity: 50, paused: false } as const;
const slower = { ...before, refillPerSec: 20 } as const;

export const adminGone: Scenario = {
  name: 'admin-gone',
  row: 'every admin API gone: timed changes happen, a new one gives the CLI back',
  isSmooth: true,
  async plan(world) {
    const other = `evt_${randomBytes(5).toString('hex')}`;
    const admin = await startAdmin(world);
    let opensAtMs: number;
    let backAtMs: number;
    try {
      const because = ['--reason', 'fault suite', '--yes'];
      opensAtMs = Date.now() + opensInSec * 1_000;
      const opensAt = new Date(opensAtMs).toISOString();
      await admin.tacos(['event', 'create', other, '--opens-at', opensAt, ...because]);
      const sentMs = performance.now();
      const words = ['bucket', 'set', world.eventId, '--refill', '20', '--for', `${slowerSec}s`];
      await admin.tacos([...words, ...because]);
      const answeredMs = performance.now();
      const backMs = slowerSec * 1_000;
      backAtMs = answeredMs + backMs;
      world.history.add({ kind: 'settings', sentMs, answeredMs, ...slower });
      const back = { sentMs: sentMs + backMs, answeredMs: answeredMs + backMs };
      world.history.add({ kind: 'settings', ...back, ...before });
    } finally {
      await admin.kill();
    }
    await world.during('no admin API', {}, () => untilOpen(world, other, opensAtMs));
    await pause(Math.max(0, backAtMs - performance.now()) + 1_000);
    await takeUp(world);
  },
};

/** Asks to join until the event takes it, and notes how far from its time that was. */
async function untilOpen(world: World, event: string, opensAtMs: number): Promise<void> {
  const answers = new Set<number>();
  let index = 0;
  const openedMs = await eventually(
    async () => {
      index += 1;
      const gateway = world.gateways[index % world.gateways.length];
      const sentMs = Date.now();
      const { status } = await joinAt(`${gateway?.url}`, event);
      if (status === 202) return sentMs;
      answers.add(status);
      return false;
    },
    { withinMs: opensInSec * 1_000 + 10_000, everyMs: 50 },
  );
  const lateMs = openedMs - opensAtMs;
  note(world, 'the other event opened late by, s', (lateMs / 1_000).toFixed(2));
  promise(world, 'the event opened on time', lateMs > -100 && lateMs < 1_000);
  promise(
    world,
    'joins before it were 403',
    [...answers].every((status) => status === 403),
  );
}

/** A new admin API, somewhere: the CLI shows what is in force. */
async function takeUp(world: World): Promise<void> {
  const startedMs = performance.now();
  const admin = await startAdmin(world);
  try {
    const item = await eventually(
      async () => {
        const shown = await admin.tacos(['bucket', 'get', world.eventId]);
        return shown.item as { refillPerSec: { now: number } };
      },
      { withinMs: 30_000, everyMs: 200 },
    );
    note(world, 'CLI back after, s', ((performance.now() - startedMs) / 1_000).toFixed(1));
    promise(world, 'the refill came back by itself', item.refillPerSec.now === before.refillPerSec);
  } finally {
    await admin.kill();
  }
}

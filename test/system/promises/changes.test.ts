import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Desk } from '../../../src/queue/desk/desk.ts';
import { type Fleet, joinAt, pause, startFleet, statusAt } from '../../helpers/fleet.ts';
import { actOn, openWholeDesk } from '../../helpers/whole-desk.ts';

describe("promise 9: an operator's change is in force on every gateway within 1 s", () => {
  let fleet: Fleet;
  let desk: Desk;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 3, workers: 2 });
    desk = await openWholeDesk(fleet.redis.port);
  });
  afterAll(async () => {
    await desk.close();
    await fleet.stop();
  });

  /** Waits until all six workers report for the event. */
  const served = async (reporters: string): Promise<void> => {
    while ((await fleet.look.hlen(reporters)) < 6) await pause(50);
  };

  it('and the receipt says so, in the gateways’ own behaviour too', async () => {
    const event = await fleet.event({ refillPerSec: 1, capacity: 100 });
    await served(event.keys.reporters);
    const tokens: string[] = [];
    for (const url of fleet.urls) tokens.push(String((await joinAt(url, event.id)).body.waiting_token));
    await pause(300);
    for (let round = 1; round <= 5; round += 1) {
      const reply = await actOn(desk, event.id, { type: 'bucket.set', refillPerSec: 1 + round });
      expect(reply).toMatchObject({ applied: true, revision: 1 + round });
      expect(reply.receipt).toMatchObject({ inForce: 3, of: 3, missing: [] });
      expect(reply.receipt?.afterMs).toBeLessThanOrEqual(1_000);
    }
    const paused = await fleet.store.setPhase(event, { action: 'pause', changeId: randomUUID(), audit: '' });
    expect(paused.word).toBe('applied');
    await pause(1_000);
    for (let index = 0; index < 60; index += 1) {
      const status = await statusAt(fleet.urls[index % 3] ?? '', tokens[index % 3] ?? '');
      expect(status.body).toMatchObject({ paused: true, ready_for_entry: false });
    }
  }, 60_000);

  it('and a gateway that is stopped is counted and named', async () => {
    const event = await fleet.event({ refillPerSec: 1 });
    await served(event.keys.reporters);
    const stopped = fleet.gateways[1];
    // The workers are the primary's children: stopping them all is what stops a gateway.
    const reports = await fleet.look.hgetall(event.keys.reporters);
    const gatewayIds = [...new Set(Object.values(reports).map((text) => text.split(' ')[2]))];
    expect(gatewayIds).toHaveLength(3);
    const pids = await workersOf(stopped?.pid ?? 0);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      const reply = await actOn(desk, event.id, { type: 'bucket.set', refillPerSec: 2 });
      expect(reply.receipt).toMatchObject({ inForce: 2, of: 3 });
      expect(reply.receipt?.missing).toHaveLength(1);
      expect(gatewayIds).toContain(reply.receipt?.missing[0]?.gateway);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
  }, 60_000);
});

/** A gateway's processes: the primary and its workers, from /proc. */
async function workersOf(pid: number): Promise<number[]> {
  const { readFile } = await import('node:fs/promises');
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return [pid, ...children.trim().split(/\s+/).filter(Boolean).map(Number)];
}

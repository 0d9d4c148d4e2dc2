import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueSnapshot } from '../../src/contract/snapshot.ts';
import type { Desk } from '../../src/queue/desk/desk.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Fleet, joinAt, pause, startFleet, statusAt } from '../helpers/fleet.ts';
import { type Probe, startProbe } from '../helpers/probe.ts';
import { openWholeDesk } from '../helpers/whole-desk.ts';

const key = Buffer.alloc(32, 7);
const sick = { calls: 100, slow: 60, p95Ms: 400 };

describe.each(['shadow', 'on'] as const)('the adaptive brake in mode %s', (mode) => {
  let fleet: Fleet;
  let desk: Desk;
  let event: EventRef;
  let probe: Probe;

  beforeAll(async () => {
    const keys = `k1:${key.toString('base64url')}`;
    fleet = await startFleet({
      gateways: 1,
      env: { BRAKE_MODE: mode, WAITING_TOKEN_KEYS: keys, RATE_LIMIT_ENABLED: 'false' },
    });
    desk = await openWholeDesk(fleet.redis.port);
    event = await fleet.event({ refillPerSec: 5, capacity: 20 });
    probe = await startProbe(fleet.store, event);
  });
  afterAll(async () => {
    await probe?.stop();
    await desk?.close();
    await fleet?.stop();
  });

  const snapshotWhere = (is: (brake: QueueSnapshot['brake']) => boolean) =>
    eventually(
      async () => {
        await desk.load(event.id);
        const brake = desk.snapshot(event.id)?.brake ?? null;
        if (!is(brake)) throw new Error(JSON.stringify(brake));
        return { brake };
      },
      { withinMs: 15_000, everyMs: 100 },
    );
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${fleet.urls[0]}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{event="${event.id}"\\} (\\S+)$`, 'm').exec(text)?.[1]);
  };

  it('is seen at the desk, in metrics and in the audit trail', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => joinAt(fleet.urls[0] ?? '', event.id)),
    );
    const token = String(answers.at(-1)?.body.waiting_token);
    const idle = await snapshotWhere((brake) => brake !== null);
    expect(idle.brake).toMatchObject({ mode, ratio: 1, reason: null, sinceAt: null });
    await probe.say(sick);
    const { brake } = await snapshotWhere(
      (is) => (mode === 'on' ? (is?.ratio ?? 1) : (is?.wouldBe ?? 1)) < 1,
    );
    expect(brake).toMatchObject({ mode, reason: 'payment p95 400 ms' });
    expect(Date.now() - Date.parse(brake?.sinceAt ?? '')).toBeLessThan(60_000);
    await eventually(async () => (await metric('brake_wanted_ratio')) < 1);
    const noticesOf = async () => (await statusAt(fleet.urls[0] ?? '', token)).body.notices ?? [];
    const records = await eventually(async () => {
      const items = await desk.audit({ event: event.id, limit: 10 });
      const braked = items.filter(({ action }) => action === 'bucket.brake');
      return braked.length > 0 ? braked : false;
    });
    expect(records).toMatchObject([{ actor: 'system', role: 'system', client: 'gateway', revision: 0 }]);

    if (mode === 'on') {
      // The desk may have heard of it before the gateway.
      await eventually(async () => expect(await metric('admission_brake_ratio')).toBeLessThan(1));
      await eventually(async () =>
        expect(JSON.stringify(await noticesOf())).toContain('more slowly for now'),
      );
      expect(records[0]?.rows).toEqual([{ name: 'brake', unit: 'percent', before: 100, after: 70 }]);
      return;
    }
    // Long enough for further steps: what it would do goes on, what is in force does not change.
    await snapshotWhere((is) => (is?.wouldBe ?? 1) < 0.5);
    await pause(1_500);
    expect(await metric('admission_brake_ratio')).toBe(1);
    expect(await noticesOf()).toEqual([]);
    const settings = (await fleet.journal(event)).filter(({ kind }) => kind === 'settings');
    expect(settings).toHaveLength(1);
    expect(await fleet.look.hexists(event.keys.meta, 'brake')).toBe(0);
    const items = await desk.audit({ event: event.id, limit: 10 });
    expect(items.filter(({ action }) => action === 'bucket.brake')).toHaveLength(1);
  });
});

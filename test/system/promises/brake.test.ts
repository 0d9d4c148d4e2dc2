import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { EventRef } from '../../../src/queue/store.ts';
import { parseTimedValue, valueAt } from '../../../src/queue/timed-value.ts';
import { type SimulatedBackends, startBackends } from '../../helpers/backends.ts';
import { eventually } from '../../helpers/eventually.ts';
import { call, enterAt, type Fleet, joinAt, pause, startFleet, statusAt } from '../../helpers/fleet.ts';
import { grantHistory, grantRate, worstExcess } from '../../helpers/grants.ts';
import { startProbe } from '../../helpers/probe.ts';

const refillPerSec = 40;
const floorPercent = 50;
/** Of the backends, ms: below the limit of 300 ms, and five times as much. */
const latency = { calm: 80, sick: 400 };

/** Asks for a seat as somebody who has just entered; gives the status of the answer. */
async function reserve(gateway: string, event: EventRef, pass: string, user: string): Promise<number> {
  const { status } = await call('POST', `${gateway}/api/v1/reservations`, {
    body: { event_id: event.id, quantity: 1, reservation_token: pass },
    headers: {
      authorization: 'Bearer load-test-bypass-token',
      'x-load-test': 'true',
      'x-user-id': user,
      'idempotency-key': `reserve-${user}`,
    },
  });
  return status;
}

/**
 * People who poll as often as they can, enter once they are told that they are ready, and then ask for a seat; so many
 * in the line at a time.
 */
function crowd(fleet: Fleet, event: EventRef, tokens: string[], at: number) {
  let running = true;
  const reservations: Promise<number>[] = [];
  const refused: unknown[] = [];
  const told = new Set<string>();
  const visitor = async (index: number): Promise<void> => {
    const gateway = fleet.urls[index % fleet.urls.length] ?? '';
    while (running) {
      const token = tokens.shift();
      if (token === undefined) return;
      for (;;) {
        const { body } = await statusAt(gateway, token);
        for (const notice of (body.notices ?? []) as { code: string; text: string }[]) told.add(notice.text);
        if (body.ready_for_entry === true) break;
        if (!running) return;
        await pause(100);
      }
      const user = `v-${token.slice(-20)}`;
      const answer = await enterAt(gateway, token, user);
      if (answer.status === 200)
        reservations.push(reserve(gateway, event, String(answer.body.reservation_token), user));
      else refused.push(answer.body);
    }
  };
  const all = Promise.all(Array.from({ length: at }, (_, index) => visitor(index)));
  return {
    refused,
    told,
    stop: async () => {
      running = false;
      await all;
      return Promise.all(reservations);
    },
  };
}

describe('the adaptive brake', () => {
  let fleet: Fleet;
  let event: EventRef;
  let backends: SimulatedBackends;

  beforeAll(async () => {
    backends = await startBackends({ seats: 20_000 });
    await backends.setLatency(latency.calm);
    fleet = await startFleet({
      gateways: 2,
      env: {
        ...backends.env,
        BRAKE_MODE: 'on',
        BRAKE_FLOOR_PERCENT: String(floorPercent),
        RATE_LIMIT_ENABLED: 'false',
      },
    });
    event = await fleet.event({ refillPerSec, capacity: 20, tiers: '1-=0', window: 500, presenceSec: 600 });
  });
  afterAll(async () => {
    await fleet?.stop();
    await backends?.stop();
  });

  const nowUs = async (): Promise<number> => {
    const [seconds, micros] = await fleet.client.time();
    return Number(seconds) * 1e6 + Number(micros);
  };
  /** Share of the refill in force now. */
  const ratio = async (): Promise<number> => {
    const brake = await fleet.look.hget(event.keys.meta, 'brake');
    return brake ? valueAt(parseTimedValue(brake), (await nowUs()) / 1000) / 1_000 : 1;
  };
  const until = (wanted: (ratio: number) => boolean, withinMs: number) =>
    eventually(
      async () => {
        const is = await ratio();
        if (!wanted(is)) throw new Error(`the ratio is ${is}`);
      },
      { withinMs, everyMs: 100 },
    );

  it('slows the line within 10 s, never under its floor nor over the setting, and is gone within 2 min', async () => {
    const tokens: string[] = [];
    for (let at = 0; at < 4_000; at += 50) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => joinAt(fleet.urls[i % 2] ?? '', event.id)),
      );
      tokens.push(...answers.map(({ body }) => String(body.waiting_token)));
    }
    const people = crowd(fleet, event, tokens, 40);
    // Whatever comes of this: the next test kills their gateways.
    onTestFinished(async () => void (await people.stop()));
    await pause(5_000);
    const sickUs = await nowUs();
    await backends.setLatency(latency.sick);
    await until((share) => share < 1, 10_000);
    await until((share) => share === floorPercent / 100, 15_000);
    const flooredUs = await nowUs();
    // A gateway hears of it from the journal, a little later.
    await eventually(async () => {
      const metrics = await (await fetch(`${fleet.urls[0]}/metrics`)).text();
      expect(metrics).toContain(`admission_brake_ratio{event="${event.id}"} ${floorPercent / 100}`);
    });
    await pause(6_000);
    const calmUs = await nowUs();
    await backends.setLatency(latency.calm);
    await until((share) => share === 1, 120_000);
    const backUs = await nowUs();
    await pause(4_000);
    const endUs = await nowUs();
    const reserved = await people.stop();

    const history = grantHistory(await fleet.journal(event));
    const full = grantRate(history, sickUs - 4e6, sickUs);
    const least = (refillPerSec * floorPercent) / 100;
    expect(full).toBeGreaterThan(0.8 * refillPerSec);
    const braked = grantRate(history, flooredUs + 1e6, calmUs);
    expect(braked).toBeGreaterThanOrEqual(0.8 * least);
    expect(braked).toBeLessThanOrEqual(1.2 * least);
    for (let us = sickUs; us + 5e6 <= endUs; us += 1e6)
      expect(grantRate(history, us, us + 5e6)).toBeGreaterThanOrEqual(0.8 * least);
    expect(grantRate(history, backUs, endUs)).toBeGreaterThan(0.8 * refillPerSec);
    expect(backUs - calmUs).toBeLessThan(120e6);

    // With what the brake let through, not with the setting: the bound is the braked one.
    const { excess, slack } = worstExcess(history);
    expect(excess).toBeLessThanOrEqual(slack);
    expect(people.refused).toEqual([]);
    expect(reserved.length).toBeGreaterThan(1_000);
    expect(reserved.filter((status) => status !== 201)).toEqual([]);
    const told = [...people.told].filter((text) => text.includes('more slowly for now'));
    expect(told).toHaveLength(1);

    const meta = await fleet.look.hgetall(event.keys.meta);
    expect(meta).toMatchObject({ revision: '1', brakeSince: '0', changedAt: '0' });
    const records = await fleet.look.xrange(event.keys.audit, '-', '+');
    const summaries = records
      .slice(1)
      .map(([, [, record = '{}']]) => JSON.parse(record) as { summary: string });
    const said = summaries.map(({ summary }) => summary.replace(/p95 \d+ ms/, 'p95 N ms'));
    expect(said[0]).toBe('brakes to 70 % of the refill: reservation p95 N ms');
    expect(said).toContain(`brakes to its floor, ${floorPercent} % of the refill: reservation p95 N ms`);
    expect(said.at(-1)).toBe('the brake is off again');
    // Not one for each step.
    expect(said.length).toBeLessThan(history.settings.length / 2);
  });

  it('goes on when the gateway that decides is killed, and is over when nobody decides', async () => {
    await joinAt(fleet.urls[0] ?? '', event.id);
    const probe = await startProbe(fleet.store, event);
    await probe.say({ calls: 100, slow: 60, p95Ms: 400 });
    await until((share) => share <= 0.7, 15_000);
    const sweeper = await fleet.look.hget(event.keys.meta, 'sweeper');
    const first = fleet.gateways.find(({ pid }) => sweeper?.includes(`-${pid}-`));
    if (!first) throw new Error(`nobody sweeps: ${sweeper}`);
    process.kill(first.pid, 'SIGKILL');
    await until((share) => share === floorPercent / 100, 20_000);
    const untilMs = Number((await fleet.look.hget(event.keys.meta, 'brake'))?.split(' ')[4]);
    const second = fleet.gateways.find((one) => one !== first);
    if (second) process.kill(second.pid, 'SIGKILL');
    expect(untilMs - (await nowUs()) / 1000).toBeLessThanOrEqual(30_000);
    await probe.stop();
  });
});

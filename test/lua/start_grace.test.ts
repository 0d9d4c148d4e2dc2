import { describe, expect, it } from 'vitest';
import { runScript } from '../../src/queue/scripts.ts';
import { at, atMs, joinAt, sweepAt, useLine } from './line.ts';

describe('start_grace', () => {
  const line = useLine();

  it('keeps whom nobody could hear in the line for 40 s', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0), 1_000);
    await store.startGrace(event, { nowUs: at(2) });
    expect(await redis.hget(event.keys.meta, 'graceAt')).toBe(String(atMs(2)));
    for (let sec = 3; sec < 42; sec += 3)
      expect(await sweepAt(store, event, at(sec))).toMatchObject({ silent: 0 });
    expect(await sweepAt(store, event, at(42.5))).toMatchObject({ silent: 3 });
  });

  it('begins the claim clocks anew', async () => {
    const { redis, store } = line;
    const event = await line.event({ claimMs: 10_000 });
    await joinAt(store, event, 2, at(0), 600_000);
    for (let sec = 0; sec <= 9; sec += 3) await sweepAt(store, event, at(sec));
    expect(await redis.llen(event.keys.turns)).toBeGreaterThan(0);
    await store.startGrace(event, { nowUs: at(9.5) });
    expect(await redis.llen(event.keys.turns)).toBe(0);
    for (let sec = 10; sec < 20; sec += 3)
      expect(await sweepAt(store, event, at(sec))).toMatchObject({ unclaimed: 0 });
    expect(await sweepAt(store, event, at(20.5))).toMatchObject({ unclaimed: 2 });
  });

  it('is nothing to another life of the event, nor to one that is not there', async () => {
    const { redis } = line;
    const event = await line.event();
    const ask = (incarnation: string, keys = event.keys) =>
      runScript(redis, 'start_grace', keys, { incarnation, nowUs: at(1) });
    expect(await ask('another')).toEqual(['fence', event.incarnation]);
    expect(await redis.hget(event.keys.meta, 'graceAt')).toBe('0');
    await redis.del(event.keys.meta);
    expect(await ask(event.incarnation)).toEqual(['absent']);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Alarm } from '../../src/contract/alarms.ts';
import { AlarmTeller } from '../../src/queue/desk/alarm-teller.ts';
import { globalKeys } from '../../src/queue/global-scripts.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

describe('alarms are told', () => {
  let server: TestRedis;
  let redis: RedisClient;
  beforeAll(async () => {
    server = await startRedis();
    redis = connect({ host: '127.0.0.1', port: server.port }, { name: 'test' });
    await whenReady(redis, 5_000);
  });
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const warn: Alarm = { id: 'redis-cpu', severity: 'warn', text: 't', since: new Date(0).toISOString() };
  const crit: Alarm = { ...warn, severity: 'crit' };
  const look = async (tellers: readonly AlarmTeller[], alarms: readonly Alarm[], event = 'evt_a') => {
    const told = [];
    for (const teller of tellers) told.push(...((await teller.look(new Map([[event, alarms]]))) ?? []));
    return told.map(({ event, on, alarm }) => `${event} ${alarm.severity} ${on ? 'on' : 'off'}`);
  };

  it('once over all processes: when they go on, when they change their severity and when they go off', async () => {
    const tellers = [new AlarmTeller(redis, 0), new AlarmTeller(redis, 0)];
    expect(await look(tellers, [])).toEqual([]);
    expect(await look(tellers, [warn])).toEqual(['evt_a warn on']);
    expect(await look(tellers, [{ ...warn, text: 'other figures' }])).toEqual([]);
    expect(await look(tellers, [crit])).toEqual(['evt_a crit on']);
    expect(await look(tellers, [])).toEqual(['evt_a crit off']);
    expect(await look(tellers, [])).toEqual([]);
  });

  it('by the next process where one goes, neither again nor never', async () => {
    const [first, second] = [new AlarmTeller(redis, 0), new AlarmTeller(redis, 0)];
    expect(await look([first], [warn])).toEqual(['evt_a warn on']);
    expect(await look([second], [warn])).toEqual([]);
    await first.close();
    expect(await look([second], [warn])).toEqual([]);
    expect(await look([first], [])).toEqual([]);
    expect(await look([second], [])).toEqual(['evt_a warn off']);
  });

  it('by the next process within seconds where one dies', async () => {
    const [first, second] = [new AlarmTeller(redis, 0), new AlarmTeller(redis, 0)];
    await look([first], [warn]);
    expect(await redis.pttl(globalKeys.alarmTeller)).toBeLessThanOrEqual(3_000);
    await redis.pexpire(globalKeys.alarmTeller, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await look([second, first], [])).toEqual(['evt_a warn off']);
  });

  it('as over only by a process that has watched long enough to know', async () => {
    const old = new AlarmTeller(redis, 0);
    await look([old], [warn]);
    await old.close();
    const fresh = new AlarmTeller(redis, 2_000);
    expect(await look([fresh], [])).toEqual([]);
    expect(await look([fresh], [warn])).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 2_020));
    expect(await look([fresh], [])).toEqual(['evt_a warn off']);
  });

  it('for each event on its own, and past what cannot be read', async () => {
    const teller = new AlarmTeller(redis, 0);
    await redis.hset(globalKeys.alarmsTold, 'evt_x broken', '{');
    expect(await look([teller], [warn], 'evt_b')).toEqual(['evt_b warn on']);
    expect(await look([teller], [warn], 'evt_c')).toEqual(['evt_c warn on', 'evt_b warn off']);
    expect(await redis.hkeys(globalKeys.alarmsTold)).toEqual(['evt_c redis-cpu']);
  });
});

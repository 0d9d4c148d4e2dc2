import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GlobalAudit } from '../../src/queue/desk/global-audit.ts';
import { globalKeys, globalScripts } from '../../src/queue/global-scripts.ts';
import { keysOf } from '../../src/queue/scripts.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

describe('copy_audit', () => {
  let server: TestRedis;
  let redis: RedisClient;
  let other: RedisClient;
  const open = async (): Promise<RedisClient> => {
    const { copy_audit } = globalScripts;
    const client = connect(
      { host: '127.0.0.1', port: server.port },
      { name: 'test', scripts: { copy_audit } },
    );
    await whenReady(client, 5_000);
    return client;
  };
  beforeAll(async () => {
    server = await startRedis();
    [redis, other] = await Promise.all([open(), open()]);
  });
  afterAll(async () => {
    redis.disconnect();
    other.disconnect();
    await server.stop();
  });

  type Script = { copy_audit(...args: string[]): Promise<unknown> };
  const copy = (event: string, after: string, last: string, records: readonly string[]) =>
    (redis as unknown as Script).copy_audit(
      globalKeys.audit,
      globalKeys.auditSeen,
      event,
      after,
      last,
      JSON.stringify(records),
    );
  const copies = async (event: string) =>
    (await redis.xrange(globalKeys.audit, '-', '+'))
      .map(([, fields]) => JSON.parse(fields[1] ?? '') as { event: string; auditId: string; summary: string })
      .filter((record) => record.event === event);
  const write = (event: string, number: number, more: object = {}) =>
    redis.xadd(
      keysOf(event).audit,
      '*',
      'record',
      JSON.stringify({ auditId: `aud_${number}`, summary: `change ${number}`, ...more }),
      'revision',
      number,
      'at',
      1_800_000_000_000 + number,
    );

  it('copies the texts as they are and moves the cursor', async () => {
    const text = '{"event":"evt_a","n":1.0,"s":"\\u001b[31m\\u0000 ü"}';
    expect(await copy('evt_a', '', '5-0', [text, '{}'])).toEqual(['copied', 2]);
    expect(await redis.hget(globalKeys.auditSeen, 'evt_a')).toBe('5-0');
    const stored = await redis.xrange(globalKeys.audit, '-', '+');
    expect(stored.map(([, fields]) => fields)).toEqual([
      ['record', text],
      ['record', '{}'],
    ]);
  });

  it('copies nothing for a sender whose cursor is old, and says where it stands', async () => {
    await copy('evt_b', '', '5-0', ['{"event":"evt_b"}']);
    for (const cursor of ['', '4-0', '6-0'])
      expect(await copy('evt_b', cursor, '9-0', ['{"event":"evt_b"}'])).toEqual(['moved', '5-0']);
    expect(await copies('evt_b')).toHaveLength(1);
  });

  it('refuses more than 500 records at once, and leaves the cursor', async () => {
    await expect(copy('evt_c', '', '1-0', Array(501).fill('{}'))).rejects.toThrow('too many');
    expect(await redis.hexists(globalKeys.auditSeen, 'evt_c')).toBe(0);
  });

  it('lets several processes race: every record is copied once, in order, and told by one of them', async () => {
    const desks = [new GlobalAudit(redis), new GlobalAudit(other), new GlobalAudit(redis)];
    const told: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      for (let each = 1; each <= 30; each += 1) await write('evt_race', round * 30 + each);
      const news = await Promise.all(desks.map((desk) => desk.copy(['evt_race', 'evt_nothing'])));
      told.push(...news.flat().map(({ auditId }) => auditId));
    }
    const all = Array.from({ length: 600 }, (_, index) => `aud_${index + 1}`);
    expect((await copies('evt_race')).map(({ auditId }) => auditId)).toEqual(all);
    expect(told.sort()).toEqual([...all].sort());
  });

  it('catches up with a long trail in batches', async () => {
    for (let each = 1; each <= 950; each += 1) await write('evt_long', each);
    const copied = await new GlobalAudit(redis).copy(['evt_long']);
    expect(copied.map(({ revision }) => revision)).toEqual(Array.from({ length: 950 }, (_, n) => n + 1));
    expect(await new GlobalAudit(other).copy(['evt_long'])).toEqual([]);
  });

  it('copies no raw settings, and passes over what is no record', async () => {
    await redis.xadd(keysOf('evt_odd').audit, '*', 'record', 'no json');
    await redis.xadd(keysOf('evt_odd').audit, '*', 'record', '{}');
    await write('evt_odd', 1, { restore: { refill: '1 2 3' } });
    expect(await new GlobalAudit(redis).copy(['evt_odd'])).toHaveLength(1);
    const [record] = await copies('evt_odd');
    expect(record).toMatchObject({ auditId: 'aud_1', undoable: true });
    expect(record).not.toHaveProperty('restore');
    expect(await new GlobalAudit(redis).copy(['evt_odd'])).toEqual([]);
  });
});

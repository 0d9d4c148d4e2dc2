import { describe, expect, it } from 'vitest';
import type { EventKind } from '../../src/queue/settings.ts';
import { runAt } from './jobs.ts';
import { at, digest, enterAt, hearAt, joinAt, sweepAt, useLine } from './line.ts';

describe('drop_event', () => {
  const line = useLine();

  /** An event of which every key exists. */
  async function busyEvent(kind: EventKind) {
    const { redis, store } = line;
    const event = await line.event({ kind, window: 2 });
    await joinAt(store, event, [{ person: digest('a') }, {}, {}], at(0), 0);
    await store.presence(event, { reporter: 'r1', gateway: 'gw1', revision: 1, records: '', nowUs: at(0) });
    await hearAt(store, event, [2, 3], at(0));
    await sweepAt(store, event, at(1));
    await sweepAt(store, event, at(2));
    await enterAt(store, event, 3, at(2), { subject: digest('s') });
    await hearAt(store, event, [1], at(3), 0);
    await store.leave(event, { seq: 2, nowUs: at(3) });
    await sweepAt(store, event, at(4));
    await joinAt(store, event, [{ person: digest('b') }], at(4));
    await runAt(store, event, 4, { kind: 'expire', seqs: [4] });
    await joinAt(store, event, [{ person: digest('b') }], at(4));
    await store.ask(event, { askId: 'a', what: 'seen', seq: 0, sinceMs: 0 });
    await store.noteAudit(event, { noteId: 'n', record: '{}' });
    await redis.hset(event.keys.sale, 'id', 'sale_1');
    await redis.hset(event.keys.survivors, 'w1', 't');
    await redis.hset(event.keys.counts, 'sum:join.QUEUE_FULL', 1);
    const { mark, ...rest } = event.keys;
    return { event, keys: Object.values(rest), exist: () => redis.exists(...Object.values(rest)), mark };
  }

  it('deletes every key of a test or auto-made event an hour after its last call', async () => {
    for (const kind of ['test', 'auto'] as const) {
      const { event, keys, exist, mark } = await busyEvent(kind);
      expect(await exist()).toBe(keys.length);
      expect(await line.store.dropEvent(event, { idleMs: 3_600_000, nowUs: at(3_603.999) })).toBe(false);
      expect([await line.redis.get(mark), await line.redis.ttl(mark)]).toEqual(['alive', -1]);
      expect(await exist()).toBe(keys.length);
      expect(await line.store.dropEvent(event, { idleMs: 3_600_000, nowUs: at(3_604) })).toBe(true);
      expect(await exist()).toBe(0);
      expect([await line.redis.get(mark), await line.redis.ttl(mark)]).toEqual(['deleted', 86_400]);
    }
  });

  it('keeps what an operator made', async () => {
    const { event, keys, exist } = await busyEvent('operator');
    expect(await line.store.dropEvent(event, { idleMs: 0, nowUs: at(1e6) })).toBe(false);
    expect(await exist()).toBe(keys.length);
  });

  it('counts joins and heartbeats as calls', async () => {
    const { store } = line;
    const event = await line.event({ kind: 'test' });
    await joinAt(store, event, 1, at(100));
    expect(await store.dropEvent(event, { idleMs: 100_000, nowUs: at(150) })).toBe(false);
    await hearAt(store, event, [1], at(150));
    expect(await store.dropEvent(event, { idleMs: 100_000, nowUs: at(249) })).toBe(false);
    expect(await store.dropEvent(event, { idleMs: 100_000, nowUs: at(250) })).toBe(true);
  });

  it('keeps an event of another incarnation, and says when there is none', async () => {
    const { redis, store } = line;
    const event = await line.event({ kind: 'test' });
    const drop = { idleMs: 0, nowUs: at(9_999) };
    await expect(store.dropEvent({ ...event, incarnation: 'other' }, drop)).rejects.toThrow('incarnation');
    expect(await redis.exists(event.keys.meta)).toBe(1);
    await store.dropEvent(event, drop);
    await expect(store.dropEvent(event, drop)).rejects.toThrow('gone');
  });
});

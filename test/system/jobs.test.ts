import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventRef } from '../../src/queue/store.ts';
import { openDesk, refused, type TestDesk } from '../helpers/desks.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Operator, openOperator } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { joinMany } from '../lua/line.ts';

let server: TestRedis;
let operator: Operator;
/** There is no gateway here whose sweeper would help. */
let desk: TestDesk;

const waiting = async ({ keys }: EventRef) => Number(await operator.redis.hget(keys.meta, 'waiting'));
const people = 1_700;

async function pausedLine(): Promise<EventRef> {
  const event = await operator.event();
  await joinMany(operator.store, event, people, Date.now() * 1_000);
  await eventually(async () => {
    await desk.desk.load(event.id);
    return desk.desk.snapshot(event.id)?.waiting === people;
  });
  await desk.one(event.id, { type: 'queue.pause' });
  return event;
}

beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  desk = await openDesk(server.port);
});
afterAll(async () => {
  await desk.desk.close();
  operator.close();
  await server.stop();
});

describe('a job on many places', () => {
  it('is carried on by a desk where the one that began it died', async () => {
    const event = await pausedLine();
    const job = { kind: 'expire', all: true, auditId: 'aud_dead', changeId: 'dead', audit: '{}' } as const;
    expect(await operator.store.startJob(event, job)).toMatchObject({ word: 'started' });
    await operator.store.stepJob(event, { limit: 10 });
    expect(await waiting(event)).toBeGreaterThan(0);
    await eventually(async () => (await waiting(event)) === 0, { withinMs: 10_000 });
    expect(await operator.store.tombs(event)).toMatchObject([{ auditId: 'aud_dead', places: people }]);
  });

  it('is done once when the same expiry comes twice at once, and another one meanwhile waits', async () => {
    const event = await pausedLine();
    const all = { type: 'queue.expire', all: true } as const;
    const sent = { confirm: event.id, changeId: `all-${event.id}` };
    const [one, two, other] = await Promise.allSettled([
      desk.one(event.id, all, sent),
      desk.one(event.id, all, sent),
      desk.one(event.id, all, { confirm: event.id }),
    ]);
    const counts = [one, two].map((act) => act.status === 'fulfilled' && act.value.people);
    expect(counts).toEqual([people, people]);
    expect(other.status === 'rejected' && other.reason.refusal.code).toBe('ACTION_RUNNING');
    expect(await waiting(event)).toBe(0);
    expect(await operator.store.tombs(event)).toHaveLength(1);
    const auditId = one.status === 'fulfilled' ? (one.value.auditId ?? '') : '';
    const undone = await desk.one(undefined, { type: 'undo', auditId });
    expect([undone.people, await waiting(event)]).toEqual([people, people]);
    expect(await refused(desk.one(undefined, { type: 'undo', auditId }))).toMatchObject({
      code: 'GUARD_RAIL',
    });
  });

  it('says of a whole trail how many it came to', async () => {
    const event = await pausedLine();
    const done = await desk.one(event.id, { type: 'queue.expire', all: true }, { confirm: event.id });
    expect(await desk.desk.auditEntry(done.auditId ?? '')).toMatchObject({ people, action: 'queue.expire' });
  });
});

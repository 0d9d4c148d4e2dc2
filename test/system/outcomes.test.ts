import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangedEvent } from '../../src/queue/desk/changes.ts';
import { Outcomes } from '../../src/queue/desk/outcomes.ts';
import type { Line } from '../../src/queue/line-types.ts';
import { RedisClock } from '../../src/queue/redis-clock.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { openDesk, type TestDesk } from '../helpers/desks.ts';
import { eventually } from '../helpers/eventually.ts';
import { as, joinAt, type Operator, openLine, openOperator, yes } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { openTailer, type TestTailer } from '../helpers/replicas.ts';

let server: TestRedis;
let operator: Operator;
let desk: TestDesk;
let line: Line;
let tail: TestTailer;

/** Outcomes of one admin process, whose clock is so far ahead, s. */
function outcomesOf(aheadSec: number): Outcomes {
  const clock = new RedisClock();
  clock.sample((Date.now() + aheadSec * 1_000) * 1_000, performance.now(), performance.now());
  return new Outcomes({ redis: operator.redis, clock, store: operator.store });
}
/** An event as a desk that has just begun sees it. */
async function seen(event: EventRef): Promise<ChangedEvent> {
  await tail.tailer.follow(event.id);
  const unused = () => Promise.reject(new Error('outcomes ask for this never'));
  return {
    id: event.id,
    replica: tail.replica(event),
    ref: event,
    sinceMs: 0,
    tokensMicro: () => 0,
    ageSec: () => 0,
    snapshot: () => {
      throw new Error('outcomes ask for this never');
    },
    resolve: unused,
    reports: unused,
  };
}
const notes = async (event: EventRef) =>
  (await operator.redis.xrange(event.keys.audit, '-', '+'))
    .map(([, fields]) => JSON.parse(fields[1] ?? '{}'))
    .filter(({ outcome }) => outcome !== undefined);

/** An event with people of whom three enter after a change of the refill; its audit id. */
async function changed(): Promise<{ event: EventRef; auditId: string }> {
  const event = await operator.event({ refillPerSec: 0.01, capacity: 100 });
  const tokens = await Promise.all(
    Array.from({ length: 120 }, (_, at) => joinAt(line, event, { caller: as(`u${at}`) })),
  );
  await eventually(async () => {
    await desk.desk.load(event.id);
    return desk.desk.snapshot(event.id)?.waiting === 120;
  });
  const { auditId } = await desk.one(event.id, { type: 'bucket.set', refillPerSec: 0.1 });
  for (let at = 0; at < 3; at += 1) yes(await line.enter(tokens[at] ?? '', as(`u${at}`)));
  return { event, auditId: auditId ?? '' };
}

beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  [desk, line, tail] = await Promise.all([
    openDesk(server.port),
    openLine(server.port),
    openTailer(server.port),
  ]);
});
afterAll(async () => {
  tail.close();
  await line.close();
  await desk.desk.close();
  operator.close();
  await server.stop();
});

describe('the outcome of a change', () => {
  it('is noted a minute later, once, whichever admin processes look', async () => {
    const { event, auditId } = await changed();
    await outcomesOf(30).look([await seen(event)]);
    expect(await notes(event)).toEqual([]);
    const one = await seen(event);
    await Promise.all([outcomesOf(61).look([one]), outcomesOf(61).look([one])]);
    await outcomesOf(120).look([one]);
    const [note, ...others] = await notes(event);
    expect(others).toEqual([]);
    expect(note).toMatchObject({ addsTo: auditId });
    const { outcome } = await desk.desk.auditEntry(auditId);
    expect(outcome?.rows).toEqual([
      { name: 'waitingIn60Sec', unit: 'people', predicted: expect.any(Number), actual: 117 },
      { name: 'admittedIn60Sec', unit: 'people', predicted: expect.any(Number), actual: 3 },
    ]);
    expect(outcome?.rows[1]?.predicted).toBeGreaterThanOrEqual(100);
  });

  it('is noted late too, by a process that began later, and says then only what is still known', async () => {
    const { event } = await changed();
    await outcomesOf(300).look([await seen(event)]);
    const [note] = await notes(event);
    expect(note.outcome.rows).toMatchObject([{ name: 'admittedIn60Sec', actual: 3 }]);
  });

  it('is not noted where something else of the event was changed within the minute, an undo included', async () => {
    const { event, auditId } = await changed();
    await desk.one(event.id, { type: 'undo', auditId });
    await outcomesOf(62).look([await seen(event)]);
    // The undo has its own minute, in which nothing came.
    expect((await notes(event)).map(({ addsTo }) => addsTo)).not.toContain(auditId);
    expect(await notes(event)).toHaveLength(1);
  });

  it('is noted although a message was put up meanwhile', async () => {
    const { event, auditId } = await changed();
    await desk.one(event.id, { type: 'queue.message', text: 'Hello' });
    await outcomesOf(62).look([await seen(event)]);
    expect(await notes(event)).toMatchObject([{ addsTo: auditId }]);
  });

  it('is not noted for a change without a forecast, nor after ten minutes', async () => {
    const { event } = await changed();
    await desk.one(event.id, { type: 'queue.message', text: 'Hello' });
    await outcomesOf(601).look([await seen(event)]);
    expect(await notes(event)).toEqual([]);
  });
});

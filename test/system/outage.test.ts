import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Line } from '../../src/queue/line-types.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { eventually } from '../helpers/eventually.ts';
import {
  as,
  joinAt,
  no,
  nobody,
  type Operator,
  openLine,
  openOperator,
  untilStatus,
  yes,
} from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { at, joinMany } from '../lua/line.ts';

let server: TestRedis;
let operator: Operator;
let lines: Line[];

async function begin(aof: boolean): Promise<void> {
  server = await startRedis({ aof });
  operator = await openOperator(server.port);
  lines = await Promise.all([openLine(server.port), openLine(server.port)]);
}

afterEach(async () => {
  process.kill(server.pid, 'SIGCONT');
  await Promise.all(lines.map((line) => line.close()));
  operator.close();
  await server.stop();
});

const only = (): readonly [Line, Line] => lines as unknown as readonly [Line, Line];

/** What an act answered, and after how many ms. */
async function timed<T>(act: () => T | Promise<T>): Promise<{ answer: T; ms: number }> {
  const startedMs = performance.now();
  return { answer: await act(), ms: performance.now() - startedMs };
}

async function joinAll(event: EventRef, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => joinAt(lines[index % 2] as Line, event)));
}

describe('Redis killed and started again', () => {
  beforeEach(() => begin(true));

  it('costs no place: polls are answered meanwhile as stale and ready for nobody, then all goes on by itself', async () => {
    const event = await operator.event({ capacity: 50, refillPerSec: 20 });
    const tokens = await joinAll(event, 60);
    const first = tokens[0] ?? '';
    for (const line of lines) await untilStatus(line, first, 'ready');
    yes(await only()[0].enter(tokens[1] ?? '', as('early')));
    const positions = await eventually(async () => {
      const found = await Promise.all(
        tokens.map(async (token) => yes(await only()[1].status(token)).position),
      );
      return found.filter((position) => position === 0).length === 1 && found;
    });
    await server.kill();
    for (const line of lines) {
      const { answer, ms } = await timed(() => line.join({ eventId: event.id, caller: nobody }));
      expect([no(answer).code, ms < 2_000]).toEqual(['UNAVAILABLE', true]);
      const stale = await eventually(async () => {
        const reply = yes(await line.status(first));
        return reply.stale === true && reply;
      });
      expect(stale).toMatchObject({ status: 'waiting', ready_for_entry: false, position: positions[0] });
      expect(Date.parse(stale.as_of)).toBeLessThan(Date.now() - 900);
      expect(no(await line.enter(first, as('late'))).code).toBe('UNAVAILABLE');
      expect(line.ready).toBe(true);
      expect(line.dependencies().redis?.ok).toBe(false);
    }

    await server.restart();
    for (const line of lines) {
      expect(await untilStatus(line, first, 'ready', 15_000)).not.toHaveProperty('stale');
      const found = await Promise.all(tokens.map(async (token) => yes(await line.status(token)).position));
      expect(found).toEqual(positions);
    }
    // The connection for writing may come back a little later than the one for reading.
    await eventually(
      async () => no(await only()[1].enter(tokens[1] ?? '', as('again'))).code === 'NOT_YOURS',
      { withinMs: 15_000 },
    );
    yes(await only()[1].enter(first, as('first')));
    const hint = await eventually(
      async () => yes(await only()[0].join({ eventId: event.id, caller: nobody })).position_hint,
    );
    expect(hint).toBe(59);
  });

  it('is survived many times over', async () => {
    const event = await operator.event();
    for (let round = 1; round <= 3; round += 1) {
      await eventually(() => joinAt(only()[0], event), { withinMs: 15_000 });
      await server.kill();
      await server.restart();
    }
    const token = await eventually(() => joinAt(only()[1], event), { withinMs: 15_000 });
    await untilStatus(only()[0], token, 'ready', 15_000);
  });
});

describe('Redis that does not answer', () => {
  beforeEach(() => begin(false));

  it('for 3 s: joins and enters are refused within 2 s whenever they came, polls answered at once', async () => {
    const event = await operator.event();
    const [token = '', other = ''] = await joinAll(event, 10);
    await untilStatus(only()[0], token, 'ready');
    process.kill(server.pid, 'SIGSTOP');
    const stoppedMs = performance.now();
    const asked: Promise<{ answer: { ok: boolean }; ms: number }>[] = [];
    const polls: number[] = [];
    await eventually(
      async () => {
        asked.push(timed(() => only()[0].join({ eventId: event.id, caller: nobody })));
        asked.push(timed(() => only()[0].enter(token, as('patient'))));
        const { answer, ms } = await timed(() => only()[0].status(token));
        expect(answer.ok).toBe(true);
        polls.push(ms);
        return performance.now() - stoppedMs > 1_300;
      },
      { everyMs: 50 },
    );
    const answers = await Promise.all(asked);
    expect(answers.filter(({ answer }) => answer.ok)).toEqual([]);
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(2_000);
    expect(Math.max(...polls)).toBeLessThan(100);
    expect(yes(await only()[0].status(token))).toMatchObject({ stale: true, ready_for_entry: false });
    await eventually(() => performance.now() - stoppedMs > 3_000);
    process.kill(server.pid, 'SIGCONT');
    await untilStatus(only()[0], other, 'ready');
    // What had been sent before the refusal may have happened since: a repeat tells. The connection for writing may come
    // back a little later than the one for reading.
    const entered = await eventually(async () => yes(await only()[0].enter(token, as('patient'))));
    expect(entered.admission).toBe('granted');
    await eventually(() => joinAt(only()[0], event));
  });

  it('does not hold up a join of an event that is not loaded yet', async () => {
    const event = await operator.event();
    await server.client().srem('tacos:events', event.id);
    process.kill(server.pid, 'SIGSTOP');
    const { answer, ms } = await timed(() => only()[0].join({ eventId: event.id, caller: nobody }));
    expect([no(answer).code, ms < 2_000]).toEqual(['UNAVAILABLE', true]);
  });

  it('and whose connections lead nowhere any more: new ones are opened', async () => {
    const sockets = new Set<Socket>();
    let deaf = false;
    const proxy: Server = createServer((inner) => {
      const outer = dial(server.port, '127.0.0.1');
      const isOld = (): boolean => deaf && sockets.has(inner);
      sockets.add(inner);
      inner.on('data', (data) => isOld() || outer.write(data));
      outer.on('data', (data) => isOld() || inner.write(data));
      for (const socket of [inner, outer]) socket.on('error', () => {});
      inner.on('close', () => outer.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const line = await openLine(port);
    const event = await operator.event();
    const token = await joinAt(line, event);
    await untilStatus(line, token, 'ready');
    deaf = true;
    const old = new Set(sockets);
    proxy.on('connection', (socket: Socket) => sockets.delete(socket));
    await eventually(async () => yes(await line.status(token)).stale === true);
    await untilStatus(line, token, 'ready', 9_000);
    await eventually(() => joinAt(line, event), { withinMs: 9_000 });
    await eventually(() => [...old].every((socket) => socket.destroyed), { withinMs: 9_000 });
    await line.close();
    proxy.close();
  });

  it('when a gateway starts: it comes up, says so, and serves once Redis is there', async () => {
    const event = await operator.event();
    await joinMany(operator.store, event, 3, at(0));
    process.kill(server.pid, 'SIGSTOP');
    const { answer: line, ms } = await timed(() => openLine(server.port));
    expect(ms).toBeLessThan(4_000);
    expect(line.ready).toBe(false);
    process.kill(server.pid, 'SIGCONT');
    await eventually(() => line.ready && line.gauges().events[0]?.waiting === 3, { withinMs: 10_000 });
    await line.close();
  });
});

describe('an event', () => {
  beforeEach(() => begin(false));

  it('that is made anew under its name is another one: old tokens are unknown, people are told apart as before', async () => {
    const event = await operator.event();
    const old = await joinAt(only()[0], event, { caller: as('alice') });
    await untilStatus(only()[1], old, 'ready');
    const other = await operator.event();
    const swap = operator.redis.multi().del(...Object.values(event.keys));
    for (const name of ['meta', 'bucket', 'journal', 'audit'] as const) {
      swap.rename(other.keys[name], event.keys[name]);
    }
    await swap.exec();
    for (const line of lines) {
      await eventually(async () => no(await line.status(old)).code === 'TOKEN_NOT_FOUND');
    }
    const anew = await joinAt(only()[0], event, { caller: as('alice') });
    const third = await openLine(server.port);
    for (const line of [only()[1], third]) {
      const again = no(await line.join({ eventId: event.id, caller: as('alice') }));
      expect([again.code, again.body?.waiting_token]).toEqual(['DUPLICATE_REQUEST', anew]);
    }
    yes(await third.enter(anew, as('alice')));
    await third.close();
  });

  it('with 100,000 waiting is served within 3 s of a gateway start', async () => {
    const event = await operator.event({ refillPerSec: 0.01, capacity: 1 });
    await joinMany(operator.store, event, 99_999, at(0));
    const token = await joinAt(only()[0], event);
    const { answer: line, ms } = await timed(() => openLine(server.port));
    console.log(`100,000 waiting: a line was open after ${Math.round(ms)} ms`);
    expect([line.ready, ms < 3_000]).toEqual([true, true]);
    expect(yes(await line.status(token)).position).toBe(100_000);
    await line.close();
  });
});

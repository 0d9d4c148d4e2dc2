import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Line } from '../../src/queue/line-types.ts';
import { readWaitingToken } from '../../src/queue/waiting-token.ts';
import { eventually } from '../helpers/eventually.ts';
import { as, no, nobody, type Operator, openLine, openOperator, yes } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { keyring } from '../helpers/served.ts';
import { openWholeDesk } from '../helpers/whole-desk.ts';
import { summaries } from '../lua/loss.ts';

const waiting = 50_000;

describe('Redis wiped', () => {
  let server: TestRedis;
  let operator: Operator;
  let lines: Line[];

  beforeEach(async () => {
    server = await startRedis();
    operator = await openOperator(server.port);
    lines = await Promise.all([1, 2, 3].map(() => openLine(server.port)));
  });
  afterEach(async () => {
    await Promise.all(lines.map((line) => line.close()));
    operator.close();
    await server.stop();
  });

  const lineOf = (index: number): Line => lines[index % lines.length] as Line;
  const seqOf = (token: string): number => readWaitingToken(keyring, token)?.seq ?? 0;

  /** Joins so many anonymous visitors over all lines; their tokens in order of their places. */
  async function joinAll(event: string, count: number): Promise<string[]> {
    const tokens: string[] = [];
    for (let from = 0; from < count; from += 3_000) {
      const some = await Promise.all(
        Array.from({ length: Math.min(3_000, count - from) }, (_, index) =>
          lineOf(index).join({ eventId: event, caller: nobody }),
        ),
      );
      tokens.push(...some.map((outcome) => yes(outcome).waiting_token));
    }
    return tokens.sort((a, b) => seqOf(a) - seqOf(b));
  }

  /** What operators are told of an event that came back paused. */
  async function tellsWhatToDo(event: string): Promise<void> {
    const desk = await openWholeDesk(server.port);
    await desk.load(event);
    await eventually(() => {
      const { recovery, paused } = desk.snapshot(event) ?? {};
      expect([paused, recovery]).toMatchObject([true, { why: 'tokens', placesByTokens: 2_000, fromSeq: 0 }]);
    });
    const webhook = { configured: false, failing: false };
    const found = await desk.doctor(event, { certificateEndsAt: null, webhook });
    const { result, text } = found.find(({ check }) => check === 'recovering') ?? {};
    expect([result, text]).toEqual(['warn', expect.stringMatching(/tokens alone, paused.* then resume$/)]);
    await desk.close();
  }

  it(`brings ${waiting} who wait back in their order within 60 s, and lets in nobody who entered`, async () => {
    const event = await operator.event({ capacity: 400, refillPerSec: 100, window: 2_000, name: 'Wiped' });
    const tokens = await joinAll(event.id, waiting);
    const entered = tokens.slice(0, 300);
    const passes: string[] = [];
    for (const [index, token] of entered.entries()) {
      const enter = async () => yes(await lineOf(index).enter(token, as(`early-${index}`)));
      passes.push((await eventually(enter, { withinMs: 30_000 })).reservation_token);
    }
    const left = tokens[1_000] ?? '';
    yes(await lineOf(0).leave(left));
    const desk = await openWholeDesk(server.port);
    await desk.load(event.id);
    const seen = new Map<string, number>();
    desk.onChange(event.id, ({ recovery, waiting }) => seen.set(recovery?.state ?? 'none', waiting));
    await operator.store.setPhase({ ...event }, { action: 'pause', changeId: 'p', audit: '{}' });
    await eventually(async () => {
      for (const line of lines) if (!yes(await line.status(left)).paused) return false;
      // The screen has its own pace: it saw the pause, so that it can see the loss.
      return desk.snapshot(event.id)?.paused === true && seen.has('none');
    });

    await server.client().flushall();
    const wipedMs = performance.now();
    const remaining = tokens.slice(300).filter((token) => token !== left);
    await eventually(
      async () => {
        for (const line of lines) {
          let last = 0;
          for (const [index, token] of remaining.entries()) {
            // The lines are in this process: they read on meanwhile.
            if (index % 500 === 0) await new Promise(setImmediate);
            const { status, position, stale } = yes(await line.status(token));
            if (stale || status !== 'waiting' || position <= last)
              throw new Error(`seq ${seqOf(token)}: ${status} at ${position} after ${last}, stale ${stale}`);
            last = position;
          }
          if (last !== remaining.length) throw new Error(`${last} positions of ${remaining.length}`);
        }
        return true;
      },
      { withinMs: 60_000, everyMs: 250 },
    );
    console.log(`${waiting} back in order after ${Math.round(performance.now() - wipedMs)} ms`);

    const restored = await operator.redis.hgetall(event.keys.meta);
    expect(restored).toMatchObject({ epoch: '2', name: 'Wiped', paused: '1', revision: '2', window: '2000' });
    expect(await operator.redis.sismember('tacos:events', event.id)).toBe(1);
    const now = { ...event, incarnation: restored.incarnation ?? '' };
    await operator.store.setPhase(now, { action: 'resume', changeId: 'r', audit: '{}' });
    for (const [index, token] of entered.entries()) {
      const again = await lineOf(index + 1).enter(token, as(`early-${index}`));
      // In its time a grant can be repeated: it is the same one.
      expect(again.ok ? again.reply.reservation_token : again.code).toBe(
        again.ok ? passes[index] : 'ALREADY_ENTERED',
      );
    }
    expect(yes(await lineOf(1).status(left)).status).toBe('left');
    // Who entered once gets no second grant with another place.
    const other = tokens[301] ?? '';
    expect(no(await lineOf(0).enter(other, as('early-0'))).code).toBe('ALREADY_ENTERED');
    await eventually(async () => yes(await lineOf(2).enter(tokens[300] ?? '', as('next'))), {
      withinMs: 20_000,
    });
    const late = await eventually(async () =>
      yes(await lineOf(0).join({ eventId: event.id, caller: nobody })),
    );
    expect(seqOf(late.waiting_token)).toBeGreaterThan(waiting);
    expect(late.position_hint).toBe(remaining.length);
    // A screen that was open all the time saw it run and end.
    await eventually(() => expect([...seen.keys()]).toEqual(['none', 'hearing', 'tokens']));
    const recovered = { why: 'wipe', fromSeq: 0, placesGivenBack: remaining.length, endsApplied: 301 };
    await eventually(() => expect(desk.snapshot(event.id)?.recovery).toMatchObject(recovered));
    await desk.close();
    const trail = await summaries(server.client(), event);
    expect(trail[0]).toBe('Redis had lost this event: made again, giving places back');
    expect(trail).toContainEqual(`recovered: ${remaining.length} places given back, 301 ends applied`);
  }, 150_000);

  it('brings the line back by the visitors’ tokens alone where every gateway is gone too, paused', async () => {
    const event = await operator.event({ capacity: 50, refillPerSec: 50 });
    const tokens = await joinAll(event.id, 2_000);
    const test = await operator.event({ kind: 'test' });
    const [deleted = ''] = await joinAll(test.id, 1);
    await Promise.all(lines.map((line) => line.close()));
    await server.client().flushall();
    await server.client().set(test.keys.mark, 'deleted');
    lines = await Promise.all([1, 2, 3].map(() => openLine(server.port)));
    expect(no(await lineOf(0).status(deleted)).code).toBe('TOKEN_NOT_FOUND');
    // A join that finds no event says nothing of the tokens, and of several at once only one need make it.
    expect(no(await lineOf(1).join({ eventId: event.id, caller: nobody })).code).toBe('EVENT_NOT_FOUND');
    const atOnce = await Promise.all(tokens.slice(-20).map((token) => lineOf(1).status(token)));
    expect(atOnce.filter((told) => !told.ok && told.code === 'TOKEN_NOT_FOUND')).toEqual([]);
    // Those at the back happen to ask first.
    for (const [index, token] of [...tokens].reverse().entries())
      await eventually(async () => expect(yes(await lineOf(index).status(token)).status).toBe('waiting'));
    await eventually(
      async () => {
        for (const [index, token] of tokens.entries()) {
          const { position, stale, paused } = yes(await lineOf(index).status(token));
          if (position !== index + 1 || stale || !paused)
            throw new Error(`${position} of ${index + 1}, ${stale}`);
        }
      },
      { withinMs: 30_000, everyMs: 200 },
    );
    const meta = await operator.redis.hgetall(event.keys.meta);
    expect(meta).toMatchObject({
      paused: '1',
      phase: 'open',
      epoch: '2',
      skipped: String(Number(meta.seq) - 2_000),
    });
    expect(await summaries(server.client(), event)).toContainEqual(
      'made again from visitors’ tokens, paused: set its rate and name, then resume; who had entered is not known',
    );
    const now = { ...event, incarnation: meta.incarnation ?? '' };
    await tellsWhatToDo(event.id);
    await operator.store.setPhase(now, { action: 'resume', changeId: 'r', audit: '{}' });
    await eventually(async () => yes(await lineOf(1).enter(tokens[0] ?? '', as('first'))), {
      withinMs: 20_000,
    });
    const late = await eventually(async () =>
      yes(await lineOf(2).join({ eventId: event.id, caller: nobody })),
    );
    expect(seqOf(late.waiting_token)).toBeGreaterThan(2_000);
    expect(late.position_hint).toBe(2_000);
  });

  it('makes no event again that was deleted, and no other life of one that is known here', async () => {
    await lineOf(0).close();
    lines[0] = await openLine(server.port, { eventsAutoCreate: true });
    const [kept, deleted] = await Promise.all([
      operator.event({ kind: 'test' }),
      operator.event({ kind: 'test' }),
    ]);
    const [token = ''] = await joinAll(kept.id, 10);
    await joinAll(deleted.id, 10);
    expect(await operator.store.deleteEvent(deleted)).toBe('deleted');
    const life = await operator.redis.hget(kept.keys.meta, 'life');
    await eventually(() => lines.every((line) => line.facts(deleted.id) === undefined));
    await server.client().flushall();
    await eventually(
      async () => {
        const outcome = await lineOf(0).join({ eventId: kept.id, caller: nobody });
        return outcome.ok && (yes(outcome).position_hint ?? 0) === 11;
      },
      { withinMs: 20_000 },
    );
    expect(await operator.redis.hget(kept.keys.meta, 'life')).toBe(life);
    expect(await operator.redis.exists(deleted.keys.meta)).toBe(0);
    await eventually(async () => yes(await lineOf(2).status(token)).position === 1);
  });
});

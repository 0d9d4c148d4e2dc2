import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Desk } from '../../src/queue/desk/desk.ts';
import type { Line } from '../../src/queue/line-types.ts';
import { eventually } from '../helpers/eventually.ts';
import { as, joinAt, no, nobody, type Operator, openLine, openOperator, yes } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { openWholeDesk } from '../helpers/whole-desk.ts';
import { summaries } from '../lua/loss.ts';

const webhook = { configured: false, failing: false };

describe('places that only the visitors’ tokens know', () => {
  let server: TestRedis;
  let operator: Operator;
  let line: Line;
  let desk: Desk;

  /** What a screen is told of recoveries, each state once in a row. */
  async function watch(event: string): Promise<{ states: () => (string | undefined)[] }> {
    await desk.load(event);
    const states: (string | undefined)[] = [];
    desk.onChange(event, ({ recovery }) => {
      if (states.at(-1) !== recovery?.state) states.push(recovery?.state);
    });
    return { states: () => states };
  }

  beforeEach(async () => {
    server = await startRedis({ aof: true });
    operator = await openOperator(server.port);
    line = await openLine(server.port);
    desk = await openWholeDesk(server.port);
  });
  afterEach(async () => {
    await line.close();
    await desk.close();
    operator.close();
    await server.stop();
  });

  async function aof(): Promise<{ file: string; size: number }> {
    // While its disk is busy Redis answers before it has written.
    await eventually(async () => /^aof_buffer_length:0\r?$/m.test(await server.client().info('persistence')));
    const dir = join(server.dir, 'appendonlydir');
    const file = join(dir, (await readdir(dir)).find((name) => name.endsWith('.incr.aof')) ?? '');
    return { file, size: (await stat(file)).size };
  }

  it('come back where they were once their visitors ask, and nobody holds two', async () => {
    const event = await operator.event({ refillPerSec: 50 });
    const seen = await watch(event.id);
    const kept = await joinAt(line, event);
    const { file, size } = await aof();
    const lost: string[] = [];
    for (let count = 0; count < 30; count += 1)
      lost.push(await joinAt(line, event, { caller: as(`p${count}`) }));
    // Redis dies, and with it every process that served.
    await Promise.all([server.kill(), line.close()]);
    await truncate(file, size);
    await server.restart();
    line = await openLine(server.port);

    // Somebody does not wait for it and joins again: they get a place behind, until their old token is heard.
    const again = await eventually(() => joinAt(line, event, { caller: as('p7') }), { withinMs: 10_000 });
    expect(yes(await line.status(again)).status).toBe('waiting');
    for (const token of lost) {
      const first = await line.status(token);
      expect(first.ok && first.reply.status).toBe('waiting');
    }
    await eventually(
      async () => {
        const replies = await Promise.all(
          [kept, ...lost].map(async (token) => yes(await line.status(token))),
        );
        expect(replies.map(({ position, stale }) => [position, stale])).toEqual(
          replies.map((_, index) => [index + 1, undefined]),
        );
      },
      { withinMs: 20_000 },
    );
    expect(yes(await line.status(again)).status).toBe('left');
    // The line that died was waited for, and no longer than its time.
    await eventually(async () => {
      const trail = await summaries(operator.redis, event);
      expect(trail.at(-1)).toBe('recovered: 0 places given back, 0 ends applied');
    });
    // Operators saw it run, and have its report.
    expect(seen.states()).toContain('hearing');
    await eventually(() => expect(seen.states().at(-1)).toBe('tokens'));
    await eventually(() => {
      const report = desk.snapshot(event.id)?.recovery;
      expect(report).toMatchObject({
        why: 'run',
        fromSeq: 1,
        unheard: 0,
        placesGivenBack: 0,
        endsApplied: 0,
      });
      expect(report?.placesByTokens).toBe(30);
      expect(report?.entersHeldSec).toBeGreaterThan(1);
      expect(report?.joinsHeldSec).toBeGreaterThan(0);
    });
    const found = await desk.doctor(event.id, { certificateEndsAt: null, webhook });
    const { result, text } = found.find(({ check }) => check === 'recovering') ?? {};
    expect([result, text]).toEqual([
      'pass',
      expect.stringContaining("30 by visitors' tokens (they may until"),
    ]);
    const twice = no(await line.join({ eventId: event.id, caller: as('p3') }));
    expect(twice.code).toBe('DUPLICATE_REQUEST');
    await eventually(async () => yes(await line.enter(kept, as('kept'))));
    await eventually(async () => yes(await line.enter(lost[0] ?? '', as('p0'))));
  });

  it('are told to ask again where they enter or leave first, and are neither granted twice nor forgotten', async () => {
    const event = await operator.event({ refillPerSec: 50 });
    const { file, size } = await aof();
    const tokens = [];
    for (let count = 0; count < 3; count += 1)
      tokens.push(await joinAt(line, event, { caller: as(`p${count}`) }));
    const [first = '', second = '', third = ''] = tokens;
    await Promise.all([server.kill(), line.close()]);
    await truncate(file, size);
    await server.restart();
    line = await openLine(server.port);
    await eventually(() => line.join({ eventId: event.id, caller: nobody }).then(yes), { withinMs: 10_000 });
    expect(no(await line.enter(first, as('p0'))).code).toBe('UNAVAILABLE');
    expect(no(await line.leave(second)).code).toBe('UNAVAILABLE');
    const enter = async () => yes(await line.enter(first, as('p0'))).reservation_token;
    const pass = await eventually(enter, { withinMs: 15_000 });
    expect(await enter()).toBe(pass);
    await eventually(async () => yes(await line.leave(second)).status === 'left');
    await eventually(async () => yes(await line.status(third)).position === 1);
    await eventually(async () => yes(await line.status(second)).status === 'left');
  });
});

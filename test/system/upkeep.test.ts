/** What gateways do by themselves for operators: nobody but them is alive after the first call of each test. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

let server: TestRedis;
let operator: Operator;
let lines: readonly [Line, Line];
const warnings: string[] = [];

beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  lines = [await openLine(server.port, { warnings }), await openLine(server.port, { warnings })];
});
afterAll(async () => {
  await Promise.all(lines.map((line) => line.close()));
  operator.close();
  await server.stop();
});

let changes = 0;
const own = () => {
  changes += 1;
  return { changeId: `c${changes}`, audit: '{}' };
};

/** Records of the system in an event's trail: what was done, and when. */
async function told(event: EventRef): Promise<[action: string, atMs: number][]> {
  const records = await operator.redis.xrange(event.keys.audit, '-', '+');
  return records
    .map(([, [, json = '{}', , , , ms]]): [{ actor?: string; action: string }, number] => [
      JSON.parse(json),
      Number(ms),
    ])
    .filter(([{ actor }]) => actor === 'system')
    .map(([{ action }, ms]) => [action, ms]);
}

describe('with every admin process dead', () => {
  it('an opening, the end of a limited refill and of a message are in the trail, each once', async () => {
    const [seconds] = await operator.redis.time();
    const prequeueFromMs = Number(seconds) * 1000 + 1_500;
    const event = await operator.event({ prequeueFromMs, opensAtMs: prequeueFromMs + 700 });
    const { changeId, audit } = own();
    const messageEnds = prequeueFromMs + 1_300;
    const reply = await operator.store.setSettings(event, {
      changeId,
      audit,
      fields: { message: 'soon', messageUntil: String(messageEnds) },
      timed: { refill: { to: 50_000_000, forMs: 3_000 } },
    });
    if (reply.word !== 'applied') throw new Error(reply.word);
    const expected = [
      ['queue.open', prequeueFromMs],
      ['queue.open', prequeueFromMs + 700],
      ['message.clear', messageEnds],
      ['bucket.return', reply.nowMs + 3_000],
    ];
    await eventually(async () => (await told(event)).length === 4, { withinMs: 9_000 });
    const sorted = (rows: readonly (readonly unknown[])[]) =>
      [...rows].sort((a, b) => Number(a[1]) - Number(b[1]));
    expect(sorted(await told(event))).toEqual(sorted(expected));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await told(event)).toHaveLength(4);
  });

  it('an expiry that was only begun is finished, and so is its undo, in the old order', async () => {
    const event = await operator.event({ capacity: 1, refillPerSec: 0.01, window: 1 });
    const count = 1_200;
    const join = { eventId: event.id, caller: nobody };
    const replies = await Promise.all(
      Array.from({ length: count }, (_, index) => (lines[index % 2] ?? lines[0]).join(join)),
    );
    const tokens = replies.map((outcome) => yes(outcome).waiting_token);
    const positions = async (line: Line) =>
      Promise.all(tokens.map(async (token) => yes(await line.status(token)).position));
    const isSettled = async (line: Line) => new Set(await positions(line)).size === count;
    await eventually(async () => (await isSettled(lines[0])) && (await isSettled(lines[1])));
    const before = await positions(lines[0]);
    await operator.store.setPhase(event, { action: 'pause', ...own() });
    await operator.store.startJob(event, { kind: 'expire', all: true, auditId: 'aud_all', ...own() });
    const gone = await untilStatus(lines[1], tokens.at(-1) ?? '', 'expired');
    expect(Date.parse(gone.restorable_until ?? '') - Date.now()).toBeGreaterThan(580_000);
    await eventually(async () => (await operator.redis.hget(event.keys.meta, 'job')) === '');
    expect(no(await lines[0].enter(tokens[0] ?? '', as('ann'))).code).toBe('TOKEN_EXPIRED');
    await operator.store.setPhase(event, { action: 'resume', ...own() });
    await operator.store.startJob(event, {
      kind: 'restore',
      undoes: 'aud_all',
      auditId: 'aud_undo',
      ...own(),
    });
    await eventually(async () => (await operator.redis.hget(event.keys.meta, 'job')) === '');
    for (const line of lines) await eventually(() => isSettled(line));
    expect(await positions(lines[1])).toEqual(before);
    const first = tokens[before.indexOf(1)] ?? '';
    await untilStatus(lines[0], first, 'ready');
    yes(await lines[0].enter(first, as('ann')));
  });

  it('places of a flushed test event have expired on every gateway, and a new line begins', async () => {
    const event = await operator.event({ kind: 'test' });
    const tokens = [await joinAt(lines[0], event), await joinAt(lines[1], event)];
    await untilStatus(lines[1], tokens[0] ?? '', 'ready');
    yes(await lines[1].enter(tokens[0] ?? '', as('bob')));
    expect(await operator.store.flush(event, own())).toBe('flushed');
    for (const line of lines) for (const token of tokens) await untilStatus(line, token, 'expired');
    const again = await eventually(() => joinAt(lines[0], event));
    expect(await untilStatus(lines[1], again, 'ready')).toMatchObject({ position: 1 });
    yes(await lines[0].enter(again, as('bob')));
    expect(await operator.redis.hget(event.keys.meta, 'seq')).toBe('3');
  });
});

it('warned of nothing', () => {
  expect(warnings).toEqual([]);
});

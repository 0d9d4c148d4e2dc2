import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApiClient } from './api-client.ts';
import type { CliError } from './errors.ts';
import { changeOf, planOf } from './testing/plans.ts';
import { auditOf, overviewOf, positionOf, snapshotOf, storyOf } from './testing/views.ts';

type Handler = (request: IncomingMessage, reply: ServerResponse) => void;
let server: Server;
let handlers: Handler[];
let seen: IncomingMessage[];
let origin: string;

beforeEach(async () => {
  handlers = [];
  seen = [];
  server = createServer((request, reply) => {
    seen.push(request);
    const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
    request.resume().on('end', () => handler?.(request, reply));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const client = (timeoutMs = 2_000) =>
  createApiClient({
    server: origin,
    token: 'secret',
    client: 'tacos/1',
    timeoutMs,
    unreachableHint: 'tacos up',
  });
const json =
  (status: number, body: unknown): Handler =>
  (_request, reply) =>
    reply
      .writeHead(status, { 'content-type': 'application/json', 'tacos-environment': 'test' })
      .end(JSON.stringify(body));
const refusal = (code: string, message = 'no', hint?: string) => ({
  error: { code, message, trace_id: 'req_1', ...(hint === undefined ? {} : { hint }) },
});
const drop: Handler = (_request, reply) => reply.destroy();
const action = { type: 'bucket.set', refillPerSec: 80 } as const;
const set = () =>
  client().act({ events: ['evt_x'], action, planHash: '5c1e' }, { ifRevision: 18, idempotencyKey: 'k1' });
const failureOf = async (call: Promise<unknown>): Promise<CliError> => {
  const error = await call.then(
    () => undefined,
    (caught: CliError) => caught,
  );
  if (error === undefined) throw new Error('the call went well');
  return error;
};

describe('an answer', () => {
  it('is parsed, cleaned, and tells the environment', async () => {
    handlers = [json(200, { ...snapshotOf({ name: 'A\u001b[31mB\u202e' }), added: 'later' })];
    const api = client();
    expect((await api.snapshot('evt_x')).name).toBe('A[31mB');
    expect(api.environment).toBe('test');
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'user-agent': 'tacos/1' });
  });

  it('of a form that is not known is an error, not a crash', async () => {
    handlers = [json(200, { kind: 'Other' })];
    expect((await failureOf(client().snapshot('evt_x'))).details).toMatchObject({
      code: 'BAD_ANSWER',
      exitCode: 1,
    });
  });

  it.each([
    [400, 'BAD_REQUEST', 2],
    [401, 'UNAUTHENTICATED', 4],
    [403, 'FORBIDDEN', 4],
    [404, 'EVENT_NOT_FOUND', 3],
    [412, 'VERSION_CONFLICT', 6],
    [422, 'GUARD_RAIL', 6],
    [429, 'RATE_LIMITED', 7],
    [500, 'INTERNAL', 1],
    [503, 'UNAVAILABLE', 7],
  ])('%d %s of a read is exit %d', async (status, code, exitCode) => {
    handlers = [json(status, refusal(code))];
    expect((await failureOf(client().snapshot('evt_x'))).details).toMatchObject({
      code,
      exitCode,
      requestId: 'req_1',
    });
  });

  it('names the event that is not there', async () => {
    handlers = [json(404, refusal('EVENT_NOT_FOUND', 'There is no such event.', 'drop table'))];
    const error = await failureOf(client().snapshot('evt_n'));
    expect([error.message, error.details.hint]).toEqual(['event "evt_n" not found', 'tacos event list']);
  });

  it('of one of several events names it', async () => {
    const body = { event: 'evt_n', ...refusal('EVENT_NOT_FOUND', 'There is no such event.') };
    handlers = [json(404, body)];
    const asked = client().plan({ events: ['evt_x', 'evt_n'], action: { type: 'queue.pause' } });
    expect((await failureOf(asked)).message).toBe('event "evt_n" not found');
  });

  it('from something that is no admin API says so', async () => {
    handlers = [(_request, reply) => reply.writeHead(502).end('<html>Bad gateway')];
    const error = await failureOf(client().snapshot('evt_x'));
    expect(error.message).toContain('not as the admin API of tacos does');
    expect(error.details.exitCode).toBe(7);
  });
});

describe('a change', () => {
  it('whose answer is lost is sent again with the same key', async () => {
    handlers = [drop, drop, json(200, changeOf())];
    expect((await set()).results[0]?.revision).toBe(19);
    expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['k1', 'k1', 'k1']);
    expect(seen[0]?.headers['if-match']).toBe('"18"');
  });

  it('whose answer stays lost is exit 9, with the command that shows what happened', async () => {
    handlers = [drop];
    const error = await failureOf(set());
    expect(error.details).toMatchObject({
      exitCode: 9,
      applied: 'unknown',
      hint: 'tacos audit list --event evt_x',
      why: 'it is not known whether the change was made',
    });
    expect(seen).toHaveLength(3);
  });

  it('that fails on the server in an unknown state is sent again, then exit 9', async () => {
    handlers = [json(503, refusal('UNAVAILABLE', 'Redis cannot be reached right now.'))];
    expect((await failureOf(set())).details).toMatchObject({ exitCode: 9, requestId: 'req_1' });
    expect(seen).toHaveLength(3);
  });

  it('that is refused is sent once, and changed nothing', async () => {
    const row = { name: 'refillPerSec', unit: 'perSec', before: 70, after: 80 };
    handlers = [json(412, { ...refusal('VERSION_CONFLICT'), current: [row], revision: 19 })];
    const error = await failureOf(set());
    expect(error.message).toBe('no: refill is 70.0/s');
    expect(error.details).toMatchObject({
      exitCode: 6,
      why: 'nothing was changed',
      hint: 'tacos audit list --event evt_x',
    });
    expect(seen).toHaveLength(1);
  });

  it('that is above the role says who one is, and asks nobody to look for it', async () => {
    handlers = [json(403, refusal('FORBIDDEN'))];
    expect((await failureOf(set())).details).toMatchObject({ exitCode: 4, hint: 'tacos auth status' });
  });

  it('that finds nobody there is exit 7: nothing was sent', async () => {
    server.close();
    const error = await failureOf(set());
    expect(error.details).toMatchObject({ exitCode: 7, code: 'UNREACHABLE', hint: 'tacos up' });
    expect(error.message).toContain('connection refused');
  });
});

it('a read without an answer in time is exit 7', async () => {
  handlers = [() => {}];
  const error = await failureOf(client(100).snapshot('evt_x'));
  expect(error.details).toMatchObject({ code: 'NO_ANSWER', exitCode: 7 });
});

describe('the stream', () => {
  it('yields snapshots and heartbeats, across chunks, and leaves out what it does not know', async () => {
    handlers = [
      (_request, reply) => {
        const text = `id: 918\nevent: snapshot\ndata: ${JSON.stringify(snapshotOf())}\n\nevent: later\ndata: x\n\n`;
        reply.writeHead(200, { 'content-type': 'text/event-stream' });
        reply.write(text.slice(0, 40));
        setTimeout(
          () => reply.end(`${text.slice(40)}event: heartbeat\ndata: {"ageSec":0.1,"seq":918}\n\n`),
          20,
        );
      },
    ];
    const kinds: string[] = [];
    const { signal } = new AbortController();
    for await (const message of client().stream('evt_x', { lastEventId: '917', signal }))
      kinds.push(message.kind);
    expect(kinds).toEqual(['snapshot', 'heartbeat']);
    expect(seen[0]?.headers['last-event-id']).toBe('917');
  });

  it('that is refused says why', async () => {
    handlers = [json(404, refusal('EVENT_NOT_FOUND'))];
    const { signal } = new AbortController();
    const read = async () => {
      for await (const _ of client().stream('evt_n', { signal }));
    };
    expect((await failureOf(read())).details.exitCode).toBe(3);
  });
});

describe('every call', () => {
  const item = { apiVersion: 'tacos/v1', kind: 'Any', asOf: '2026-11-21T05:03:21Z', warnings: [] };
  const list = { ...item, items: [] };

  it.each([
    ['overview', () => client().overview(), overviewOf(), '/admin/v1/overview'],
    ['history', () => client().history('e:1'), list, '/admin/v1/events/e%3A1/bucket/history'],
    [
      'positions',
      () => client().positions('evt_x', { from: 41, limit: 5 }),
      { ...item, event: 'evt_x', waiting: 99, away: 0, items: [positionOf(41)] },
      '/admin/v1/events/evt_x/positions?from=41&limit=5',
    ],
    [
      'visitor',
      () => client().visitor('evt_x', 'user:a/b#1'),
      { ...item, item: storyOf() },
      '/admin/v1/events/evt_x/visitors/user%3Aa%2Fb%231',
    ],
    [
      'audit',
      () => client().audit({ event: 'evt_x', limit: 3, before: 'aud_1' }),
      { ...item, items: [auditOf()] },
      '/admin/v1/audit?event=evt_x&limit=3&before=aud_1',
    ],
    ['audit of all', () => client().audit({ limit: 3 }), list, '/admin/v1/audit?limit=3'],
    ['auditEntry', () => client().auditEntry('aud_1'), { ...item, item: auditOf() }, '/admin/v1/audit/aud_1'],
    ['doctor', () => client().doctor(undefined), list, '/admin/v1/doctor'],
    ['doctor of one', () => client().doctor('evt_x'), list, '/admin/v1/doctor?event=evt_x'],
  ] as const)('%s asks the path that the server has', async (_name, call, body, path) => {
    handlers = [json(200, body)];
    await call();
    expect([seen[0]?.method, seen[0]?.url]).toEqual(['GET', path]);
  });

  it('plan posts the request once, as it changes nothing', async () => {
    handlers = [json(200, planOf())];
    expect((await client().plan({ events: ['evt_x'], action })).hash).toBe('5c1e77aa90b1');
    expect([seen[0]?.method, seen[0]?.url]).toEqual(['POST', '/admin/v1/plans']);
    handlers = [drop];
    const error = await failureOf(client().plan({ events: ['evt_x'], action }));
    expect(error.details).toMatchObject({ exitCode: 7, code: 'NO_ANSWER' });
    expect(seen).toHaveLength(2);
  });

  it('says how far the clocks are apart', async () => {
    const ahead = new Date(Date.now() + 60_000).toUTCString();
    handlers = [(_request, reply) => reply.writeHead(200, { date: ahead }).end(JSON.stringify(overviewOf()))];
    const api = client();
    expect(api.clockSkewSec).toBeUndefined();
    await api.overview();
    expect(api.clockSkewSec).toBeGreaterThan(58);
    expect(api.clockSkewSec).toBeLessThan(62);
  });
});

it('a change whose answer cannot be read may have happened: exit 9', async () => {
  handlers = [json(200, { kind: 'Other' })];
  expect((await failureOf(set())).details).toMatchObject({
    exitCode: 9,
    applied: 'unknown',
    hint: 'tacos audit list --event evt_x',
  });
});

it('the stream of all queues yields overviews, and says that this screen writes', async () => {
  handlers = [
    (_request, reply) =>
      reply
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(`id: 31\nevent: overview\ndata: ${JSON.stringify(overviewOf())}\n\n`),
  ];
  const { signal } = new AbortController();
  const got: string[] = [];
  for await (const message of client().overviewStream({ signal, write: true })) got.push(message.kind);
  expect([got, seen[0]?.url]).toEqual([['overview'], '/admin/v1/stream?write=1']);
});

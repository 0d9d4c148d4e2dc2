import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeLine } from '../../../test/helpers/fake-line.ts';
import { QueueClient, signedInAs } from '../../../test/helpers/queue-client.ts';
import { startVisitorServer } from '../../../test/helpers/visitor-server.ts';
import { refuse } from '../../contract/errors.ts';
import type { JoinOutcome } from '../../queue/line-types.ts';
import { createAuthenticator } from '../auth/authenticator.ts';
import { devTokenScheme } from '../auth/dev-tokens.ts';
import { createFrontDesk } from '../front-desk.ts';
import { serveGrpc } from '../grpc/server.ts';
import { Meters } from '../metrics/meters.ts';
import { OverloadGuard } from '../overload/guard.ts';
import { createRateGate } from './rate-gate.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Limits {
  readonly ip?: number;
  readonly subject?: number;
  readonly exempt?: readonly string[];
}

/** The gate of a gateway that is alone, its general limits far away. */
function gateOf({ ip = 0, subject = 0, exempt = [] }: Limits) {
  const meters = new Meters();
  const joinsPerMin = { ip, subject };
  const rateLimit = { enabled: true, perSec: 1_000, burst: 1_000, ipPerSec: 1_000, exempt, joinsPerMin };
  const config = { rateLimit, trustedProxies: ['127.0.0.1'] };
  return { meters, gate: createRateGate({ config, meters, charge: () => new Promise(() => {}) }) };
}

async function start(limits: Limits) {
  const { meters, gate } = gateOf(limits);
  const server = await startVisitorServer({ meters, gate });
  closing.push(() => server.close());
  const join = async (who: { address?: string; user?: string; event?: string }): Promise<Response> => {
    const { address = '198.51.100.1', user, event = 'evt_a' } = who;
    const answer = await fetch(`${server.url}/api/v1/queue/join`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': address,
        ...(user === undefined
          ? {}
          : { authorization: 'Bearer load-test-bypass-token', 'x-load-test': 'true', 'x-user-id': user }),
      },
      body: JSON.stringify({ event_id: event }),
    });
    await answer.text();
    return answer;
  };
  const statuses = async (count: number, who: Parameters<typeof join>[0]): Promise<number[]> => {
    const all: number[] = [];
    for (let at = 0; at < count; at += 1) all.push((await join(who)).status);
    return all;
  };
  return { server, meters, join, statuses };
}

const times = (count: number, code: number): number[] => Array.from({ length: count }, () => code);

describe('places that one may take', () => {
  it('are counted for an address, IPv6 by /64, over all events', async () => {
    const { meters, join, statuses } = await start({ ip: 3 });
    expect(await statuses(2, { address: '2001:db8:1:1::1', event: 'evt_a' })).toEqual(times(2, 202));
    expect(await statuses(2, { address: '2001:db8:1:1::2', event: 'evt_b' })).toEqual([202, 429]);
    const refused = await join({ address: '2001:db8:1:1::3' });
    // Three a minute: the next in up to 20 s.
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(20);
    expect((await join({ address: '2001:db8:1:2::1' })).status).toBe(202);
    expect(meters.limited).toMatchObject({ join_ip: 2, join_subject: 0, ip: 0 });
    expect(meters.operations.join.refused.get('RATE_LIMITED')).toBe(2);
  });

  it('are counted for a signed-in person wherever they are, and not for their address when that is refused', async () => {
    const { meters, join, statuses } = await start({ ip: 4, subject: 2 });
    expect(await statuses(3, { user: 'ann', address: '198.51.100.1' })).toEqual([202, 202, 429]);
    expect((await join({ user: 'ann', address: '198.51.100.2' })).status).toBe(429);
    // What the person was refused did not count for the address.
    expect(await statuses(2, { user: 'bob', address: '198.51.100.1' })).toEqual([202, 202]);
    expect((await join({ user: 'cat', address: '198.51.100.1' })).status).toBe(429);
    // What the address was refused did not count for the person.
    expect(await statuses(3, { user: 'cat', address: '198.51.100.3' })).toEqual([202, 202, 429]);
    expect(meters.limited).toMatchObject({ join_ip: 1, join_subject: 3 });
  });

  it('are not used up by who asks again, was refused, or is told to come later', async () => {
    const { server, statuses } = await start({ ip: 2, subject: 2 });
    const yes = server.line.onJoin({ eventId: 'evt_a', caller: {} }) as JoinOutcome & { ok: true };
    server.line.onJoin = () => ({ ...yes, isRepeat: true });
    expect(await statuses(20, { user: 'ann' })).toEqual(times(20, 202));
    server.line.onJoin = () => refuse('QUEUE_NOT_OPEN', { retryAfterSec: 5 });
    expect(await statuses(20, { user: 'ann' })).toEqual(times(20, 403));
    server.line.onJoin = () => refuse('DUPLICATE_REQUEST');
    expect(await statuses(20, {})).toEqual(times(20, 409));
    server.line.onJoin = () => yes;
    expect(await statuses(3, { user: 'ann' })).toEqual([202, 202, 429]);
  });

  it('are any number for exempt addresses, and where the limit is 0', async () => {
    const exempt = await start({ ip: 1, exempt: ['198.51.100.0/24'] });
    expect(await exempt.statuses(10, {})).toEqual(times(10, 202));
    expect(await exempt.statuses(2, { address: '203.0.113.1' })).toEqual([202, 429]);
    const off = await start({});
    expect(await off.statuses(10, { user: 'ann' })).toEqual(times(10, 202));
  });

  it('are counted over gRPC alike', async () => {
    const { meters, gate } = gateOf({ subject: 2, ip: 5 });
    const line = new FakeLine();
    const log = pino({ level: 'silent' });
    const authenticate = createAuthenticator([devTokenScheme]);
    const guard = new OverloadGuard({ lateMs: 0, isServed: () => true });
    const desk = createFrontDesk({ line, authenticate, authEnterRequired: true, meters, gate, guard });
    const grpc = await serveGrpc({ host: '127.0.0.1', port: 0, backlog: 16, desk, line, meters, log, gate });
    const client = new QueueClient(`127.0.0.1:${grpc.port}`);
    closing.push(async () => {
      client.close();
      await grpc.drain(1_000);
    });
    const codes: number[] = [];
    for (let at = 0; at < 3; at += 1)
      codes.push((await client.join('evt_a', '', { metadata: signedInAs('ann') })).code);
    for (let at = 0; at < 4; at += 1)
      codes.push((await client.join('evt_a', '', { metadata: { 'x-forwarded-for': '127.0.0.1' } })).code);
    const { OK, RESOURCE_EXHAUSTED } = status;
    expect(codes).toEqual([OK, OK, RESOURCE_EXHAUSTED, OK, OK, OK, RESOURCE_EXHAUSTED]);
    expect(meters.limited).toMatchObject({ join_subject: 1, join_ip: 1 });
  });
});

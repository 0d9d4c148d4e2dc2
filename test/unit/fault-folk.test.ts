/** People of the fault suite beside the crowd, at a gateway that breaks under them: they say so, and go when they are told. */
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fans } from '../faults/fans.ts';
import { StreamFolk } from '../faults/stream-folk.ts';
import type { World } from '../faults/world.ts';
import { eventually } from '../helpers/eventually.ts';

/** Lets everybody join and enter, and breaks every other connection. */
async function openGateway(): Promise<Server> {
  const server = createServer((request, response) => {
    if (!/\/queue\/(join|enter)$/.test(request.url ?? '')) {
      request.destroy();
      return;
    }
    const isJoin = request.url?.endsWith('join');
    request.resume();
    response.writeHead(isJoin ? 202 : 200, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(isJoin ? { waiting_token: 'token' } : { reservation_token: 'pass' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('people of the fault suite at a broken gateway', () => {
  let server: Server;
  let world: World;

  beforeEach(async () => {
    server = await openGateway();
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const gateways = [{ name: 'g1', url, inRotation: true }];
    world = { gateways, eventId: 'evt_x', placeOf: () => ({ seq: 1 }) } as unknown as World;
  });
  afterEach(() => {
    server.close();
  });

  it('count a reservation that was not answered as one without a status', async () => {
    const fans = new Fans(world);
    await fans.enter(1);
    fans.start();
    try {
      const [booking] = await eventually(() => {
        const done = fans.drain();
        return done.length > 0 && done;
      });
      expect(booking).toMatchObject({ http: 0, hasRetryAfter: false });
    } finally {
      await fans.close();
    }
  });

  it('go though their streams never opened', async () => {
    const folk = new StreamFolk(world);
    await folk.come(2);
    server.close();
    await folk.close();
  });
});

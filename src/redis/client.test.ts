import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { connect } from './client.ts';

/** What a connection over TLS says first, as far as it can be read. */
async function helloTo(host: string): Promise<string> {
  const sockets = new Set<Socket>();
  const hello = Promise.withResolvers<string>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('data', (bytes) => hello.resolve(bytes.toString('latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = connect({ host, port, tls: {} }, { name: 'test' });
  try {
    return await hello.promise;
  } finally {
    client.disconnect();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

it('names the server that it asks for, as one with several certificates must know', async () => {
  expect(await helloTo('localhost')).toContain('localhost');
  expect(await helloTo('127.0.0.1')).not.toContain('127.0.0.1');
});

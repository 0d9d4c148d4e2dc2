import { get } from 'node:http';
import { expect, it } from 'vitest';
import { type Controlled, serveControl } from './control.ts';

it('outlives a request whose target is no address', async () => {
  const server = await serveControl(0, {} as Controlled);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    const status = await new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '//' }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(404);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

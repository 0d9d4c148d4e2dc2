/** A small admin API that says what a test wants: one snapshot, and later that the token has expired. */
import { createServer, type ServerResponse } from 'node:http';
import { apiVersion, environmentHeader } from '../../src/contract/admin-api.ts';
import type { QueueSnapshot } from '../../src/contract/snapshot.ts';

export interface FakeAdmin {
  readonly url: string;
  /** Ends the streams as at the token's end; from then on every call is answered 401. */
  expire(): void;
  close(): Promise<void>;
}

/** Opens it on 127.0.0.1. */
export async function openFakeAdmin(latest: QueueSnapshot): Promise<FakeAdmin> {
  const open = new Set<ServerResponse>();
  let isExpired = false;
  const headers = { [environmentHeader]: 'test', date: new Date().toUTCString() };
  const item = (kind: string, of: unknown) =>
    JSON.stringify({ apiVersion, kind, asOf: new Date().toISOString(), warnings: [], item: of });
  const send = (out: ServerResponse): void => {
    out.write(`id: ${latest.seq}\nevent: snapshot\ndata: ${JSON.stringify(latest)}\n\n`);
  };
  const server = createServer((request, out) => {
    const path = request.url ?? '';
    const answer = (status: number, body: string): void => {
      out.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(body);
    };
    if (path === '/version') {
      answer(200, JSON.stringify({ version: '9.9.9', environment: 'test' }));
    } else if (isExpired) {
      const error = { code: 'UNAUTHENTICATED', message: 'The token has expired.', trace_id: 'req_1' };
      answer(401, JSON.stringify({ error }));
    } else if (path.startsWith('/admin/v1/whoami')) {
      answer(200, item('Whoami', { name: 'vera', role: 'viewer', issuer: 'local' }));
    } else if (path.includes('/stream')) {
      out.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
      open.add(out);
      out.on('close', () => open.delete(out));
      send(out);
    } else answer(404, JSON.stringify({ error: { code: 'NOT_FOUND', message: 'No.', trace_id: 'req_2' } }));
  });
  const beating = setInterval(() => {
    for (const out of open) {
      out.write(`event: heartbeat\ndata: ${JSON.stringify({ ageSec: 0.1, seq: latest.seq })}\n\n`);
    }
  }, 1_000);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    expire() {
      isExpired = true;
      const data = JSON.stringify({ code: 'UNAUTHENTICATED', message: 'The token has expired.' });
      for (const out of open) out.end(`event: auth\ndata: ${data}\n\n`);
    },
    async close() {
      clearInterval(beating);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

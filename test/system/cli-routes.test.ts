import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createApiClient } from '../../src/cli/api-client.ts';
import { dispatcherOf, type Route } from '../../src/cli/dispatcher.ts';

const version = JSON.stringify({ version: '1.2.3', environment: 'staging' });
const answer = (_: unknown, response: { end(text: string): void }): void => response.end(version);

let folder: string;
let httpsPort: number;
const servers: Server[] = [];
const open = new Set<Socket>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tacos-way-'));
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  const names = ['-subj', '/CN=admin.inside', '-addext', 'subjectAltName=DNS:admin.inside'];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'ca.pem')];
  execFileSync('openssl', [...args, ...names, ...files], { stdio: 'ignore' });
  const [key, cert] = ['key.pem', 'ca.pem'].map((name) => readFileSync(join(folder, name)));
  httpsPort = await listen(createHttps({ key, cert } as { key: Buffer; cert: Buffer }, answer));
});
afterAll(() => {
  for (const socket of open) socket.destroy();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => open.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Asks for the version over a route; resolves with what came, or the message of the error. */
async function ask(server: string, route: Route): Promise<string> {
  const dispatcher = await dispatcherOf(route);
  if (dispatcher !== undefined) onTestFinished(() => dispatcher.destroy());
  const api = createApiClient({
    server,
    token: 't',
    client: 'test',
    timeoutMs: 3_000,
    unreachableHint: '',
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
  return api.version().then(
    ({ environment }) => environment,
    (error: Error) => error.message,
  );
}

function splice(client: Socket, port: number, ready: () => void): void {
  const far = connect(port, '127.0.0.1', ready);
  open.add(far);
  client.pipe(far).pipe(client);
  for (const socket of [client, far]) socket.on('error', () => socket.destroy());
}

describe('a context with an authority of its own', () => {
  it('is reached with caFile and tlsServerName, and with neither of them left out', async () => {
    const server = `https://127.0.0.1:${httpsPort}`;
    const caFile = join(folder, 'ca.pem');
    expect(await ask(server, { caFile, tlsServerName: 'admin.inside' })).toBe('staging');
    expect(await ask(server, { tlsServerName: 'admin.inside' })).toMatch(
      /cannot be reached: .* signed by nobody/,
    );
    expect(await ask(server, { caFile })).toMatch(/cannot be reached: .* another name/);
  });

  it('whose file is not there is exit 2', async () => {
    await expect(dispatcherOf({ caFile: join(folder, 'none.pem') })).rejects.toMatchObject({
      details: { exitCode: 2 },
    });
  });
});

describe('a proxy', () => {
  it('by http is asked for a tunnel to the server by its name', async () => {
    const asked: string[] = [];
    const proxy = createHttp();
    proxy.on('connect', ({ url = '' }, client: Socket) => {
      asked.push(url);
      splice(client, httpsPort, () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    });
    const route = { caFile: join(folder, 'ca.pem'), proxy: `http://127.0.0.1:${await listen(proxy)}` };
    expect(await ask('https://admin.inside:8443', route)).toBe('staging');
    expect(asked).toEqual(['admin.inside:8443']);
  });

  it('by socks5h looks the name up itself, so that a host only it knows works', async () => {
    const asked: string[] = [];
    const plainPort = await listen(createHttp(answer));
    const proxy = createServer((client) => {
      client.once('data', () => {
        client.write(Buffer.from([5, 0]));
        client.once('data', (request: Buffer) => {
          const length = request[4] ?? 0;
          asked.push(`${request[3]} ${request.subarray(5, 5 + length)}`);
          splice(client, plainPort, () => client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0])));
        });
      });
    });
    const route = { proxy: `socks5h://127.0.0.1:${await listen(proxy)}` };
    expect(await ask('http://admin.only-there', route)).toBe('staging');
    expect(asked).toEqual(['3 admin.only-there']);
  });

  it('that is away is said', async () => {
    for (const proxy of ['http://127.0.0.1:9', 'socks5h://127.0.0.1:9']) {
      expect(await ask('https://admin.inside', { proxy })).toContain('connection refused');
    }
  });
});

it('nothing of it is the plain way', async () => {
  expect(await dispatcherOf({})).toBeUndefined();
});

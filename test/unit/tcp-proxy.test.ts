import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { openTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';

/** A server that says everything back, and what it heard. */
async function openEcho(prefix = ''): Promise<{ server: Server; port: number; heard: () => number }> {
  let heard = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.length;
      socket.write(prefix + chunk.toString());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.once('close', () => {
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return { server, port: typeof address === 'object' ? (address?.port ?? 0) : 0, heard: () => heard };
}

describe('the TCP proxy of tests', () => {
  let echo: Awaited<ReturnType<typeof openEcho>>;
  let proxy: TcpProxy;
  let sockets: Socket[];

  beforeEach(async () => {
    echo = await openEcho();
    proxy = await openTcpProxy({ port: echo.port });
    sockets = [];
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await proxy.close();
    echo.server.close();
  });

  /** A connection through the proxy, what it has heard, and how it ended. */
  async function open() {
    const socket = connect(proxy.port, '127.0.0.1');
    sockets.push(socket);
    const seen = { socket, text: '', ended: '' };
    socket.on('data', (chunk: Buffer) => {
      seen.text += chunk.toString();
    });
    socket.on('error', (error: Error & { code?: string }) => {
      seen.ended = error.code ?? error.message;
    });
    socket.on('close', () => {
      seen.ended ||= 'closed';
    });
    await once(socket, 'connect');
    return seen;
  }

  it('passes bytes on, late where a delay is set, and in order when it is taken back', async () => {
    const one = await open();
    one.socket.write('a');
    await eventually(() => one.text === 'a');
    proxy.delayMs = 300;
    const startedMs = performance.now();
    one.socket.write('b');
    await eventually(() => echo.heard() === 2, { withinMs: 10_000 });
    expect(performance.now() - startedMs).toBeGreaterThan(290);
    proxy.delayMs = 0;
    one.socket.write('c');
    await eventually(() => one.text.length === 3, { withinMs: 10_000 });
    expect(one.text).toBe('abc');
  });

  it('swallows everything when cut, and ends what was cut when mended', async () => {
    const one = await open();
    proxy.cut();
    one.socket.write('lost');
    const two = await open();
    two.socket.write('lost too');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([echo.heard(), one.text, one.ended, two.ended]).toEqual([0, '', '', '']);
    proxy.mend();
    await eventually(() => one.ended !== '' && two.ended !== '');
    const three = await open();
    three.socket.write('found');
    await eventually(() => three.text === 'found');
  });

  it('leaves old connections half open, and lets new ones through', async () => {
    const one = await open();
    one.socket.write('a');
    await eventually(() => one.text === 'a');
    proxy.halfOpen();
    one.socket.write('nobody hears this');
    const two = await open();
    two.socket.write('b');
    await eventually(() => two.text === 'b');
    expect([one.text, one.ended, echo.heard()]).toEqual(['a', '', 2]);
  });

  it('resets connections', async () => {
    const one = await open();
    one.socket.write('a');
    await eventually(() => one.text === 'a');
    proxy.reset();
    await eventually(() => one.ended === 'ECONNRESET');
  });

  it('passes so many bytes a second, or none until it is let go', async () => {
    const one = await open();
    one.socket.write('a');
    await eventually(() => one.text === 'a');
    proxy.slow(20_000);
    const startedMs = performance.now();
    one.socket.write('b'.repeat(10_000));
    await eventually(() => echo.heard() === 10_001, { withinMs: 20_000 });
    expect(performance.now() - startedMs).toBeGreaterThan(400);
    proxy.slow(0);
    one.socket.write('c'.repeat(1_000_000));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(echo.heard()).toBe(10_001);
    proxy.slow(undefined);
    await eventually(() => one.text.length === 1_010_001, { withinMs: 20_000 });
    expect(one.text.at(-1)).toBe('c');
  });

  it('leads to another server and ends what led to the first', async () => {
    const other = await openEcho('other ');
    try {
      const one = await open();
      one.socket.write('a');
      await eventually(() => one.text === 'a');
      proxy.leadTo(other.port);
      await eventually(() => one.ended !== '');
      const two = await open();
      two.socket.write('b');
      await eventually(() => two.text === 'other b');
    } finally {
      other.server.close();
    }
  });
});

import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/helpers/eventually.ts';
import { goodToken } from '../../../test/helpers/fake-line.ts';
import { startVisitorServer } from '../../../test/helpers/visitor-server.ts';
import { OverloadGuard } from './guard.ts';

const opened: { socket: Socket; close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const { socket, close } of opened.splice(0)) {
    socket.destroy();
    await close();
  }
});

const request = `GET /api/v1/queue/status?token=${goodToken} HTTP/1.1\r\nHost: tacos\r\n\r\n`;

/** A server whose guard refuses all that it is not calm for, and a connection to it. */
async function start(trustedProxies: readonly string[] = []) {
  const guard = new OverloadGuard({ lateMs: 1, isServed: () => true, random: () => 0 });
  const server = await startVisitorServer({ guard, config: { trustedProxies } });
  const socket = connect(server.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  opened.push({ socket, close: () => server.close() });
  const answers = () => [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
  const look = (lagMs: number, times: number): void => {
    for (let at = 0; at < times; at += 1) guard.look({ tookMs: 1_000, lagMs, busy: 1 });
  };
  const refuse = async (): Promise<void> => {
    look(1_000, 4);
    guard.refusalOf('status', undefined);
    look(1_000, 2);
    socket.write(request);
    await eventually(() => answers().length === 1);
  };
  return { server, guard, socket, answers, text: () => text, look, refuse };
}

/** By another connection. */
async function restingAt(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^overload_resting_connections (\d+)$/m.exec(text)?.[1]);
}

describe('a connection whose request was refused for overload', () => {
  it('is not read for a while, and is when all is calm', async () => {
    const { server, socket, answers, text, look, refuse } = await start();
    await refuse();
    expect(answers()).toEqual(['503']);
    expect(text()).toMatch(/^retry-after: [1-9]/m);
    socket.write(request);
    expect(await restingAt(server.port)).toBe(1);
    expect(answers()).toHaveLength(1);
    look(0, 6);
    await eventually(() => answers().length === 2);
    expect(answers()).toEqual(['503', '200']);
  });

  it('is read at once where it is a proxy: others stand behind it', async () => {
    const { server, socket, answers, refuse } = await start(['127.0.0.0/8']);
    await refuse();
    socket.write(request);
    await eventually(() => answers().length === 2);
    expect(await restingAt(server.port)).toBe(0);
  });
});

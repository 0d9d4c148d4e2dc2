/** A TCP proxy on 127.0.0.1 with a fault that can be switched: a delay, or a cut that swallows everything. */
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** One-way delay of each chunk, ms. */
  delayMs: number;
  /** Swallows all bytes both ways and lets no new connection through, without closing what is open. */
  cut(): void;
  /** Ends the connections that were cut, so that clients notice, and lets new ones through. */
  mend(): void;
  close(): Promise<void>;
}

/** Opens a proxy in front of a port of this machine. */
export async function openTcpProxy(target: { port: number; delayMs?: number }): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isCut = false;
  const proxy = { delayMs: target.delayMs ?? 0 };
  const server = createServer((near) => {
    if (isCut) {
      // Half open: accepted by the kernel, answered by nobody.
      near.on('error', () => {});
      pairs.add([near, near]);
      return;
    }
    const far = connect(target.port, '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    const pipe = (from: Socket, to: Socket): void => {
      from.on('data', (chunk) => {
        if (isCut) return;
        setTimeout(() => {
          if (!isCut && !to.destroyed) to.write(chunk);
        }, proxy.delayMs);
      });
      from.on('close', () => {
        pairs.delete(pair);
        if (!isCut) setTimeout(() => to.destroy(), proxy.delayMs);
      });
      from.on('error', () => {});
    };
    pipe(near, far);
    pipe(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const dropAll = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    pairs.clear();
  };
  return Object.assign(proxy, {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut() {
      isCut = true;
    },
    mend() {
      dropAll();
      isCut = false;
    },
    async close() {
      dropAll();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

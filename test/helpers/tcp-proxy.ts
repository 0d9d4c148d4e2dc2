/**
 * A TCP proxy on 127.0.0.1 with faults that can be switched: a delay, a cut that swallows everything, connections that end
 * in nothing (half-open), resets, and a far end that is read slowly or not at all.
 */
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** One-way delay of each chunk, ms. Bytes keep their order when it changes. */
  delayMs: number;
  /** Swallows all bytes both ways and lets no new connection through, without closing what is open. */
  cut(): void;
  /** Ends the connections that were cut or half open, so that clients notice, and lets new ones through at full speed. */
  mend(): void;
  /** The connections open now lead nowhere from now on and nobody is told; new ones work. */
  halfOpen(): void;
  /** Ends all connections with a RST; new ones work. */
  reset(): void;
  /** Each direction of a connection passes so many bytes a second; 0 = nothing is read, so buffers fill; undefined = all. */
  slow(bytesPerSec: number | undefined): void;
  /** Ends all connections and leads to another port of this machine from now on. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

/** A slow reader takes its bytes in portions, ms. */
const portionMs = 50;

interface Faults {
  delayMs: number;
  isCut: boolean;
  bytesPerSec: number | undefined;
}

/** One direction of a connection: bytes go through in order, each when it is due. */
class Pipe {
  isDead = false;
  private readonly from: Socket;
  private readonly to: Socket;
  private readonly faults: Faults;
  private readonly waiting: { readonly dueMs: number; chunk: Buffer | undefined }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, faults: Faults) {
    this.from = from;
    this.to = to;
    this.faults = faults;
    from.on('data', (chunk: Buffer) => this.take(chunk));
    // Without bytes: the end of the connection, which comes after all that was sent before.
    from.on('close', () => this.take(undefined));
    from.on('error', () => {});
  }

  /** Goes on after a change of the speed. */
  wake(): void {
    if (this.faults.bytesPerSec === 0) this.from.pause();
    this.pass();
  }

  private take(chunk: Buffer | undefined): void {
    if (this.isDead || this.faults.isCut) return;
    const last = this.waiting.at(-1)?.dueMs ?? 0;
    this.waiting.push({ dueMs: Math.max(last, performance.now() + this.faults.delayMs), chunk });
    if (this.faults.bytesPerSec !== undefined) this.from.pause();
    this.pass();
  }

  private pass(): void {
    clearTimeout(this.timer);
    if (this.isDead || this.faults.isCut) return;
    const { bytesPerSec } = this.faults;
    let room = bytesPerSec === undefined ? Number.POSITIVE_INFINITY : (bytesPerSec * portionMs) / 1000;
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      const leftMs = next.dueMs - performance.now();
      const waitMs = leftMs > 0 ? leftMs : room < 1 ? portionMs : 0;
      if (waitMs > 0) {
        if (bytesPerSec !== 0) this.timer = setTimeout(() => this.pass(), waitMs);
        return;
      }
      if (next.chunk === undefined) {
        this.to.destroy();
        return;
      }
      const part = next.chunk.subarray(0, room);
      room -= part.length;
      next.chunk = next.chunk.subarray(part.length);
      if (next.chunk.length === 0) this.waiting.shift();
      if (!this.to.destroyed) this.to.write(part);
    }
    if (bytesPerSec !== 0) this.from.resume();
  }
}

/** Opens a proxy in front of a port of this machine; `target.port` is read with each new connection. */
export async function openTcpProxy(target: { port: number; delayMs?: number }): Promise<TcpProxy> {
  const faults: Faults = { delayMs: target.delayMs ?? 0, isCut: false, bytesPerSec: undefined };
  const sockets = new Set<Socket>();
  const pipes = new Set<Pipe>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    // Half open: accepted by the kernel, answered by nobody.
    if (faults.isCut) return;
    const far = connect(target.port, '127.0.0.1');
    keep(far);
    const both = [new Pipe(near, far, faults), new Pipe(far, near, faults)];
    for (const pipe of both) pipes.add(pipe);
    near.on('close', () => {
      for (const pipe of both) if (!pipes.delete(pipe)) far.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const dropAll = (how: (socket: Socket) => unknown = (socket) => socket.destroy()): void => {
    for (const pipe of pipes) pipe.isDead = true;
    for (const socket of sockets) how(socket);
    pipes.clear();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get delayMs() {
      return faults.delayMs;
    },
    set delayMs(ms) {
      faults.delayMs = ms;
    },
    cut() {
      faults.isCut = true;
    },
    mend() {
      dropAll();
      faults.isCut = false;
      faults.bytesPerSec = undefined;
    },
    halfOpen() {
      for (const pipe of pipes) pipe.isDead = true;
      pipes.clear();
    },
    reset() {
      dropAll((socket) => socket.resetAndDestroy());
    },
    slow(bytesPerSec) {
      faults.bytesPerSec = bytesPerSec;
      for (const pipe of pipes) pipe.wake();
    },
    leadTo(port) {
      target.port = port;
      dropAll();
    },
    async close() {
      dropAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

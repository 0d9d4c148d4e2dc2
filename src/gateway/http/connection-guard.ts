/**
 * What one client may hold open: connections of a process, of one address, and requests that wait on one connection.
 * Who is over it is cut without a word, as an answer would cost more than it is worth.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipelinedMax } from '../../contract/limits.ts';
import type { Meters } from '../metrics/meters.ts';
import { createNetworkList, limitedAs, plain } from '../rate-limit/client-address.ts';

export interface ConnectionLimits {
  /** Of this process, HTTP and gRPC together. */
  readonly max: number;
  /** Of one address (IPv6: its /64) that no proxy stands behind. */
  readonly perAddress: number;
  /** Addresses that the second does not hold for: proxies, which stand for many. */
  readonly unlimited: readonly string[];
}

/** No limit at all. */
export const anyNumber: ConnectionLimits = {
  max: Number.POSITIVE_INFINITY,
  perAddress: Number.POSITIVE_INFINITY,
  unlimited: [],
};

/** From this share of the limit on, connections that were answered are closed soon, to make room for others. */
const crowdedShare = 0.9;
const crowdedKeepAliveMs = 1_000;

export class ConnectionGuard {
  private readonly limits: ConnectionLimits;
  private readonly meters: Pick<Meters, 'limited'>;
  private readonly isUnlimited: (address: string) => boolean;
  private readonly byAddress = new Map<string, number>();
  /** Those that are open, with what `takenOf` said of each when it was last looked at. */
  private readonly open = new Map<Socket, number | undefined>();
  /** Requests of a connection that wait for the answers before theirs. */
  private readonly waiting = new WeakMap<Socket, number>();
  private server: Server | undefined;
  private keepAliveMs = 0;

  constructor(limits: ConnectionLimits, meters: Pick<Meters, 'limited'>) {
    this.limits = limits;
    this.meters = meters;
    this.isUnlimited = createNetworkList(limits.unlimited);
  }

  /** Open now. */
  get count(): number {
    return this.open.size;
  }

  /**
   * Counts the connections of an HTTP server, which keeps idle ones for less time while there are many, and cuts those
   * whose client reads nothing of what it asked for within `stuckMs`: node:http reads them no further, but waits for ever.
   */
  watch(server: Server, stuckMs: number): void {
    this.server = server;
    this.keepAliveMs = server.keepAliveTimeout;
    server.on('connection', (socket: Socket) => this.takes(socket));
    // Looked at twice in that time, so that a request costs nothing more.
    const timer = setInterval(() => this.cutStuck(), stuckMs / 2);
    timer.unref();
    server.once('close', () => clearInterval(timer));
  }

  /** Counts a new connection until it closes; false = it was cut, as there are too many. */
  takes(socket: Socket): boolean {
    const { max, perAddress } = this.limits;
    if (this.count >= max) return this.cut(socket, 'connection');
    // A socket that listens to IPv6 as well names IPv4 clients as IPv6 addresses, all of one /64.
    const remote = plain(socket.remoteAddress ?? '');
    const address = this.isUnlimited(remote) ? undefined : limitedAs(remote);
    if (address !== undefined) {
      const held = this.byAddress.get(address) ?? 0;
      if (held >= perAddress) return this.cut(socket, 'connection_ip');
      this.byAddress.set(address, held + 1);
    }
    socket.once('close', () => this.release(socket, address));
    this.open.set(socket, undefined);
    this.adjust();
    return true;
  }

  /**
   * Whether a request may be worked on. Clients that send further requests before they have the first answer (pipelining)
   * may have a few wait; with more the connection is cut. A response that waits has no socket yet.
   */
  admits({ socket }: IncomingMessage, response: ServerResponse): boolean {
    if (response.socket !== null) return true;
    if (socket.destroyed) return false;
    const count = (this.waiting.get(socket) ?? 0) + 1;
    if (count > pipelinedMax) return this.cut(socket, 'connection');
    this.waiting.set(socket, count);
    response.once('close', () => this.waiting.set(socket, (this.waiting.get(socket) ?? 1) - 1));
    return true;
  }

  private cut(socket: Socket, scope: 'connection' | 'connection_ip'): false {
    this.meters.limited[scope] += 1;
    socket.destroy();
    return false;
  }

  private release(socket: Socket, address: string | undefined): void {
    this.open.delete(socket);
    this.adjust();
    if (address === undefined) return;
    const held = (this.byAddress.get(address) ?? 1) - 1;
    if (held > 0) this.byAddress.set(address, held);
    else this.byAddress.delete(address);
  }

  /** The kernel's buffers were full all the time since the last look. */
  private cutStuck(): void {
    for (const [socket, before] of this.open) {
      const taken = takenOf(socket);
      if (taken !== undefined && taken === before) socket.destroy();
      else this.open.set(socket, taken);
    }
  }

  private adjust(): void {
    if (this.server === undefined) return;
    const isCrowded = this.count >= this.limits.max * crowdedShare;
    this.server.keepAliveTimeout = isCrowded ? crowdedKeepAliveMs : this.keepAliveMs;
  }
}

/** What the kernel has taken of the bytes written to a socket; undefined where it has taken all. */
const takenOf = ({ bytesWritten, writableLength }: Socket): number | undefined =>
  writableLength === 0 ? undefined : bytesWritten - writableLength;

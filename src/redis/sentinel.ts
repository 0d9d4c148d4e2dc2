/** A connection to whichever server the sentinels name as the master. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import {
  MasterWatch,
  type SentinelFacts,
  type SentinelSettings,
  type ServerAddress,
} from './master-watch.ts';

/** No master could be found; the message is a sentence for the operator. */
export class NoMasterError extends Error {
  override readonly name = 'NoMasterError';
}

/** What a connection behind sentinels is opened with. */
export interface SentinelConnection {
  readonly sentinel: SentinelSettings;
  /** Of the connection to the master; where that speaks TLS, `tls` is set. */
  readonly redisOptions: Omit<RedisOptions, 'replyMapping'>;
  readonly retryMs: (attempt: number) => number;
  /** TLS options for a server, by its name. */
  readonly tlsOf: (host: string) => object;
}

/** One watch serves all connections that were opened with the same settings. */
const watches = new WeakMap<SentinelSettings, { readonly watch: MasterWatch; users: number }>();
const watchOf = new WeakMap<object, MasterWatch>();

function borrow({ sentinel, redisOptions, retryMs, tlsOf }: SentinelConnection): MasterWatch {
  let shared = watches.get(sentinel);
  if (shared === undefined) {
    const name = redisOptions.connectionName ?? 'tacos';
    shared = { watch: new MasterWatch(sentinel, { name, retryMs, tlsOf }), users: 0 };
    watches.set(sentinel, shared);
  }
  shared.users += 1;
  return shared.watch;
}

function giveBack(sentinel: SentinelSettings): void {
  const shared = watches.get(sentinel);
  if (shared === undefined) return;
  shared.users -= 1;
  if (shared.users > 0) return;
  watches.delete(sentinel);
  shared.watch.close();
}

/** Leads each new connection to the master of the moment, and breaks it as soon as another server is master. */
class MasterConnector extends AbstractConnector {
  private readonly watch: MasterWatch;
  private readonly closing: AbortSignal;
  private readonly open: (master: ServerAddress) => Socket;
  private to: ServerAddress | undefined;
  private tell: (type: string, error: Error) => void = () => {};

  constructor(watch: MasterWatch, closing: AbortSignal, open: (master: ServerAddress) => Socket) {
    super(2_000);
    this.watch = watch;
    this.closing = closing;
    this.open = open;
    const unfollow = watch.follow(({ host, port }) => {
      if (host !== this.to?.host || port !== this.to.port) this.disconnect();
    });
    closing.addEventListener('abort', unfollow, { once: true });
  }

  /** Looks for the master until there is one: a connector that gives up is never asked again. */
  override async connect(tell: (type: string, error: Error) => void): Promise<Socket> {
    this.tell = tell;
    for (;;) {
      if (this.closing.aborted) throw new Error('Connection is closed.');
      const master = this.watch.master();
      if (master) {
        this.to = master;
        const stream = this.open(master);
        stream.once('error', (error) => {
          this.firstError = error;
        });
        this.stream = stream;
        return stream;
      }
      const trouble = this.watch.trouble();
      if (trouble !== undefined) tell('error', new NoMasterError(trouble));
      await this.watch.nextNews();
    }
  }

  /** A replica may have been master a moment ago: what it holds is late, and it takes no writes. */
  override check(info: { role?: string }): boolean {
    if (info.role === undefined || info.role === 'master') return true;
    const { host = '', port = 0 } = this.to ?? {};
    this.tell(
      'error',
      new NoMasterError(`${host}:${port} is a replica, but Redis Sentinel calls it the master`),
    );
    return false;
  }

  /** At once where it is to be opened anew: a server that is frozen would never end it. */
  override disconnect(): void {
    if (this.closing.aborted) super.disconnect();
    else this.stream?.destroy();
  }
}

/**
 * Opens it. Unlike one to a fixed server it is broken as soon as the sentinels name another master, or the server says that
 * it is none. While nobody names one, commands fail at once, and the reason comes as `error`.
 */
export function connectSentinel(connection: SentinelConnection): Redis {
  const { sentinel, redisOptions, retryMs, tlsOf } = connection;
  const closing = new AbortController();
  const watch = borrow(connection);
  const open = ({ host, port }: ServerAddress): Socket =>
    redisOptions.tls === undefined
      ? connectTcp({ host, port })
      : connectTls({ host, port, ...tlsOf(host), ...redisOptions.tls });

  class SentinelClient extends Redis {
    override disconnect(reconnect = false): void {
      if (!reconnect && !closing.signal.aborted) {
        closing.abort();
        giveBack(sentinel);
      }
      super.disconnect(reconnect);
    }
  }

  const client = new SentinelClient({
    ...redisOptions,
    retryStrategy: retryMs,
    reconnectOnError: (error) => /^(READONLY|MASTERDOWN)\b/.test(error.message),
    Connector: class extends MasterConnector {
      constructor() {
        super(watch, closing.signal, open);
      }
    },
  });
  watchOf.set(client, watch);
  return client;
}

/** What the sentinels behind a connection say of themselves; undefined = there are none. */
export const sentinelFactsOf = (client: object): SentinelFacts | undefined => watchOf.get(client)?.facts();

/** Where the master is that these sentinels name, as far as a connection was opened with them; undefined = not known. */
export const namedMasterOf = (sentinel: SentinelSettings | undefined): ServerAddress | undefined =>
  sentinel && watches.get(sentinel)?.watch.master();

/** A connection to Redis Cluster: one to each master, behind what one to a single server looks like. */
import { Cluster, type ClusterOptions, type Redis } from 'ioredis';
import type { PipelineReply } from './nodes.ts';
import { noteRunIds } from './run-ids.ts';

/** What a connection of a cluster is opened with. */
export interface ClusterSettings {
  /** Some of its servers: the others are asked for. At least one. */
  readonly seeds: readonly { readonly host: string; readonly port: number }[];
  /** Of every server's connection. */
  readonly redisOptions: Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping'>;
  readonly scripts?: ClusterOptions['scripts'];
  /** Wait before the next try once no server is left, ms. */
  readonly retryMs: (attempt: number) => number;
  /** TLS options for a server, by its name. */
  readonly tlsOf: ((host: string) => object) | undefined;
}

const closedText = 'Connection is closed.';

/** Refuses commands while it has no server, where ioredis would keep them for as long as that lasts. */
class FailFastCluster extends Cluster {
  /** What is sent now stays with the server that it is sent to: moved to another one, it fails. */
  isBound = false;

  override sendCommand(...[command, stream, node]: Parameters<Cluster['sendCommand']>): unknown {
    // Its own questions for who is there are commands too.
    if (this.status === 'ready' || command.name === 'cluster') {
      const refuse = command.reject;
      const sent = super.sendCommand(command, stream, node);
      if (this.isBound) this.bind(command, refuse);
      return sent;
    }
    command.reject(new Error(closedText));
    return command.promise;
  }

  /** Between the refusal MOVED and the redirection stands this. */
  private bind(command: Parameters<Cluster['sendCommand']>[0], refuse: (error: Error) => void): void {
    const redirect = command.reject;
    command.reject = (error: Error) => {
      if (!error.message.startsWith('MOVED ')) {
        redirect(error);
        return;
      }
      this.refreshSlotsCache();
      refuse(error);
    };
  }

  /**
   * Asks anew who has which slot after a pipeline that was sent elsewhere. ioredis does so itself only where all of its
   * refusals are the same, and each names its own slot.
   */
  override pipeline(...args: Parameters<Cluster['pipeline']>): ReturnType<Cluster['pipeline']> {
    const pipeline = super.pipeline(...args);
    const { promise } = pipeline as unknown as { readonly promise: Promise<readonly PipelineReply[]> };
    promise.then(
      (replies) => {
        if (replies.some(([error]) => error?.message.startsWith('MOVED '))) this.refreshSlotsCache();
      },
      () => {},
    );
    return pipeline;
  }
}

/**
 * Sends what `send` sends to the servers that have its keys as far as is known, and to no other: where a slot has another
 * master by now, which may be one that took over without the last writes, the command fails. A slot under migration is
 * no such case.
 */
export function sendBound<T>(client: Redis, send: () => T): T {
  const cluster: unknown = client;
  if (!(cluster instanceof FailFastCluster)) return send();
  cluster.isBound = true;
  try {
    return send();
  } finally {
    cluster.isBound = false;
  }
}

/**
 * Opens it. As with one server, a command whose connection broke fails at once and is never sent again by itself. One
 * that a server refused (MOVED, ASK, TRYAGAIN) did not happen: it goes to the right server, 16 times at most. Errors of
 * any server's connection come as `error`; `server ready` is emitted for each that serves.
 */
export function connectCluster({ seeds, redisOptions, scripts, retryMs, tlsOf }: ClusterSettings): Redis {
  const secured = (host: string, port: number): { host: string; port: number } =>
    tlsOf === undefined ? { host, port } : Object.assign({ host, port }, { tls: tlsOf(host) });
  const cluster = new FailFastCluster(
    seeds.map(({ host, port }) => secured(host, port)),
    {
      redisOptions,
      ...(scripts === undefined ? {} : { scripts }),
      clusterRetryStrategy: retryMs,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      // A certificate is for a name: it must not become an address on the way.
      dnsLookup: (host, answer) => answer(null, host),
      natMap: (server) => {
        const colon = server.lastIndexOf(':');
        return secured(server.slice(0, colon), Number(server.slice(colon + 1)));
      },
    },
  );
  const events = cluster as unknown as NodeJS.EventEmitter;
  events.on('node error', (error: Error) => events.emit('error', error));
  events.on('+node', (server: Redis) => {
    noteRunIds(server);
    server.on('ready', () => events.emit('server ready'));
  });
  // Commands, pipelines and events are the same; what is not is asked for in nodes.ts.
  return cluster as unknown as Redis;
}

/** Signs in with another password from now on. */
export function changePassword(client: Redis, password: string): void {
  const maybe: unknown = client;
  const { connectionPool: pool } = maybe as { connectionPool?: { redisOptions: { password?: string } } };
  if (pool === undefined) {
    client.options.password = password;
    // The refused connection stays open, and useless: the next one signs in with the new password.
    client.disconnect(true);
    return;
  }
  // ioredis makes each server's connection from this copy of the options, and has no call to change it. Those that are
  // refused end by themselves; the others' still serve.
  pool.redisOptions.password = password;
  for (const server of (maybe as Cluster).nodes()) server.options.password = password;
}

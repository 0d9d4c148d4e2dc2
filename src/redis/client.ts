/** Connections to Redis. This folder alone knows ioredis; everybody else sees `RedisClient`. */
import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import { redisCommandMs } from '../contract/limits.ts';
import { changePassword, connectCluster } from './cluster.ts';
import type { SentinelSettings } from './master-watch.ts';
import { noteRunIds } from './run-ids.ts';
import { type ScriptSet, scriptOptions } from './script-loader.ts';
import { connectSentinel, NoMasterError } from './sentinel.ts';

/** Where Redis is and how to sign in. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  /** It is a cluster, and these are some of its servers; host and port are those of the first. */
  readonly cluster?: readonly { readonly host: string; readonly port: number }[];
  /** Sentinels say where it is; host and port are those of the first of them. */
  readonly sentinel?: SentinelSettings;
  readonly username?: string;
  readonly password?: string;
  /** Present = TLS; `ca` = PEM of who signed the server's certificate, else what the system trusts; its file. */
  readonly tls?: { readonly ca?: string; readonly caFile?: string };
  /** Reads the password anew once the server refuses it: it may have been rotated. */
  readonly readPassword?: () => Promise<string>;
}

/**
 * A connection to one server, which may be another one after a reconnection where sentinels say who it is; or to all
 * masters of a cluster: then `options` and `connect` are not those of one.
 */
export type RedisClient = Redis;

const reconnectMsMin = 50;
const reconnectMsMax = 1_000;
/** A connection on which an answer is overdue for so long is given up, ms: its other end may be gone without a word. */
const silentSocketMs = 5_000;

/**
 * Opens a connection that fails fast and never sends a command twice by itself: a transition whose reply was lost
 * may have happened, and only its caller knows whether it can be repeated. Reconnects for ever, with full jitter.
 */
export function connect(address: RedisAddress, options: { name: string; scripts?: ScriptSet }): RedisClient {
  const { host, port, cluster: seeds, sentinel, username, password, tls } = address;
  const tlsOf = tls === undefined ? undefined : (server: string) => ({ ...serverName(server), ...tls });
  const redisOptions = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tlsOf === undefined ? {} : { tls: tlsOf(host) }),
    connectionName: options.name,
    autoResendUnfulfilledCommands: false,
    // 0 = what was under way when the connection broke fails at once.
    maxRetriesPerRequest: 0,
    commandTimeout: redisCommandMs,
    socketTimeout: silentSocketMs,
    connectTimeout: redisCommandMs,
  };
  const retryMs = (attempt: number): number =>
    Math.random() * Math.min(reconnectMsMax, reconnectMsMin * 2 ** attempt) + reconnectMsMin;
  const scripts = options.scripts ? { scripts: scriptOptions(options.scripts) } : {};
  const ofOne = { ...redisOptions, ...scripts, enableOfflineQueue: false };
  let client: RedisClient;
  if (seeds !== undefined) client = connectCluster({ seeds, redisOptions, ...scripts, retryMs, tlsOf });
  else if (sentinel === undefined) client = new Redis({ ...ofOne, host, port, retryStrategy: retryMs });
  else
    client = connectSentinel({
      sentinel,
      redisOptions: { ...ofOne, ...(tls === undefined ? {} : { tls }) },
      retryMs,
      tlsOf: serverName,
    });
  if (seeds === undefined) noteRunIds(client);
  noteRefusals(client, username ?? 'default');
  if (address.readPassword !== undefined) renewPassword(client, address.readPassword);
  return client;
}

/** What a server says that does not take the user or the password. */
const refusedText = /^(WRONGPASS|NOAUTH)\b/;

const refusals = new WeakMap<RedisClient, string>();

/**
 * Every command's failure reaches its caller, so of the connection's own errors only this is kept: which user the
 * server refuses. No caller learns it, as commands fail with the connection.
 */
function noteRefusals(client: RedisClient, username: string): void {
  client.on('error', (error: Error & { readonly lastNodeError?: Error }) => {
    // A cluster client that no server took says so with what the last of them said.
    const code = refusedText.exec((error.lastNodeError ?? error).message)?.[1];
    if (error instanceof NoMasterError) refusals.set(client, error.message);
    else if (code === undefined) refusals.delete(client);
    else refusals.set(client, `Redis refuses the user ${username} (${code})`);
  });
  for (const event of ['ready', 'server ready']) client.on(event, () => refusals.delete(client));
}

/**
 * That the server refuses to sign this connection in, or that sentinels name no master, a sentence for the operator;
 * undefined = neither.
 */
export const refusalOf = (client: RedisClient): string | undefined => refusals.get(client);

/** Servers that have several certificates choose by the name asked for. Of an address there is none (RFC 6066, 3). */
const serverName = (host: string): { servername?: string } => (isIP(host) === 0 ? { servername: host } : {});

/** A password is read again at most once in this time, ms. */
const passwordReadMs = 5_000;

/** Takes the new password over when the server no longer knows the old one. */
function renewPassword(client: RedisClient, readPassword: () => Promise<string>): void {
  let readAtMs = Number.NEGATIVE_INFINITY;
  client.on('error', (error: Error) => {
    if (error instanceof NoMasterError) return;
    if (!/WRONGPASS|NOAUTH|invalid password/i.test(error.message)) return;
    if (performance.now() - readAtMs < passwordReadMs) return;
    readAtMs = performance.now();
    readPassword().then(
      (password) => changePassword(client, password),
      () => {},
    );
  });
}

/** Resolves once the connection serves, or after `ms` in vain (then false). It goes on trying by itself. */
export function whenReady(client: RedisClient, ms: number): Promise<boolean> {
  if (client.status === 'ready') return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => settleWith(false), ms);
    const onReady = (): void => settleWith(true);
    function settleWith(answer: boolean): void {
      clearTimeout(timer);
      client.off('ready', onReady);
      resolve(answer);
    }
    client.once('ready', onReady);
  });
}

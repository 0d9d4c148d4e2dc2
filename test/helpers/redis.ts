import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** How to start a Redis of one's own; nothing is saved to disk unless `aof` is set. */
export interface RedisOptions {
  /** Keep an append-only file, synced every second: survives kill and restart. Default false. */
  readonly aof?: boolean;
  /** Folder for its files, kept on stop. Default: a fresh one, removed on stop. */
  readonly dir?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** More arguments of redis-server, such as `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[];
  /** Program and first arguments that start it in its place, by exec; may be made of its data directory. Default: `['redis-server']`. */
  readonly launcher?: readonly string[] | ((dir: string) => readonly string[]);
  /** Lines of a configuration file, which the server may change, as a sentinel does. */
  readonly config?: readonly string[];
}

/** A running redis-server on 127.0.0.1. It dies with the test process, however that ends. */
export interface TestRedis {
  readonly port: number;
  readonly url: string;
  /** Process id; another one after `restart`. */
  readonly pid: number;
  readonly dir: string;
  /** Ends the server and the clients made by `client`, and removes its folder. Harmless when repeated. */
  stop(): Promise<void>;
  /** Ends the server by SIGKILL, as a crash would; clients and folder stay. */
  kill(): Promise<void>;
  /** Starts the server again on the same port and folder, after ending it in good order if it still runs. */
  restart(): Promise<void>;
  /** A new connection, closed by `stop`. */
  client(): Redis;
}

interface Server {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Tells the watchdog that the server has ended, so that it does not kill a later process of that id. */
  release(): void;
}

const portTries = 50;
const startLimitMs = 15_000;
const stopLimitMs = 5_000;

/**
 * Starts a redis-server and waits until it serves.
 *
 * @throws Error with the server's last words when it does not start
 */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'tacos-redis-')));
  const ownDir = options.dir === undefined ? dir : undefined;
  const launch = (port: number) => launchServer({ port, dir, ownDir, options });
  const starting = options.port === undefined ? onFreePort(launch) : fixedPort(launch, options.port);
  const removeOwnDir = async () => {
    if (ownDir !== undefined) await rm(ownDir, { recursive: true, force: true });
  };
  const first = await starting.catch(async (error: unknown) => {
    await removeOwnDir();
    throw error;
  });
  const { port } = first;
  let server: Server = first.server;
  const clients = new Set<Redis>();

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return server.pid;
    },
    dir,
    async stop() {
      for (const client of clients) client.disconnect();
      clients.clear();
      await endServer(server, 'SIGTERM');
      await removeOwnDir();
    },
    kill: () => endServer(server, 'SIGKILL'),
    async restart() {
      await endServer(server, 'SIGTERM');
      server = (await fixedPort(launch, port)).server;
    },
    client() {
      const client = new Redis({ host: '127.0.0.1', port });
      // A test that kills its server expects lost connections; without a listener each one is logged.
      client.on('error', () => {});
      clients.add(client);
      return client;
    },
  };
}

/** Where the port was taken, by whoever and whenever, Redis says so and ends: then another one is tried. */
async function onFreePort(launch: (port: number) => Promise<Server | 'port taken'>) {
  for (let tries = 0; tries < portTries; tries += 1) {
    // Below the range that systems hand out for outgoing connections; + 10000 (cluster bus) fits as well.
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const server = await launch(port);
    if (server !== 'port taken') return { server, port };
  }
  throw new Error(`no free port for redis-server in ${portTries} tries`);
}

async function fixedPort(launch: (port: number) => Promise<Server | 'port taken'>, port: number) {
  const server = await launch(port);
  if (server === 'port taken') throw new Error(`port ${port} is taken, redis-server cannot start there`);
  return { server, port };
}

async function launchServer(wanted: {
  port: number;
  dir: string;
  ownDir: string | undefined;
  options: RedisOptions;
}): Promise<Server | 'port taken'> {
  const { port, dir, ownDir, options } = wanted;
  const aof = options.aof === true ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : [];
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
  const file = join(dir, 'redis.conf');
  if (options.config !== undefined) await writeFile(file, `${options.config.join('\n')}\n`);
  const { launcher = ['redis-server'] } = options;
  const [program = '', ...first] = typeof launcher === 'function' ? launcher(dir) : launcher;
  const ownConfig = options.config === undefined ? [] : [file];
  const child = spawn(program, [...first, ...ownConfig, ...fixed, ...aof, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const outcome = await firstOutcome(child);
  if (outcome === 'ready' && child.pid !== undefined) {
    const server = { process: child, pid: child.pid, release: watch(child.pid, ownDir) };
    await ping(port);
    return server;
  }
  child.kill('SIGKILL');
  if (/Address already in use/i.test(outcome)) return 'port taken';
  throw new Error(`redis-server did not start on port ${port}:\n${outcome}`);
}

/** 'ready', or what the server said before it ended. Its log is read on, so that its pipe never fills. */
async function firstOutcome(child: ChildProcess): Promise<string> {
  let log = '';
  return new Promise((resolve) => {
    const give = (outcome: string) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const timer = setTimeout(() => give(`not ready after ${startLimitMs} ms\n${log}`), startLimitMs);
    const read = (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4_000);
      if (/Ready to accept connections|Sentinel ID is/.test(log)) give('ready');
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => give(`${error.message}\n${log}`));
    child.once('close', (code) => give(`ended with code ${code}\n${log}`));
  });
}

async function ping(port: number): Promise<void> {
  const client = new Redis({ host: '127.0.0.1', port });
  try {
    await client.ping();
  } finally {
    client.disconnect();
  }
}

/**
 * A shell that waits for the end of a pipe that only this process holds open. The system closes it
 * however this process ends, SIGKILL included, which an 'exit' handler would miss; then the shell kills
 * the server and removes its folder.
 */
export function watch(pid: number, dir: string | undefined): () => void {
  const script = 'read -r _ && exit; kill -9 "$1"; [ -z "$2" ] || rm -rf "$2"';
  const watchdog = spawn('sh', ['-c', script, 'sh', String(pid), dir ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  watchdog.stdin.on('error', () => {});
  return () => watchdog.stdin.end('released\n');
}

async function endServer(server: Server, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const child = server.process;
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    await ended;
    clearTimeout(timer);
  }
  server.release();
}

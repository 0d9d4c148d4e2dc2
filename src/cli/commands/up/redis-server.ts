/** The redis-server of a `tacos up`: found on the PATH, started on a free port with its data in the data folder. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Child } from './child.ts';
import type { DataDir } from './data-dir.ts';

const versionMin = 7;

/** redis-server is not here or too old; the hint is the command that mends it. */
export class RedisMissing extends Error {
  override readonly name = 'RedisMissing';
  readonly hint: string;

  constructor(message: string) {
    super(message);
    this.hint = process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install redis-server';
  }
}

/** Makes sure that a redis-server of version 7 or newer is on the PATH. @throws RedisMissing */
export async function checkRedisServer(): Promise<void> {
  const output = await promisify(execFile)('redis-server', ['--version']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const version = /v=(\d+)/.exec(output)?.[1];
  if (version === undefined)
    throw new RedisMissing('redis-server is not installed; tacos up keeps its lines in it');
  if (Number(version) < versionMin)
    throw new RedisMissing(`redis-server ${version} is too old: ${versionMin} or newer is needed`);
}

/** Prepares the server; `start` resolves once it accepts connections. Every second's writes are synced to disk. */
export async function redisServer(dataDir: DataDir): Promise<{ child: Child; port: number }> {
  const port = await freePort();
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: dataDir.redis,
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
  };
  const child = new Child({
    name: 'redis-server',
    command: 'redis-server',
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    env: process.env,
    logFile: join(dataDir.logs, 'redis.log'),
    ready: /Ready to accept connections/,
  });
  return { child, port };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

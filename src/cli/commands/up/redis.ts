/** A redis-server of our own. */
import { spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';

const oldestMajor = 7;

/** Makes sure that redis-server can be started. @throws CliError (11) with the command that installs it */
export function checkRedisServer(platform: NodeJS.Platform): void {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  const version = /\bv=(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1];
  if (version !== undefined && Number.parseInt(version, 10) >= oldestMajor) return;
  const found = version === undefined ? 'is not installed' : `is version ${version}`;
  throw new CliError(`redis-server ${found}; tacos up needs ${oldestMajor} or newer`, {
    code: 'REDIS_MISSING',
    exitCode: exitCodes.programMissing,
    why: 'nothing was started; a REDIS_ADDRESS in the environment would be used instead',
    hint: installCommand(platform),
  });
}

/** The command that installs redis-server on a platform. */
export function installCommand(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'brew install redis';
  if (platform === 'win32') return 'wsl sudo apt-get install -y redis-server';
  return 'sudo apt-get install -y redis-server';
}

/** Arguments for a Redis that keeps everything but the last second through a crash, for this machine only. */
export const redisArgs = (port: number, folder: string): string[] => [
  ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--daemonize', 'no', '--logfile', ''],
  ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--maxmemory-policy', 'noeviction'],
];

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Whether Redis answers PING with PONG: it has loaded its data. */
export function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => finish(data.toString().startsWith('+PONG')));
  });
}

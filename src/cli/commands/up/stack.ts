/** Everything on one machine: Redis, gateway, admin API and simulated visitors, started in order and ended in reverse. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import type { DataDir } from './data-dir.ts';
import { checkRedisServer, redisServer } from './redis-server.ts';

export interface StackOptions {
  readonly dataDir: DataDir;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly gatewayPort: number;
  readonly adminPort: number;
  readonly workers: number;
}

/** Where the parts answer. */
export interface Stack {
  readonly gateway: string;
  readonly admin: string;
  /** host:port. */
  readonly redis: string;
  /** Starts visitors who keep `count` places of the event busy. */
  addVisitors(event: string, count: number): Promise<void>;
  /** Ends everything that was started, the last first. */
  stop(): Promise<void>;
}

/** Starts the stack. What was started is ended again when a later part fails. @throws RedisMissing, ChildFailed */
export async function startStack(options: StackOptions): Promise<Stack> {
  const started: Child[] = [];
  const stop = async (): Promise<void> => {
    for (const child of started.splice(0).reverse()) await child.stop();
  };
  const run = async (child: Child): Promise<string> => {
    started.push(child);
    return child.start();
  };
  try {
    const redis = await startRedis(options, run);
    const env = stackEnvironment(options, redis);
    const { gatewayPort, workers } = options;
    const gatewayArgs = ['--port', String(gatewayPort), '--workers', String(workers)];
    const [gateway, admin] = await Promise.all([
      run(ours('gateway', gatewayArgs, { ...options, env })),
      run(ours('admin-api', [], { ...options, env })),
    ]);
    const addVisitors = async (event: string, count: number): Promise<void> => {
      const flags = {
        gateway,
        event,
        visitors: count,
        keep: count,
        arrivals: 'poisson:200/s',
        'no-show': 0.1,
        'double-click': 0.02,
        leave: 0.05,
      };
      const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
      await run(ours('simulator', args, { ...options, env }, 'spawned'));
    };
    return { gateway, admin, redis, addVisitors, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startRedis(options: StackOptions, run: (child: Child) => Promise<string>): Promise<string> {
  const configured = options.env.REDIS_ADDRESS;
  if (configured) return configured;
  await checkRedisServer();
  const { child, port } = await redisServer(options.dataDir);
  await run(child);
  return `127.0.0.1:${port}`;
}

function stackEnvironment({ dataDir, env, adminPort }: StackOptions, redis: string) {
  const secrets = dataDir.secrets();
  return {
    ...env,
    REDIS_ADDRESS: redis,
    WAITING_TOKEN_KEYS: secrets.waitingTokenKeys,
    RESERVATION_TOKEN_KEYS: secrets.reservationTokenKeys,
    ADMIN_ADDRESS: `127.0.0.1:${adminPort}`,
    ADMIN_TOKENS: `admin:${env.USER || 'operator'}:${secrets.operatorToken}`,
    TRUSTED_PROXIES: env.TRUSTED_PROXIES ?? '127.0.0.0/8',
    LOG_LEVEL: env.LOG_LEVEL ?? 'info',
  };
}

/** One of our own entries, run by the Node that runs this. */
function ours(
  entry: 'gateway' | 'admin-api' | 'simulator',
  args: readonly string[],
  { dataDir, env }: Pick<StackOptions, 'dataDir' | 'env'>,
  ready: RegExp | 'spawned' = /^listening (http:\S+)$/m,
): Child {
  return new Child({
    name: entry,
    command: process.execPath,
    args: [entryFile(entry), ...args],
    env,
    logFile: join(dataDir.logs, `${entry}.log`),
    ready,
  });
}

/** dist/ENTRY/main.js of this copy of tacos. */
export function entryFile(entry: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    for (const base of [folder, join(folder, 'dist')]) {
      const file = join(base, entry, 'main.js');
      if (existsSync(file)) return file;
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`this copy of tacos lacks ${entry}/main.js: run npm run build`);
    folder = parent;
  }
}

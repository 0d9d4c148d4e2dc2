/** What `tacos up` runs, in which order, with which settings. */

import { existsSync, readFileSync } from 'node:fs';
import { gatewayNodeFlags } from '../../../contract/gateway-runtime.ts';
import type { Runtime } from '../../runtime.ts';
import { backendsArgs, backendsEntry, backendsEnv, backendsReady, namesBackends } from './backends.ts';
import { Child, type ChildPlan } from './child.ts';
import { type DataDir, type KnownProcess, processStamp } from './data-dir.ts';
import { answersPing, checkRedisServer, freePort, redisArgs } from './redis.ts';

/** Ports and sizes as asked for. */
export interface FleetOptions {
  readonly gatewayPort: number;
  readonly adminPort: number;
  readonly grpcPort: number;
  readonly workers?: number;
}

/** Addresses that answer. */
export interface Addresses {
  readonly gateway: string;
  readonly admin: string;
  /** Host and port. */
  readonly grpc: string;
  readonly redis: string;
  /** Of the simulated services; undefined where others are used. */
  readonly backends?: string;
}

/** Names under which signing keys may be given from outside. */
const keyFiles = { WAITING_TOKEN_KEYS: 'waitingKeys', RESERVATION_TOKEN_KEYS: 'reservationKeys' } as const;

/** What gateway and admin API call the settings of their ports, and how `tacos up` calls them. */
export const portFlags = {
  gateway: { '--port or SERVER_PORT': '--gateway-port', '--grpc-port or SERVER_GRPC_PORT': '--grpc-port' },
  admin: { ADMIN_ADDRESS: '--admin-port' },
} as const;

const buying = ['--buy', '0.7', '--never-pay', '0.05', '--pay-fail', '0.05', '--pay-slow', '0.1'];

/** Everything that one `tacos up` started; the last one started is stopped first. */
export class Fleet {
  private readonly children: Child[] = [];
  private readonly runtime: Runtime;
  private readonly data: DataDir;
  private readonly note: (line: string) => void;

  constructor(options: { runtime: Runtime; data: DataDir; note: (line: string) => void }) {
    this.runtime = options.runtime;
    this.data = options.data;
    this.note = options.note;
  }

  /** Redis, simulated services, gateway and admin API. Returns early, with what there is, when told to stop. */
  async start(
    { gatewayPort, adminPort, grpcPort, workers }: FleetOptions,
    signal: AbortSignal,
  ): Promise<Addresses> {
    const { REDIS_ADDRESS: address, REDIS_ADDRESS_FILE: addressFile } = this.runtime.env;
    const given = address || (addressFile ? readFileSync(addressFile, 'utf8').trim() : '');
    const redis = given || (await this.startRedis(signal));
    const backends = await this.startBackends(signal);
    const env = this.environment(redis, given === '');
    if (backends !== undefined) {
      // Ours speak no TLS.
      for (const name of Object.keys(env)) if (name.startsWith('BACKEND_TLS_')) delete env[name];
      Object.assign(env, backendsEnv(backends));
    }
    const gateway = await this.run(
      {
        name: 'gateway',
        command: process.execPath,
        args: (address, grpcAddress) => [
          ...gatewayNodeFlags,
          this.runtime.entry('gateway'),
          ...['--port', String(portOf(address) ?? gatewayPort)],
          ...['--grpc-port', grpcAddress?.split(':').at(-1) ?? String(grpcPort)],
          ...(workers === undefined ? [] : ['--workers', String(workers)]),
        ],
        env,
        ready: 'listening',
        flags: portFlags.gateway,
        restarts: true,
      },
      signal,
    );
    const admin = await this.run(
      {
        name: 'admin',
        command: process.execPath,
        args: () => [this.runtime.entry('admin-api')],
        env: { ...env, ADMIN_TOKEN_FILE: this.data.tokenList },
        envAt: (address) => ({ ADMIN_ADDRESS: `127.0.0.1:${portOf(address) ?? adminPort}` }),
        ready: 'listening',
        flags: portFlags.admin,
        restarts: true,
      },
      signal,
    );
    const simulated = backends === undefined ? {} : { backends };
    const grpc = gateway.grpcAddress ?? '';
    return { gateway: gateway.address ?? '', admin: admin.address ?? '', grpc, redis, ...simulated };
  }

  /**
   * Visitors that join, poll and enter; one of ten never comes. Where services are simulated, most of those who enter
   * buy, and some never pay or cannot. False where the simulator is not there.
   */
  async startVisitors(
    { gateway, backends }: Addresses,
    visitors: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const entry = this.runtime.entry('simulator');
    if (!existsSync(entry)) return false;
    const args = [
      ...[
        '--gateway',
        gateway,
        '--event',
        'evt_demo',
        '--visitors',
        String(visitors),
        '--keep',
        String(visitors),
      ],
      ...['--no-show', '0.1', '--arrivals', `poisson:${Math.max(1, Math.ceil(visitors / 10))}/s`],
      ...(backends === undefined ? [] : buying),
      '--leave-at-end',
      '--until-stdin-ends',
    ];
    await this.run(
      {
        name: 'simulator',
        command: process.execPath,
        args: () => [entry, ...args],
        env: this.runtime.env as NodeJS.ProcessEnv,
        ready: 'at once',
        restarts: false,
      },
      signal,
    );
    return true;
  }

  /** Stops everything, in order. */
  async stop(): Promise<void> {
    for (const child of this.children.toReversed()) await child.stop();
  }

  /** Ends everything at once. */
  kill(): void {
    for (const child of this.children) child.kill();
  }

  /** Unless the environment names others. What they hold and sold is lost when they die. */
  private async startBackends(signal: AbortSignal): Promise<string | undefined> {
    const entry = backendsEntry(this.runtime);
    if (entry === undefined || namesBackends(this.runtime.env)) return undefined;
    const backends = await this.run(
      {
        name: 'backends',
        command: process.execPath,
        args: (address) => [entry, ...backendsArgs(address)],
        env: this.runtime.env as NodeJS.ProcessEnv,
        ready: backendsReady,
        restarts: true,
      },
      signal,
    );
    return backends.address;
  }

  private async startRedis(signal: AbortSignal): Promise<string> {
    checkRedisServer(this.runtime.platform);
    const port = await freePort();
    await this.run(
      {
        name: 'redis',
        command: 'redis-server',
        args: () => redisArgs(port, this.data.redis),
        env: this.runtime.env as NodeJS.ProcessEnv,
        ready: () => answersPing(port),
        restarts: true,
      },
      signal,
    );
    return `127.0.0.1:${port}`;
  }

  private async run(plan: Omit<ChildPlan, 'log'>, signal: AbortSignal): Promise<Child> {
    const child = new Child(
      { ...plan, log: this.data.log(plan.name) },
      { note: this.note, onPids: () => this.data.noteProcesses(this.known()) },
    );
    if (signal.aborted) return child;
    this.children.push(child);
    await child.start(signal);
    return child;
  }

  private known(): KnownProcess[] {
    return this.children.flatMap(({ name, pid }) =>
      pid === undefined ? [] : [{ name, pid, stamp: processStamp(pid) }],
    );
  }

  /** The caller's environment, with our own keys and Redis where it names none. */
  private environment(redis: string, isOwnRedis: boolean): NodeJS.ProcessEnv {
    const env: NodeJS.ProcessEnv = { ...this.runtime.env, REDIS_ADDRESS: redis };
    // A real sign-in, certificate or webhook of this shell is not for a line that simulates its visitors.
    const ours = [
      ...['ADMIN_TOKENS', 'ADMIN_OIDC_ISSUERS', 'ALERT_WEBHOOK_URL'].flatMap((name) => [
        name,
        `${name}_FILE`,
      ]),
      'ADMIN_TLS_CERT_FILE',
      'ADMIN_TLS_KEY_FILE',
      'ADMIN_ADDRESS',
      'SERVER_GRPC_PORT',
      'REDIS_ADDRESS_FILE',
    ];
    // Our own Redis asks for no password and speaks no TLS.
    const elsewhere = Object.keys(env).filter((name) => isOwnRedis && /^REDIS_(?!ADDRESS$)/.test(name));
    for (const name of [...ours, ...elsewhere]) delete env[name];
    // Simulated visitors come from one address each, as behind a proxy.
    env.TRUSTED_PROXIES ??= '127.0.0.0/8';
    for (const [name, file] of Object.entries(keyFiles)) {
      if (env[name] === undefined && env[`${name}_FILE`] === undefined) env[`${name}_FILE`] = this.data[file];
    }
    return env;
  }
}

function portOf(address: string | undefined): number | undefined {
  return address === undefined ? undefined : Number(new URL(address).port);
}

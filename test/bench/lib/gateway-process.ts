/** A gateway process of the bench: one worker on a free port, everything at its default but keys and proxies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { gatewayNodeFlags } from '../../../src/contract/gateway-runtime.ts';

export const waitingKey = { kid: 'bench', secret: 'waiting-token-key-of-the-bench-0123456789' };
export const jwtSecret = 'jwt-secret-of-the-bench-0123456789abcdef';
/** 32 bytes in hex, as the variable takes them. */
export const passKey = { kid: 'bench', seed: '7e'.repeat(32) };

export interface GatewayProcess {
  readonly pid: number;
  readonly port: number;
  readonly grpcPort: number;
  /** From its start until /readyz said 200, ms. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

const startLimitMs = 30_000;
const stopLimitMs = 10_000;
const askAgainMs = 5;

/**
 * Starts one and waits until it is ready. `more` = variables besides those that each has here.
 *
 * @throws Error with its last words when it does not get there
 */
export async function startGateway(
  redisPort: number,
  more: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const startedMs = performance.now();
  const main = fileURLToPath(new URL('../gateway/main.js', import.meta.url));
  const child = spawn(process.execPath, [...gatewayNodeFlags, main, '--workers', '1', '--port', '0'], {
    env: { ...process.env, ...settings(redisPort), ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  try {
    const { port, grpcPort } = await portsOf(child);
    await untilReady(port, startedMs);
    return {
      pid: child.pid ?? 0,
      port,
      grpcPort,
      readyMs: performance.now() - startedMs,
      stop: () => stop(child),
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function settings(redisPort: number): Record<string, string> {
  return {
    REDIS_ADDRESS: `127.0.0.1:${redisPort}`,
    SERVER_ENVIRONMENT: 'test',
    SERVER_GRPC_PORT: '0',
    WAITING_TOKEN_KEYS: `${waitingKey.kid}:${waitingKey.secret}`,
    RESERVATION_TOKEN_KEYS: `${passKey.kid}:${passKey.seed}`,
    JWT_SECRET: jwtSecret,
    TRUSTED_PROXIES: '127.0.0.0/8',
  };
}

async function portsOf(child: ChildProcess): Promise<{ port: number; grpcPort: number }> {
  let words = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the gateway does not listen:\n${words}`)), startLimitMs);
    const read = (chunk: Buffer): void => {
      words = (words + chunk.toString()).slice(-8_000);
      const port = /^listening http:\/\/[^\s/]+:(\d+)$/m.exec(words)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve({ port: Number(port), grpcPort: Number(/^listening grpc:\S+:(\d+)$/m.exec(words)?.[1]) });
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the gateway ended with code ${code}:\n${words}`));
    });
  });
}

async function untilReady(port: number, startedMs: number): Promise<void> {
  while (performance.now() - startedMs < startLimitMs) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, askAgainMs));
  }
  throw new Error(`the gateway was not ready after ${startLimitMs} ms`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await ended;
  clearTimeout(timer);
}

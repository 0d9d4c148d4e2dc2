import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backendsArgs, backendsEnv, backendsReady, namesBackends } from './backends.ts';
import { Child, type ChildPlan, renamed } from './child.ts';
import { openDataDir, processStamp } from './data-dir.ts';
import { portFlags } from './processes.ts';
import { freePort, installCommand, redisArgs } from './redis.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tacos-up-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['--port or SERVER_PORT', 'gateway', '--gateway-port'],
  ['--grpc-port or SERVER_GRPC_PORT', 'gateway', '--grpc-port'],
  ['ADMIN_ADDRESS', 'admin', '--admin-port'],
] as const)(
  'a port that is taken is to be chosen by the flag of tacos up: %s of the %s',
  (own, name, ours) => {
    const line = (flag: string): string => `port 80 of 127.0.0.1 is in use: choose another by ${flag}`;
    expect(renamed(line(own), portFlags[name])).toBe(line(ours));
  },
);

describe('the data dir', () => {
  it('makes keys and token once, for this user only', () => {
    const first = openDataDir(folder, 'mina');
    const token = readFileSync(first.tokenFile, 'utf8');
    expect(readFileSync(first.tokenList, 'utf8')).toBe(`admin:mina:${token}`);
    expect(readFileSync(first.waitingKeys, 'utf8')).toMatch(/^up1:[\w-]{43}\n$/);
    for (const file of [first.tokenFile, first.tokenList, first.waitingKeys, first.reservationKeys]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    first.release();
    expect(readFileSync(openDataDir(folder, 'mina').tokenFile, 'utf8')).toBe(token);
  });

  it('has one owner: another live process is refused, a dead or reborn one is not', () => {
    const owner = { name: 'up', pid: process.ppid, stamp: processStamp(process.ppid) };
    const lock = join(folder, 'up.lock');
    writeFileSync(lock, JSON.stringify(owner));
    expect(() => openDataDir(folder, 'mina')).toThrow(
      `a tacos up runs in ${folder} already (process ${process.ppid})`,
    );
    writeFileSync(lock, JSON.stringify({ ...owner, stamp: 'of another start' }));
    openDataDir(folder, 'mina').release();
    writeFileSync(lock, 'nonsense');
    openDataDir(folder, 'mina').release();
  });

  it('keeps the log of the run before', () => {
    const data = openDataDir(folder, 'mina');
    writeFileSync(data.log('gateway'), 'first\n');
    expect(readFileSync(data.log('gateway'), 'utf8')).toBe('');
    expect(readFileSync(join(folder, 'logs/gateway.1.log'), 'utf8')).toBe('first\n');
  });
});

describe('a child', () => {
  const notes: string[] = [];
  const events = { onPids: () => {}, note: (line: string) => notes.push(line) };
  const plan = (script: string, change: Partial<ChildPlan> = {}): ChildPlan => {
    const log = join(folder, 'child.log');
    writeFileSync(log, '');
    const args = (address: string | undefined) => ['-e', script, address ?? 'none'];
    return {
      name: 'gateway',
      command: process.execPath,
      args,
      env: {},
      log,
      ready: 'listening',
      restarts: true,
      ...change,
    };
  };
  const { signal } = new AbortController();
  const serve =
    'console.log("listening http://127.0.0.1:" + process.pid, process.argv[1]); setInterval(() => {}, 1000)';
  beforeEach(() => {
    notes.length = 0;
  });

  it('is ready once it says where it listens, and stops when asked', async () => {
    const child = new Child(plan(serve), events);
    await child.start(signal);
    expect(child.address).toBe(`http://127.0.0.1:${child.pid}`);
    await child.stop();
    expect(() => process.kill(child.pid ?? 0, 0)).toThrow();
    expect(notes).toEqual([]);
  });

  it('that ends at its start shows the end of its log', async () => {
    const child = new Child(plan('console.error("port in use"); process.exit(3)'), events);
    await expect(child.start(signal)).rejects.toMatchObject({
      message: 'gateway ended with exit 3',
      details: { exitCode: 1, quote: ['port in use'] },
    });
  });

  it('that dies later is started again at the same address', async () => {
    const child = new Child(plan(serve), events);
    await child.start(signal);
    const { pid, address } = child;
    process.kill(pid ?? 0, 'SIGKILL');
    await vi.waitFor(
      () => expect(readFileSync(join(folder, 'child.log'), 'utf8')).toContain(` ${address}\n`),
      5_000,
    );
    expect(child.pid).not.toBe(pid);
    expect(child.address).toBe(address);
    expect(notes).toEqual(['gateway has ended (SIGKILL); starting it again']);
    await child.stop();
  });
});

describe('the simulated services', () => {
  const line = 'ready reservation=127.0.0.1:1 inventory=127.0.0.1:2 payment=127.0.0.1:3 control=127.0.0.1:4';
  const address = backendsReady.exec(line)?.[1] ?? '';

  it('get free ports, and the same ones after a restart', () => {
    expect(backendsArgs(undefined).slice(0, 4)).toEqual(['--reservation-port', '0', '--inventory-port', '0']);
    expect(backendsArgs(address).slice(0, 8)).toEqual([
      ...['--reservation-port', '1', '--inventory-port', '2', '--payment-port', '3', '--control-port', '4'],
    ]);
    expect(backendsEnv(address)).toMatchObject({ BACKEND_PAYMENT_API_GRPC_ADDRESS: '127.0.0.1:3' });
  });

  it('are left out when the environment names any', () => {
    expect(namesBackends({ PATH: '/bin', BACKEND_BUDGET_PER_SEC: '10' })).toBe(false);
    expect(namesBackends({ BACKEND_PAYMENT_API_GRPC_ADDRESS: '' })).toBe(false);
    expect(namesBackends({ BACKEND_PAYMENT_API_GRPC_ADDRESS: 'pay:9092' })).toBe(true);
    expect(namesBackends({ BACKEND_INVENTORY_API_GRPC_ADDRESS_FILE: '/run/address' })).toBe(true);
  });
});

describe('redis', () => {
  it('keeps its data through a crash and never throws any away', () => {
    const args = redisArgs(7000, '/data').join(' ');
    for (const part of [
      '--appendonly yes',
      '--appendfsync everysec',
      '--save  ',
      '--maxmemory-policy noeviction',
    ]) {
      expect(args).toContain(part);
    }
    expect(args).toContain('--bind 127.0.0.1');
  });

  it('has its install command on every platform', () => {
    expect(installCommand('darwin')).toBe('brew install redis');
    expect(installCommand('linux')).toContain('apt-get install');
  });

  it('gets a port that is free', async () => {
    expect(await freePort()).toBeGreaterThan(1024);
  });
});

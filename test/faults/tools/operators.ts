/** An admin API and the `tacos` command on it, both real. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Program, root, startProgram } from '../../helpers/processes.ts';
import type { World } from '../world.ts';

const token = 'token-of-the-fault-suite-0123456789';

export interface AdminApi {
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Runs a command there and gives its JSON. @throws Error with what it said where it fails */
  tacos(argv: readonly string[]): Promise<Record<string, unknown>>;
}

/** Starts an admin API on the Redis of the world, as on any host that has its address and the keys. */
export async function startAdmin({ redis, env }: World): Promise<AdminApi> {
  const program = await startProgram({
    argv: ['dist/admin-api/main.js'],
    env: {
      ...env,
      REDIS_ADDRESS: `127.0.0.1:${redis.port}`,
      ADMIN_ADDRESS: '127.0.0.1:0',
      ADMIN_TOKENS: `admin:ada:${token}`,
    },
    ready: /^listening (http:\S+)$/m,
  });
  const server = program.ready[1] ?? '';
  const home = mkdtempSync(join(tmpdir(), 'tacos-faults-home-'));
  return {
    async kill() {
      await end(program);
      rmSync(home, { recursive: true, force: true });
    },
    tacos: (argv) => runTacos(argv, { HOME: home, TACOS_SERVER: server, TACOS_TOKEN: token }),
  };
}

async function end({ child, ended }: Program): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

function runTacos(argv: readonly string[], env: Record<string, string>): Promise<Record<string, unknown>> {
  const child = spawn(`${root}bin/tacos`, [...argv, '-o', 'json'], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(said.stdout) as Record<string, unknown>);
      else reject(new Error(`tacos ${argv.join(' ')} ended with ${code}: ${said.stderr}${said.stdout}`));
    });
  });
}

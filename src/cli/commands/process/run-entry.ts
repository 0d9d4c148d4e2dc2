import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { gatewayNodeFlags } from '../../../contract/gateway-runtime.ts';
import type { Cli } from '../../cli.ts';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { stopReason } from '../../runtime.ts';

/** Runs another entry of tacos in the foreground; its output and exit code are ours. */
export async function runEntry(
  { runtime }: Cli,
  program: 'gateway' | 'admin-api',
  args: readonly string[],
): Promise<number> {
  const entry = runtime.entry(program);
  if (!existsSync(entry)) {
    throw new CliError(`${program} is not built: there is no ${entry}`, {
      code: 'NOT_BUILT',
      exitCode: exitCodes.programMissing,
      hint: 'npm run build',
    });
  }
  const flags = program === 'gateway' ? gatewayNodeFlags : [];
  if (process.pid === 1) become([...flags, entry, ...args], runtime.env);
  // In a process group of its own: Ctrl-C reaches it through us alone, once.
  const child = spawn(process.execPath, [...flags, entry, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: runtime.env as NodeJS.ProcessEnv,
    detached: runtime.platform !== 'win32',
  });
  const { signal } = runtime.stop;
  const forward = (): void => {
    child.kill(stopReason(runtime.stop) === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
  };
  signal.addEventListener('abort', forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, killedBy) => resolve(code ?? (killedBy === 'SIGINT' ? 130 : 143)));
    });
  } finally {
    signal.removeEventListener('abort', forward);
  }
}

/** The whole of a container is the program: no second Node beside it, and signals reach it at first hand. */
function become(args: readonly string[], env: Readonly<Record<string, string | undefined>>): void {
  const set = Object.entries(env).filter((each): each is [string, string] => each[1] !== undefined);
  // From Node 24 on; elsewhere it is started as a child.
  process.execve?.(process.execPath, [process.execPath, ...args], Object.fromEntries(set));
}

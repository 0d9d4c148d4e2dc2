import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A program of ours, started by a test. It is killed when the test process ends, however that happens. */
export interface Program {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What the ready line's pattern matched. */
  readonly ready: RegExpExecArray;
  /** Everything it wrote so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** Its exit code or signal, once it has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGTERM, and SIGKILL for one that has not ended after `withinMs` (default 10 s). */
  stop(withinMs?: number): Promise<void>;
}

export interface ProgramOptions {
  /** Path of its main file from the root, then its arguments. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The first line of stdout that matches says that it is ready. */
  readonly ready: RegExp;
  readonly withinMs?: number;
}

/**
 * Starts a program with the running Node and waits for its ready line.
 *
 * @throws Error with its last words when it ends or is not ready in time
 */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const child = spawn(process.execPath, ['--enable-source-maps', ...options.argv], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close').then(([code, signal]) => {
    process.off('exit', kill);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ready = await new Promise<RegExpExecArray>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${options.argv[0]} ${why}\n${stdout}\n${stderr}`));
    const timer = setTimeout(() => {
      kill();
      fail('was not ready in time');
    }, options.withinMs ?? 45_000);
    void ended.then(({ code, signal }) => fail(`ended before it was ready (${code ?? signal})`));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const match = options.ready.exec(stdout);
      if (!match) return;
      clearTimeout(timer);
      resolve(match);
    });
  });
  return {
    pid: child.pid ?? 0,
    child,
    ready,
    output: () => ({ stdout, stderr }),
    ended,
    async stop(withinMs = 10_000) {
      child.kill('SIGTERM');
      // A stopped process takes SIGTERM only after SIGCONT.
      child.kill('SIGCONT');
      const timer = setTimeout(kill, withinMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** A process that `tacos up` starts and looks after: its log goes to a file, it is started again when it dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  /** A line that says it serves, whose first group `start` resolves with; or it counts as ready once it runs. */
  readonly ready: RegExp | 'spawned';
  /** Started again when it ends by itself after having been ready. Default true. */
  readonly restarts?: boolean;
  readonly onExit?: (code: number | null, signal: NodeJS.Signals | null) => void;
}

const readyMs = 20_000;
const restartMs = 500;
const stopMs = 26_000;
const keptChars = 4_000;

/** A child that ended before it was ready; the message has its last words. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';
}

export class Child {
  private readonly spec: ChildSpec;
  private process: ChildProcess | undefined;
  private stopping = false;
  private log: WriteStream | undefined;

  constructor(spec: ChildSpec) {
    this.spec = spec;
  }

  /** Resolves with what the ready line says. @throws ChildFailed */
  start(): Promise<string> {
    const { command, args, env, logFile, name, ready } = this.spec;
    this.log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
    const { log } = this;
    // A group of its own: Ctrl-C in the terminal reaches only `up`, which then ends its children in order.
    const child = spawn(command, args, {
      env: env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.process = child;
    let seen = '';
    let serves = false;
    return new Promise((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new ChildFailed(`${name} ${why}:\n${seen.trim().slice(-keptChars)}`));
      const timer = setTimeout(() => {
        fail(`did not answer within ${readyMs / 1000} s`);
        child.kill('SIGKILL');
      }, readyMs);
      const serve = (word: string): void => {
        serves = true;
        clearTimeout(timer);
        resolve(word);
      };
      const read = (chunk: Buffer): void => {
        log.write(chunk);
        if (serves) return;
        seen = (seen + chunk.toString('utf8')).slice(-keptChars);
        const match = ready === 'spawned' ? null : ready.exec(seen);
        if (match) serve(match[1] ?? '');
      };
      if (ready === 'spawned') child.once('spawn', () => serve(''));
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.on('error', (error) => fail(`could not be started (${error.message})`));
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        log.end();
        if (!serves) fail(`ended at its start (${code ?? signal})`);
        else this.afterEnd(code, signal);
      });
    });
  }

  /** SIGTERM, then SIGKILL for one that does not end in time. */
  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await ended;
    clearTimeout(timer);
  }

  private afterEnd(code: number | null, signal: NodeJS.Signals | null): void {
    this.spec.onExit?.(code, signal);
    if (this.stopping || this.spec.restarts === false) return;
    setTimeout(() => {
      if (!this.stopping) this.start().catch(() => this.afterEnd(null, null));
    }, restartMs).unref();
  }
}

/** One process that `tacos up` keeps running. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { pause } from '../../runtime.ts';
import { killGroup } from './data-dir.ts';

export interface ChildPlan {
  readonly name: string;
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  /** More of it, by the address of the run before. */
  readonly envAt?: (address: string | undefined) => NodeJS.ProcessEnv;
  readonly log: string;
  /** Arguments; the addresses are those of the run before, so that a restart serves at the same ones. */
  readonly args: (address: string | undefined, grpcAddress: string | undefined) => readonly string[];
  /** How it says that it answers: a line `listening ADDRESS` or of another form whose group is it, a probe, or not at all. */
  readonly ready: 'listening' | RegExp | 'at once' | (() => Promise<boolean>);
  /** How its settings are called by those who start it this way, by how it calls them itself. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Its end is mended; else it is only noted. */
  readonly restarts: boolean;
}

export interface ChildEvents {
  /** It began or ended; the pids have changed. */
  readonly onPids: () => void;
  readonly note: (line: string) => void;
}

/** Longest times to answer after the start, to stop after SIGTERM, between restarts, ms. */
const readyMs = 20_000;
const stopMs = 28_000;
const restartMs = { min: 500, max: 10_000 };
const quotedLines = 12;

export class Child {
  readonly name: string;
  /** Where it listens, once it does. */
  address: string | undefined;
  /** Host and port of its gRPC service, where it has one. */
  grpcAddress: string | undefined;
  private readonly plan: ChildPlan;
  private readonly events: ChildEvents;
  private process: ChildProcess | undefined;
  private readonly stopped = new AbortController();
  private restarts = 0;

  constructor(plan: ChildPlan, events: ChildEvents) {
    this.name = plan.name;
    this.plan = plan;
    this.events = events;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Starts it and waits until it answers. @throws CliError (1) with the end of its log */
  async start(signal: AbortSignal): Promise<void> {
    const child = this.spawn();
    const ended = new Promise<never>((_, reject) => {
      child.once('error', (error) => reject(this.failed(error.message)));
      child.once('exit', (code, killedBy) => reject(this.failed(`ended with ${killedBy ?? `exit ${code}`}`)));
    });
    ended.catch(() => {});
    const timer = AbortSignal.any([signal, AbortSignal.timeout(readyMs)]);
    const isReady = await Promise.race([ended, this.untilReady(child, timer)]);
    if (signal.aborted) return;
    if (!isReady) throw this.failed(`did not answer within ${readyMs / 1000} s`);
    child.once('exit', (code, killedBy) => void this.mend(killedBy ?? `exit ${code}`, signal));
  }

  /** Asks it to stop, then makes it. Resolves when it has ended. */
  async stop(): Promise<void> {
    this.stopped.abort();
    const child = this.process;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const { pid } = child;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const timer = setTimeout(() => killGroup(pid, 'SIGKILL'), stopMs);
    child.kill('SIGTERM');
    child.stdin?.end();
    await ended;
    clearTimeout(timer);
  }

  /** At once and with all that it started; for the end of this very process. */
  kill(): void {
    const child = this.process;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      killGroup(child.pid, 'SIGKILL');
    }
  }

  private spawn(): ChildProcess {
    const { command, args, env, envAt, log } = this.plan;
    const file = openSync(log, 'a');
    // A process group of its own: Ctrl-C reaches it through `up` alone, in the right order.
    const child = spawn(command, args(this.address, this.grpcAddress), {
      env: { ...env, ...envAt?.(this.address) },
      stdio: ['pipe', 'pipe', file],
      detached: process.platform !== 'win32',
    });
    closeSync(file);
    child.stdin?.on('error', () => {});
    this.process = child;
    this.events.onPids();
    return child;
  }

  private untilReady(child: ChildProcess, signal: AbortSignal): Promise<boolean> {
    const { ready, log } = this.plan;
    const lines = child.stdout === null ? undefined : createInterface({ input: child.stdout });
    const form = ready instanceof RegExp ? ready : /^listening (https?:\S+)/;
    const listening = new Promise<boolean>((resolve) => {
      lines?.on('line', (line) => {
        appendFileSync(log, `${line}\n`);
        this.grpcAddress ??= /^listening grpc:\/\/(\S+)/.exec(line)?.[1];
        const address = form.exec(line)?.[1];
        if (address === undefined) return;
        this.address ??= address;
        resolve(true);
      });
      signal.addEventListener('abort', () => resolve(false));
    });
    if (ready === 'listening' || ready instanceof RegExp) return listening;
    return ready === 'at once' ? Promise.resolve(true) : probe(ready, signal);
  }

  private async mend(how: string, signal: AbortSignal): Promise<void> {
    this.events.onPids();
    if (this.stopped.signal.aborted || signal.aborted) return;
    if (!this.plan.restarts) {
      this.events.note(`${this.name} has ended (${how})`);
      return;
    }
    this.events.note(`${this.name} has ended (${how}); starting it again`);
    for (;;) {
      await pause(Math.min(restartMs.max, restartMs.min * 2 ** this.restarts), this.stopped.signal);
      this.restarts += 1;
      if (this.stopped.signal.aborted || signal.aborted) return;
      try {
        await this.start(AbortSignal.any([signal, this.stopped.signal]));
        setTimeout(() => (this.restarts = 0), restartMs.max).unref();
        return;
      } catch (error) {
        this.events.note(error instanceof Error ? error.message : String(error));
        this.kill();
      }
    }
  }

  private failed(how: string): CliError {
    return new CliError(`${this.name} ${how}`, {
      code: 'START_FAILED',
      exitCode: exitCodes.failed,
      why: `the end of ${this.plan.log}:`,
      quote: lastLines(this.plan.log).map((line) => renamed(line, this.plan.flags ?? {})),
    });
  }
}

async function probe(isReady: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await isReady()) return true;
    await pause(50, signal);
  }
  return false;
}

/** A line of a log in the words of the flags that its reader has. */
export const renamed = (line: string, flags: Readonly<Record<string, string>>): string =>
  Object.entries(flags).reduce((text, [own, ours]) => text.replaceAll(`by ${own}`, `by ${ours}`), line);

function lastLines(file: string): string[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.slice(-quotedLines).map((line) => line.slice(0, 300));
}

/** Everything of the machine that commands touch, so that a test can put another one in its place. */
import type { AdminApi } from './admin-api.ts';
import type { ApiTarget } from './api-transport.ts';
import type { StopReason } from './exit-codes.ts';

/** Where text goes; a stream of Node, or less. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Wall clock and monotonic clock, ms. */
export interface Clock {
  now(): number;
  monotonic(): number;
}

/** What is told to stop, and why. */
export interface Stop {
  /** Aborted once, with a StopReason as its reason. */
  readonly signal: AbortSignal;
}

export interface Runtime {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Both ends are a terminal, so somebody can be asked. */
  readonly isInteractive: boolean;
  readonly clock: Clock;
  readonly stop: Stop;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly userName: string;
  readonly hostName: string;
  readonly version: string;
  /** 0 to 1, for jitter. */
  random(): number;
  /** Asks one line; resolves with what was typed. */
  ask(question: string): Promise<string>;
  /** Opens a client; a promise where it is loaded first. Nothing is sent. */
  connect(target: ApiTarget): AdminApi | Promise<AdminApi>;
  /** Path of a program's entry in dist. */
  entry(program: 'gateway' | 'admin-api' | 'simulator'): string;
  /** All of standard input, for --token-file -. */
  readStdin(): Promise<string>;
}

/** Why a runtime was stopped. */
export const stopReason = ({ signal }: Stop): StopReason => signal.reason as StopReason;

/** Resolves after a time, or at once when told to stop. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
  });
}

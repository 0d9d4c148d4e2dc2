/** Entry of the `tacos` command: the real machine, and the one place that ends the process. */
import { homedir, hostname, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import project from '../../package.json' with { type: 'json' };
import { type StopReason, stopCodes } from './exit-codes.ts';
import { run } from './run.ts';
import type { Runtime } from './runtime.ts';

const stop = new AbortController();
const onSignal = (reason: StopReason): void => {
  if (stop.signal.aborted && reason === 'SIGINT') process.exit(stopCodes.SIGINT);
  stop.abort(reason);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') onSignal('EPIPE');
  });
}

const runtime: Runtime = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  isInteractive: process.stdout.isTTY === true && process.stdin.isTTY === true,
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  stop: { signal: stop.signal },
  home: homedir(),
  platform: process.platform,
  userName: userName(),
  hostName: hostname(),
  version: project.version,
  random: Math.random,
  ask: async (question) => {
    const { createInterface } = await import('node:readline/promises');
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await lines.question(question, { signal: stop.signal });
    } finally {
      lines.close();
    }
  },
  // Loaded late: the schemas of all answers take longer than -V and TAB may.
  connect: async (target) => (await import('./api-client.ts')).createApiClient(target),
  entry: (program) => fileURLToPath(new URL(`../${program}/main.js`, import.meta.url)),
  readStdin: async () => {
    const { text } = await import('node:stream/consumers');
    return text(process.stdin);
  },
};

const code = await run(process.argv.slice(2), runtime);
await Promise.all([process.stdout, process.stderr].map(flushed));
process.exit(code);

/** Resolves once everything written has left; at once for a reader that has gone. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) return resolve();
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

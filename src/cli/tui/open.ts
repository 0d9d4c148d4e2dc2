/** Opens the live screen on the terminal and gives the terminal back, however it ends. */
import { spawn } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import type { AdminApi } from '../admin-api.ts';
import type { Cli, Connection } from '../cli.ts';
import { badgeOf, contextFlagOf } from '../mutation.ts';
import { stopReason } from '../runtime.ts';
import type { Feed } from '../watch/feed.ts';
import type { Leave } from './app.tsx';
import { asciiGlyphs, blockGlyphs, plainGlyphs } from './glyphs.ts';
import { blockWidth } from './probe.ts';
import { Stage } from './stage.ts';

export interface ScreenOptions {
  /** undefined = all queues. */
  readonly event?: string;
  /** Name of the context; default: as the command line says. */
  readonly context?: string;
  /** --write: keys that change things are bound, where the role allows. */
  readonly write?: boolean;
  /** A feed of the event that is there already. */
  readonly feed?: Feed;
  readonly badge?: () => string;
  /** Draws whole frames, for terminals that lose track. Default false. */
  readonly isPlain?: boolean;
}

/** How the screen was left, and what is to stay on the main screen. */
export interface Left {
  readonly how: Leave;
  readonly words: string;
}

/** Between looks at the data, ms: 4 a second, 2 over SSH. */
const frameMs = { near: 250, overSsh: 500 };

/** Shows the queue until the operator leaves or a signal comes. @throws what the first connection throws */
export async function openScreen(cli: Cli, options: ScreenOptions): Promise<Left> {
  const { runtime, flags } = cli;
  const named =
    options.context === undefined ? cli : { ...cli, flags: { ...flags, context: options.context } };
  const connect = (): Promise<Connection> => reconnect(cli, options);
  let { api, context } = await connect();
  // Ink's colours are decided when it is loaded, from the environment alone.
  if (!wantsColor(runtime.env, flags.color)) process.env.FORCE_COLOR = '0';
  // Collects sooner: a third less memory for a little more work (bin/tacos keeps the young space small too).
  setFlagsFromString('--heap-growing-percent=60');
  // React's build for production has no checks that print onto the screen, and is the faster one.
  process.env.NODE_ENV ??= 'production';
  const [{ mount }, width] = await Promise.all([
    import('./mount.ts'),
    flags.ascii || !runtime.isInteractive ? 1 : blockWidth(process),
  ]);
  const { signal } = runtime.stop;
  const left = Promise.withResolvers<Leave>();
  const stage = new Stage({
    api: following(() => api),
    clock: runtime.clock,
    random: runtime.random,
    signal,
    glyphs: flags.ascii ? asciiGlyphs : width > 1 ? plainGlyphs : blockGlyphs,
    badge: options.badge ?? (() => badgeOf(api.environment)),
    context,
    contextFlag: contextFlagOf(named),
    write: options.write === true,
    frameMs: runtime.env.SSH_CONNECTION ? frameMs.overSsh : frameMs.near,
    event: options.event,
    ...(options.feed === undefined ? {} : { feed: options.feed }),
    onFail: left.reject,
  });
  const onStop = (): void => left.resolve(stopReason(runtime.stop));
  signal.addEventListener('abort', onStop);
  if (signal.aborted) onStop();
  const onSignIn = async (): Promise<void> => {
    await signIn(context.name);
    // Without a token there is still the old client, which goes on saying so.
    const fresh = await connect().catch(() => undefined);
    if (fresh !== undefined) ({ api, context } = fresh);
  };
  const props = { stage, onLeave: left.resolve, onSuspend: suspend, onSignIn };
  const { screen, unmount } = mount(props, { isPlain: options.isPlain === true });
  stage.start();
  try {
    return { how: await left.promise, words: stage.lastWords() };
  } finally {
    signal.removeEventListener('abort', onStop);
    stage.stop();
    unmount();
    await screen.waitUntilExit();
  }
}

/** Reads the tokens anew, so that a sign-in in between counts. Changes need to know which context is meant. */
async function reconnect(cli: Cli, { context, write }: ScreenOptions): Promise<Connection> {
  const use = write === true ? 'mutation' : 'read';
  if (context === undefined) return cli.connect(use);
  const { createCli } = await import('../cli.ts');
  return createCli(cli.runtime, { ...cli.flags, context }).connect(use);
}

/** A client that is always the one of the moment. */
export function following(current: () => AdminApi): AdminApi {
  return new Proxy({} as AdminApi, {
    get: (_target, name) => {
      const api = current();
      const value: unknown = Reflect.get(api, name, api);
      return typeof value === 'function' ? value.bind(api) : value;
    },
  });
}

/** Colour is off for NO_COLOR, TERM=dumb, --no-color and --color never. */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, color: string): boolean {
  if (color !== 'auto') return color === 'always';
  return !env.NO_COLOR && env.TERM !== 'dumb';
}

/** Runs `tacos auth login` on the terminal, until it ends. */
function signIn(context: string): Promise<void> {
  const program = process.argv[1] ?? '';
  const child = spawn(process.execPath, [...process.execArgv, program, 'auth', 'login', '-c', context], {
    stdio: 'inherit',
  });
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
}

function suspend(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGCONT', () => {
      // Of another size the terminal told only the job that was in front meanwhile.
      process.kill(process.pid, 'SIGWINCH');
      resolve();
    });
    // The whole foreground job, as the terminal itself would: under npm, we are only its last process.
    process.kill(0, 'SIGSTOP');
  });
}

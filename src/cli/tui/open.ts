/** Opens the live screen on the terminal and gives the terminal back, however it ends. */
import type { Cli } from '../cli.ts';
import { stopReason } from '../runtime.ts';
import type { Feed } from '../watch/feed.ts';
import type { Leave } from './app.tsx';
import { asciiGlyphs, blockGlyphs } from './glyphs.ts';
import { type StoreOptions, WatchStore } from './store.ts';

export interface ScreenOptions extends Pick<StoreOptions, 'badge' | 'context' | 'event'> {
  readonly feed: Feed;
}

/** Shows the feed until the operator leaves or a signal comes. @throws what the feed throws at its start */
export async function openScreen({ runtime, flags }: Cli, options: ScreenOptions): Promise<Leave> {
  // Ink's colours are decided when it is loaded, from the environment alone.
  if (!wantsColor(runtime.env, flags.color)) process.env.FORCE_COLOR = '0';
  // React's build for production has no checks that print onto the screen, and is the faster one.
  process.env.NODE_ENV ??= 'production';
  const [{ render }, { createElement }, { WatchApp }] = await Promise.all([
    import('ink'),
    import('react'),
    import('./app.tsx'),
  ]);
  const glyphs = flags.ascii ? asciiGlyphs : blockGlyphs;
  const { feed } = options;
  const store = new WatchStore({ ...options, clock: runtime.clock, glyphs });
  const left = Promise.withResolvers<Leave>();
  const { signal } = runtime.stop;
  const onStop = (): void => left.resolve(stopReason(runtime.stop));
  signal.addEventListener('abort', onStop);
  if (signal.aborted) onStop();
  const screen = render(
    createElement(WatchApp, { store, rule: glyphs.rule, onLeave: left.resolve, onSuspend: suspend }),
    {
      exitOnCtrlC: false,
      patchConsole: false,
      interactive: true,
      alternateScreen: true,
      incrementalRendering: true,
      maxFps: 60,
    },
  );
  store.start();
  // Runs on after a first success; the event being gone stays on screen until the operator leaves.
  feed.run().catch(left.reject);
  try {
    return await left.promise;
  } finally {
    signal.removeEventListener('abort', onStop);
    store.stop();
    screen.unmount();
    await screen.waitUntilExit();
  }
}

/** Colour is off for NO_COLOR, TERM=dumb, --no-color and --color never. */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, color: string): boolean {
  if (color !== 'auto') return color === 'always';
  return !env.NO_COLOR && env.TERM !== 'dumb';
}

function suspend(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGCONT', () => resolve());
    // The whole foreground job, as the terminal itself would: under npm, we are only its last process.
    process.kill(0, 'SIGSTOP');
  });
}

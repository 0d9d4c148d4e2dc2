/** Puts a run on the terminal, until it is closed. Loaded late, as Ink and React take longest to load. */
import { render, useInput } from 'ink';
import { createElement, useSyncExternalStore } from 'react';
import type { Cli } from '../../cli.ts';
import { contextLine } from '../../mutation.ts';
import { asciiGlyphs, blockGlyphs } from '../../tui/glyphs.ts';
import { wantsColor } from '../../tui/open.ts';
import { redrawOnResize, terminalSize } from '../../tui/resize.ts';
import { FrameView } from '../../tui/screen.tsx';
import type { Size } from '../../tui/text.ts';
import type { Live, Look } from './live.ts';
import { type LoadView, loadFrame } from './load-frame.ts';
import type { LoadPlan } from './load-plan.ts';
import type { Target } from './target.ts';

/** As many as the widest terminal draws. */
const looksMax = 500;

interface Sized {
  readonly view: LoadView;
  readonly size: Size;
}

interface AppProps {
  readonly subscribe: (listener: () => void) => () => void;
  readonly view: () => Sized;
}

function LoadApp({ subscribe, view }: AppProps) {
  const now = useSyncExternalStore(subscribe, view);
  useInput((input, key) => {
    // The terminal sends no signal while keys are read one by one; all that stops on one hears of it this way.
    if (key.ctrl && input === 'c') process.kill(process.pid, 'SIGINT');
  });
  return <FrameView frame={loadFrame(now.view, now.size)} />;
}

/** The screen of a run; `draw` after each look. */
export async function openLoadScreen(
  { runtime, flags }: Cli,
  { live, plan, target }: { readonly live: Live; readonly plan: LoadPlan; readonly target: Target },
): Promise<{ draw(): void; close(): Promise<void> }> {
  if (!wantsColor(runtime.env, flags.color)) process.env.FORCE_COLOR = '0';
  process.env.NODE_ENV ??= 'production';
  const { signal } = runtime.stop;
  const looks: Look[] = [];
  const glyphs = flags.ascii ? asciiGlyphs : blockGlyphs;
  const head = contextLine(target.badge, target.place, plan.event);
  const viewNow = (): LoadView => ({ plan, head, looks: [...looks], isStopping: signal.aborted, glyphs });
  let size = terminalSize();
  let view: Sized = { view: viewNow(), size };
  const listeners = new Set<() => void>();
  const draw = (): void => {
    view = { view: viewNow(), size };
    for (const listener of listeners) listener();
  };
  signal.addEventListener('abort', draw);
  const props: AppProps = {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    view: () => view,
  };
  const app = createElement(LoadApp, props);
  const screen = render(app, {
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
    alternateScreen: true,
    incrementalRendering: true,
  });
  const resized = (next: Size): void => {
    size = next;
    draw();
  };
  redrawOnResize({ screen, app, resized });
  return {
    draw: () => {
      if (live.latest !== undefined) looks.push(live.latest);
      if (looks.length > looksMax) looks.shift();
      draw();
    },
    close: async () => {
      signal.removeEventListener('abort', draw);
      screen.unmount();
      await screen.waitUntilExit();
    },
  };
}

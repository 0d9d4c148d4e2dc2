/** Puts the live screen on the terminal. Loaded late, as Ink and React are what takes longest to load. */
import { type Instance, render } from 'ink';
import { createElement } from 'react';
import { WatchApp, type WatchAppProps } from './app.tsx';
import { redrawOnResize, terminalSize, unmountBlank } from './resize.ts';

/** What is on the terminal, and what takes it away. */
export interface Mounted {
  readonly screen: Instance;
  readonly unmount: () => void;
}

/** Draws until it is unmounted. `isPlain` draws whole frames, for terminals that lose track. */
export function mount(props: WatchAppProps, { isPlain }: { isPlain: boolean }): Mounted {
  const { stage, onSuspend, onSignIn } = props;
  let isAway = false;
  /** The main screen is shown meanwhile, and is not ours. */
  const away = (leave: () => Promise<void>) => async (): Promise<void> => {
    isAway = true;
    await leave().finally(() => {
      isAway = false;
    });
  };
  stage.resize(terminalSize());
  const app = createElement(WatchApp, { ...props, onSuspend: away(onSuspend), onSignIn: away(onSignIn) });
  const screen = render(app, {
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
    alternateScreen: true,
    incrementalRendering: !isPlain,
    maxFps: 60,
  });
  redrawOnResize({ screen, app, resized: (size) => stage.resize(size), isAway: () => isAway });
  return { screen, unmount: () => (isAway ? screen.unmount() : unmountBlank(screen)) };
}

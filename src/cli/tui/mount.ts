/** Puts the live screen on the terminal. Loaded late, as Ink and React are what takes longest to load. */
import { type Instance, render } from 'ink';
import { createElement } from 'react';
import { WatchApp, type WatchAppProps } from './app.tsx';

/** Draws until it is unmounted. `isPlain` draws whole frames, for terminals that lose track. */
export const mount = (props: WatchAppProps, { isPlain }: { isPlain: boolean }): Instance =>
  render(createElement(WatchApp, props), {
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
    alternateScreen: true,
    incrementalRendering: !isPlain,
    maxFps: 60,
  });

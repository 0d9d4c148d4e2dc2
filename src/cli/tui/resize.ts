/** What a full screen does when the terminal gets another size: nothing that was drawn before is built upon. */
import type { Instance } from 'ink';
import type { ReactElement } from 'react';
import type { Size } from './text.ts';

/** Erases the screen and goes to its first cell. */
const blank = '\u001B[2J\u001B[H';

/** Of this process's terminal; 80x24 where it does not say. */
export const terminalSize = (): Size => {
  const { columns, rows } = process.stdout;
  return { columns: columns || 80, rows: rows || 24 };
};

/**
 * Unmounts a screen, with nothing on it: a terminal that has another size by then than when the screen was opened cuts
 * what is on it to the old one first, and may keep what does not fit among the lines above the prompt (tmux does).
 */
export function unmountBlank(screen: Instance): void {
  screen.rerender(null);
  screen.clear();
  process.stdout.write(blank);
  screen.unmount();
}

export interface Redraw {
  readonly screen: Instance;
  /** What is on the screen; it has to be made of the new size once `resized` was called. */
  readonly app: ReactElement;
  readonly resized: (size: Size) => void;
  /** The screen is not ours now, as while the process is stopped. Default never. */
  readonly isAway?: () => boolean;
}

/**
 * Blanks the screen and draws all of it at each new size, until the screen is unmounted. A terminal cuts, wraps or moves
 * what is on it, each in its own way; and Ink itself would first draw the frame of the old size, whose rows are longer
 * than the terminal's when it gets narrower, and then only what differs from it.
 */
export function redrawOnResize({ screen, app, resized, isAway = () => false }: Redraw): void {
  const { stdout } = process;
  const onResize = (): void => {
    if (!isAway()) {
      screen.clear();
      stdout.write(blank);
    }
    resized(terminalSize());
    // At once, so that no frame of the old size is left to be drawn.
    screen.rerender(app);
  };
  // Before Ink hears of it.
  stdout.prependListener('resize', onResize);
  const ended = (): void => void stdout.off('resize', onResize);
  screen.waitUntilExit().then(ended, ended);
}

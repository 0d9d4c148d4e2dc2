/** A list with a cursor: moving about in it, and which part is in sight. */
import type { Press } from '../keys.ts';

const moves: Readonly<Record<string, (at: number, page: number, last: number) => number>> = {
  j: (at) => at + 1,
  down: (at) => at + 1,
  k: (at) => at - 1,
  up: (at) => at - 1,
  pagedown: (at, page) => at + page,
  pageup: (at, page) => at - page,
  g: () => 0,
  home: () => 0,
  G: (_at, _page, last) => last,
  end: (_at, _page, last) => last,
};

/** Where the cursor goes; undefined = the press is no move. */
export function moved(
  { name }: Pick<Press, 'name'>,
  { at, length, page }: { at: number; length: number; page: number },
): number | undefined {
  const move = Object.hasOwn(moves, name) ? moves[name] : undefined;
  if (move === undefined) return undefined;
  const last = Math.max(0, length - 1);
  return Math.min(last, Math.max(0, move(at, page, last)));
}

/** First item in sight so that the cursor is. */
export const offsetOf = ({ at, rows, length }: { at: number; rows: number; length: number }): number =>
  Math.max(0, Math.min(at - Math.floor(rows / 2), length - rows));

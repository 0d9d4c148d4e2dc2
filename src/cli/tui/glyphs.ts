/** Sparklines, bars and areas, in block characters or plain ASCII. */

export interface Glyphs {
  /** From lowest to highest. */
  readonly levels: string;
  readonly gap: string;
  readonly full: string;
  readonly empty: string;
  readonly rule: string;
  readonly doubleRule: string;
  readonly axis: string;
  readonly split: string;
  readonly dot: string;
  /** Where a text was cut; one column. */
  readonly cut: string;
  /** Names in other letters are not shown as they are either. */
  readonly isAsciiOnly: boolean;
}

export const blockGlyphs: Glyphs = {
  levels: '▁▂▃▄▅▆▇█',
  gap: '·',
  full: '█',
  empty: '░',
  rule: '─',
  doubleRule: '═',
  axis: '┤',
  split: '│',
  dot: '●',
  cut: '…',
  isAsciiOnly: false,
};
/** For --ascii. No level looks like the gap. */
export const asciiGlyphs: Glyphs = {
  levels: '_,:-=+*#',
  gap: '.',
  full: '#',
  empty: '.',
  rule: '-',
  doubleRule: '=',
  axis: '|',
  split: '|',
  dot: '*',
  cut: '~',
  isAsciiOnly: true,
};
/** For terminals that draw blocks two columns wide: plain marks, and names as they are. */
export const plainGlyphs: Glyphs = { ...asciiGlyphs, isAsciiOnly: false };

/** What a chart is drawn from: a cell without data is undefined. */
export type Cells = readonly (number | undefined)[];

/** The highest cell, at least 0. */
export const highestOf = (cells: Cells): number => Math.max(0, ...cells.map((cell) => cell ?? 0));

/** One character a cell, scaled from 0 to `most` (default: the highest cell); no data is a gap, never bridged. */
export function sparkline(cells: Cells, { levels, gap }: Glyphs, most = highestOf(cells)): string {
  const letters = [...levels];
  return cells
    .map((cell) => {
      if (cell === undefined) return gap;
      const share = most <= 0 ? 0 : Math.max(0, cell) / most;
      return letters[Math.min(letters.length - 1, Math.floor(share * letters.length))];
    })
    .join('');
}

/** Rows of an area, top to bottom, scaled from 0 to `most`; a gap is marked in the lowest row only. */
export function area(
  cells: Cells,
  { rows, most, glyphs }: { rows: number; most: number; glyphs: Glyphs },
): string[] {
  const letters = [...glyphs.levels];
  const steps = letters.length;
  const heights = cells.map((cell) =>
    cell === undefined ? undefined : Math.round((Math.min(most, Math.max(0, cell)) / most) * rows * steps),
  );
  return Array.from({ length: rows }, (_, at) => {
    const below = (rows - 1 - at) * steps;
    return heights
      .map((height, cellAt) => {
        if (height === undefined) return below === 0 ? glyphs.gap : ' ';
        // Somebody is never drawn as nobody.
        const shown = height === 0 && (cells[cellAt] ?? 0) > 0 ? 1 : height;
        if (shown <= below) return ' ';
        return letters[Math.min(steps, shown - below) - 1];
      })
      .join('');
  });
}

/** The top of an axis for values up to `most`: 1, 2 or 5 with zeros behind, at least 10. */
export function axisTop(most: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  const step = [1, 2, 5, 10].find((each) => each * size >= most) ?? 10;
  return Math.max(10, step * size);
}

/** A bar of a share from 0 to 1. */
export function bar(share: number, width: number, { full, empty }: Glyphs): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return full.repeat(filled) + empty.repeat(width - filled);
}

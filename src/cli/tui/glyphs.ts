/** Sparklines and bars, in block characters or plain ASCII. */

export interface Glyphs {
  /** From lowest to highest. */
  readonly levels: string;
  readonly gap: string;
  readonly full: string;
  readonly empty: string;
  readonly rule: string;
  readonly dot: string;
}

export const blockGlyphs: Glyphs = {
  levels: '▁▂▃▄▅▆▇█',
  gap: '·',
  full: '█',
  empty: '░',
  rule: '─',
  dot: '●',
};
/** For terminals that draw blocks two columns wide, and for --ascii. */
export const asciiGlyphs: Glyphs = {
  levels: '_.:-=+*#',
  gap: ' ',
  full: '#',
  empty: '.',
  rule: '-',
  dot: '*',
};

/** One character a cell, scaled from 0 to the highest cell; a cell without data is a gap, never bridged. */
export function sparkline(cells: readonly (number | undefined)[], { levels, gap }: Glyphs): string {
  const letters = [...levels];
  const highest = Math.max(0, ...cells.map((cell) => cell ?? 0));
  return cells
    .map((cell) => {
      if (cell === undefined) return gap;
      const share = highest === 0 ? 0 : Math.max(0, cell) / highest;
      return letters[Math.min(letters.length - 1, Math.floor(share * letters.length))];
    })
    .join('');
}

/** A bar of a share from 0 to 1. */
export function bar(share: number, width: number, { full, empty }: Glyphs): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return full.repeat(filled) + empty.repeat(width - filled);
}

/** Text of the screen before it is drawn: lines of parts with tones, measured as a terminal measures. */
import stringWidth from 'string-width';
import { middleCut } from '../output/table.ts';
import { blockGlyphs, type Glyphs } from './glyphs.ts';

/** What a part means; colours are given to it where it is drawn. `mark` = where the cursor is. */
export type Tone = 'plain' | 'dim' | 'good' | 'warn' | 'bad' | 'info' | 'bold' | 'mark';

export interface Part {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Part[];

/** Room in columns and rows. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export const part = (text: string, tone: Tone = 'plain'): Part => ({ text, tone });
export const line = (text: string, tone: Tone = 'plain'): Line => [part(text, tone)];
/** The text without its tones. */
export const textOf = (of: Line): string => of.map(({ text }) => text).join('');
export const widthOf = (of: Line): number => of.reduce((sum, { text }) => sum + stringWidth(text), 0);

/** Filled up with spaces to a width on the screen; longer text stays as it is. */
export const padTo = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - stringWidth(text)));

/** Cut in the middle and filled up: exactly `width` columns. */
export const cell = (text: string, width: number): string =>
  width <= 0 ? '' : padTo(middleCut(text, width), width);

/** Cut at the end to at most `width` columns. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let used = 0;
  let taken = '';
  for (const letter of text) {
    used += stringWidth(letter);
    if (used > width) break;
    taken += letter;
  }
  return taken;
}

/** Cut at the end to at most `width` columns, with a mark where something is missing. */
export const cutEnd = (text: string, width: number): string =>
  stringWidth(text) <= width ? text : `${cut(text, Math.max(0, width - 1))}…`;

/**
 * Cut at the end to at most `width` columns, with a mark where words or figures are missing. A word with a digit in it
 * goes as a whole: `crit 8` for 85 would be another figure.
 */
export function cutWhole(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const kept = cut(text, Math.max(0, width - 1));
  const rest = text.slice(kept.length);
  if (width <= 0 || !/[\p{L}\p{N}]/u.test(rest)) return cut(text, width);
  const before = /\S*$/.exec(kept)?.[0] ?? '';
  const after = /^\S*/.exec(rest)?.[0] ?? '';
  const isFigure = after !== '' && /\d/.test(before + after);
  return `${(isFigure ? kept.slice(0, kept.length - before.length) : kept).trimEnd()}…`;
}

/** A line cut and filled up to exactly `width` columns; never cut within a figure. */
export function fitLine(of: Line, width: number): Line {
  const fitted: Part[] = [];
  let room = width;
  for (const { text, tone } of of) {
    const shown = cutWhole(text, room);
    if (shown !== '') fitted.push({ text: shown, tone });
    room -= stringWidth(shown);
    if (shown !== text) break;
  }
  if (room > 0) fitted.push(part(' '.repeat(room)));
  return fitted;
}

const letters = new Intl.Segmenter();

/** With the cut mark of these glyphs; in ASCII alone, a letter that is none is `?` on each of its columns. */
export function inGlyphs(text: string, glyphs: Glyphs): string {
  const marked = text.replaceAll(blockGlyphs.cut, glyphs.cut);
  if (!glyphs.isAsciiOnly || /^[\x20-\x7e]*$/.test(marked)) return marked;
  return Array.from(letters.segment(marked), ({ segment }) =>
    /^[\x20-\x7e]+$/.test(segment) ? segment : '?'.repeat(stringWidth(segment)),
  ).join('');
}

/** The rule above a pane: `── 1 WAITING  18,234 ───── 15m ─`, exactly `width` columns. */
export function titleLine(
  { name, figures = '', right = '', isFocused = false }: Title,
  { width, end, glyphs }: { width: number; end: number; glyphs: Glyphs },
): Line {
  const { rule } = glyphs;
  const tail = right === '' ? '' : ` ${right} ${rule.repeat(end)}`;
  const room = width - stringWidth(tail) - 4;
  const shownName = cut(name, room);
  const shown = wholeFigures(figures, room - stringWidth(shownName));
  const fill = rule.repeat(Math.max(0, room - stringWidth(shownName) - stringWidth(shown)));
  const head: Line = [part(`${rule}${rule} `, 'dim'), part(shownName, isFocused ? 'info' : 'bold')];
  return fitLine([...head, part(shown), part(` ${fill}${tail}`, 'dim')], width);
}

/** As many of the figures, which stand two spaces or more apart, as find room. */
function wholeFigures(figures: string, room: number): string {
  let shown = '';
  for (const figure of figures.split(/(?<=\S)(?= {2})/)) {
    if (stringWidth(shown + figure) > room) break;
    shown += figure;
  }
  return shown;
}

export interface Title {
  /** `1 WAITING`. */
  readonly name: string;
  /** What follows it. */
  readonly figures?: string;
  /** What stands at the right end. */
  readonly right?: string;
  readonly isFocused?: boolean;
}

/** Text broken at spaces to lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    const next = current === '' ? word : `${current} ${word}`;
    if (stringWidth(next) <= width) {
      current = next;
      continue;
    }
    if (current !== '') lines.push(current);
    current = cut(word, width);
  }
  return [...lines, current];
}

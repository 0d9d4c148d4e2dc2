/** Names and values below each other: nothing of them is lost, and what is longer than the screen scrolls. */
import stringWidth from 'string-width';
import type { Press } from '../keys.ts';
import { cell, cut, type Line, line, part, type Size } from '../text.ts';
import { moved } from './list.ts';

/** Columns of the names, unless a longer one has room. */
const nameWidth = { least: 12, most: 24 };

/** Rows, and which of them are in sight. */
export class ScrolledRows {
  /** First line in sight. */
  private at = 0;
  private seen = { lines: 0, page: 1 };

  /** True when the press was a move. */
  press(press: Pick<Press, 'name'>): boolean {
    const { lines, page } = this.seen;
    const next = moved(press, { at: this.at, length: Math.max(0, lines - page) + 1, page });
    if (next === undefined) return false;
    this.at = next;
    return true;
  }

  /** A title, where in the rows this is and what else there is to say, a blank line, and the rows in sight. */
  lines(
    of: readonly (readonly [string, string])[],
    { title, note = '', size }: { title: string; note?: string; size: Size },
  ): Line[] {
    const { columns, rows } = size;
    const longest = Math.max(nameWidth.least, ...of.map(([name]) => stringWidth(name)));
    const width = Math.min(longest, nameWidth.most);
    const text = of.flatMap(([name, value]) => wrapped(name, value, { columns, width }));
    const page = Math.max(1, rows - 2);
    this.seen = { lines: text.length, page };
    this.at = Math.min(this.at, Math.max(0, text.length - page));
    const shown = text.slice(this.at, this.at + page);
    const where =
      shown.length < text.length ? `lines ${this.at + 1}-${this.at + shown.length} of ${text.length}   ` : '';
    return [[part(` ${title}`, 'bold'), part(`   ${where}${note}`, 'dim')], line(''), ...shown];
  }
}

/** A name and its value on as many lines as the value needs, blanks at its start kept. */
function wrapped(
  name: string,
  value: string,
  { columns, width }: { columns: number; width: number },
): Line[] {
  const room = Math.max(1, columns - width - 3);
  const lines: Line[] = [];
  let rest = value;
  do {
    const text = cut(rest, room) || rest;
    lines.push([part(` ${cell(lines.length === 0 ? name : '', width)} `, 'dim'), part(text)]);
    rest = rest.slice(text.length);
  } while (stringWidth(rest) > 0);
  return lines;
}

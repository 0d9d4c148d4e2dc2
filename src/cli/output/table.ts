/** Tables of plain text: caps header, numbers to the right, nothing coloured; shortened only on a terminal. */
import Table from 'cli-table3';
import stringWidth from 'string-width';

/** One column. Columns that are `wide` show in the wide format only. */
export interface Column<T> {
  readonly head: string;
  readonly value: (item: T) => string | number | undefined;
  readonly align?: 'left' | 'right';
  readonly wide?: boolean;
}

export interface TableOptions {
  readonly headers: boolean;
  /** Columns of the terminal, in which the widest text is shortened; undefined = a pipe, nothing is shortened. */
  readonly width?: number;
  /** Only ASCII can be shown: shortened texts have `..` where the middle was. */
  readonly ascii?: boolean;
}

const gap = '  ';

/** The table as text, one line a row, each ended; '' for no rows and no headers. */
export function renderTable<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  options: TableOptions,
): string {
  const rows = items.map((item) =>
    columns.map(({ value }) => {
      const text = value(item);
      return text === undefined || text === '' ? '-' : String(text);
    }),
  );
  const all = options.headers ? [columns.map(({ head }) => head), ...rows] : rows;
  if (all.length === 0) return '';
  if (options.width !== undefined)
    shorten(all, columns, { width: options.width, mark: options.ascii ? '..' : '…' });
  const none = Object.fromEntries(
    ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'].map(
      (n) => [n, ''],
    ),
  );
  const table = new Table({
    chars: {
      ...none,
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: gap,
    },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: columns.map(({ align }) => align ?? 'left'),
  });
  table.push(...all);
  return table
    .toString()
    .split('\n')
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** Shortens the widest column of text so that the table fits, and no further than to 8 characters. */
function shorten(
  rows: string[][],
  columns: readonly Column<never>[],
  { width, mark }: { width: number; mark: string },
): void {
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => stringWidth(row[at] ?? ''))));
  const over = widths.reduce((sum, each) => sum + each, gap.length * (columns.length - 1)) - width;
  if (over <= 0) return;
  const texts = widths.map((each, at) => (columns[at]?.align === 'right' ? 0 : each));
  const widest = texts.indexOf(Math.max(...texts));
  const most = Math.max(8, (widths[widest] ?? 0) - over);
  for (const row of rows) row[widest] = middleCut(row[widest] ?? '', most, mark);
}

/** `summer-fest-2026` in 9 columns: `summ…2026`. */
export function middleCut(text: string, width: number, mark = '…'): string {
  if (stringWidth(text) <= width) return text;
  const letters = [...text];
  const room = width - stringWidth(mark);
  const half = Math.floor(room / 2);
  const fitting = (from: readonly string[], columns: number): string[] => {
    const taken: string[] = [];
    let used = 0;
    for (const letter of from) {
      used += stringWidth(letter);
      if (used > columns) break;
      taken.push(letter);
    }
    return taken;
  };
  const head = fitting(letters, room - half).join('');
  const tail = fitting(letters.toReversed(), half).toReversed().join('');
  return `${head}${mark}${tail}`;
}

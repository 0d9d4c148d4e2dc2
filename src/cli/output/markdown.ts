/** Markdown that commands write. */
import { clean } from './clean.ts';

/** A table; text of its cells cannot end them. */
export const markdownTable = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |\n`).join('');

const cell = (text: string): string => clean(text).replaceAll('|', '\\|');

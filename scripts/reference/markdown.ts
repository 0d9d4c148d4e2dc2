/** Parts of the pages that `npm run docs` makes. */

/** A page of its parts, an empty line between them; a list is a block of lines, an empty part is left out. */
export const page = (parts: readonly (string | readonly string[])[]): string =>
  `${parts
    .map((part) => (typeof part === 'string' ? part : part.join('\n')))
    .filter((part) => part !== '')
    .join('\n\n')}\n`;

/** A table; its cells are Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text inside a table: what Markdown would take for markup is marked as text. */
export const cell = (text: string): string => text.replace(/[|<>*_[\]]/g, (letter) => `\\${letter}`);

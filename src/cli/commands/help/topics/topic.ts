/** One text of `tacos help`. */
export interface Topic {
  readonly name: string;
  readonly summary: string;
  /** At most 80 columns wide, no newline at the end. Made when asked for. */
  readonly text: () => string;
}

/** Rows of name and meaning, the meaning in a column of its own and wrapped at 80. */
export function rows(pairs: readonly (readonly [string, string])[], width = 80): string {
  const left = Math.max(...pairs.map(([name]) => name.length)) + 4;
  return pairs
    .map(
      ([name, text]) => `  ${name.padEnd(left - 2)}${wrap(text, width - left).join(`\n${' '.repeat(left)}`)}`,
    )
    .join('\n');
}

/** Words in lines of a width; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

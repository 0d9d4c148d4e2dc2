/** How wide the terminal draws a block: fonts of East Asia give it two columns, and every chart would be torn. */
import type { ReadStream } from 'node:tty';

/** Terminals that do not answer within this are taken to draw it in one, ms. */
const waitMs = 150;

export interface ProbeTerminal {
  readonly stdin: Pick<ReadStream, 'on' | 'off' | 'read' | 'isTTY' | 'setRawMode' | 'isRaw' | 'unshift'>;
  readonly stdout: { write(text: string): unknown };
}

/**
 * Writes a block at the left edge, asks where the cursor is, and takes the block away. Resolves with the columns that
 * it took; 1 when nothing answers. What was typed meanwhile is put back.
 */
export async function blockWidth({ stdin, stdout }: ProbeTerminal): Promise<number> {
  if (!stdin.isTTY) return 1;
  const wasRaw = stdin.isRaw;
  stdin.setRawMode(true);
  let heard = '';
  const answered = Promise.withResolvers<void>();
  // As Ink reads it: a stream that was ever resumed and paused gives no more keys to whoever comes next.
  const onReadable = (): void => {
    for (let chunk = stdin.read(); chunk !== null; chunk = stdin.read()) heard += String(chunk);
    if (report.test(heard)) answered.resolve();
  };
  stdin.on('readable', onReadable);
  stdout.write('\r█\u001B[6n');
  const timer = setTimeout(answered.resolve, waitMs);
  await answered.promise;
  clearTimeout(timer);
  stdin.off('readable', onReadable);
  stdin.setRawMode(wasRaw);
  stdout.write('\r\u001B[K');
  const column = report.exec(heard)?.[1];
  const typed = heard.replace(report, '');
  if (typed !== '') stdin.unshift(Buffer.from(typed));
  return column === undefined ? 1 : Number(column) - 1;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a report of the cursor begins with one
const report = /\u001B\[\d+;(\d+)R/;

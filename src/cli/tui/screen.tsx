/** Draws a frame: boxes and text, no effects, no decisions. */
import { Box, Text, type TextProps } from 'ink';
import { createElement, memo, type ReactElement } from 'react';
import type { Block, Frame } from './frame.ts';
import { type Line, type Tone, textOf } from './text.ts';

type Looks = Pick<TextProps, 'color' | 'dimColor' | 'bold'>;

/** The sixteen colours on the terminal's own background; each stands beside a word that says the same. */
const looks: Readonly<Record<Tone, Looks>> = {
  plain: {},
  dim: { dimColor: true },
  good: { color: 'green' },
  warn: { color: 'yellow' },
  bad: { color: 'red', bold: true },
  info: { color: 'cyan', bold: true },
  bold: { bold: true },
  mark: { bold: true, color: 'cyan' },
};

/** One row of the terminal. Parts are children by place, so that a row costs one element of layout. */
function drawLine(line: Line, isDim: boolean): ReactElement {
  const parts = line.map(({ text, tone }) =>
    tone === 'plain' || isDim ? text : createElement(Text, looks[tone], text),
  );
  return createElement(Text, { wrap: 'truncate', dimColor: isDim }, ...(textOf(line) === '' ? [' '] : parts));
}

interface LinesProps {
  readonly lines: readonly Line[];
  readonly isDim?: boolean;
}

/** Rows below each other; drawn anew only when they are other ones. */
const Lines = memo(function Lines({ lines, isDim = false }: LinesProps) {
  return createElement(Box, { flexDirection: 'column' }, ...lines.map((line) => drawLine(line, isDim)));
});

function Column({ blocks, columns, isDim }: { blocks: readonly Block[]; columns: number; isDim: boolean }) {
  return (
    <Box flexDirection="column" width={columns} flexShrink={0}>
      {blocks.map(({ id, lines }) => (
        <Lines key={id} lines={lines} isDim={isDim} />
      ))}
    </Box>
  );
}

/** All of the screen; never taller than the terminal less one row. */
export function FrameView({ frame }: { frame: Frame }) {
  const { size, head, left, right, leftColumns, foot, isDim } = frame;
  if (left.length === 0) return <Lines lines={head} />;
  const body = Math.max(0, size.rows - 1 - head.length - foot.length);
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows - 1}>
      <Lines lines={head} />
      <Box height={body} overflow="hidden">
        <Column blocks={left} columns={leftColumns} isDim={isDim} />
        {right.length === 0 ? null : (
          <Column blocks={right} columns={size.columns - leftColumns} isDim={isDim} />
        )}
      </Box>
      <Lines lines={foot} />
    </Box>
  );
}

/** What the one-line forms of panes share: label, value, sparkline. */
import { sparkline } from '../glyphs.ts';
import type { Sample } from '../history.ts';
import { type Line, type Part, padTo, part, type Tone } from '../text.ts';
import type { View } from '../view.ts';

/** Cells of a sparkline or bar in one line. */
const shortCells = 20;
/** Longest value that leaves a blank before the chart. */
const valueWidth = 7;

/** Cells of a chart beside a value: a longer value takes some, so that what follows stays in its place. */
export const cellsBeside = (value: string): number => shortCells - Math.max(0, value.length - valueWidth);

/** ` WAITING   18,234  ` and the rest. */
export const compactLine = (label: string, value: string, tone: Tone, rest: readonly Part[]): Line => [
  part(` ${label.padEnd(10)}`, 'bold'),
  part(padTo(`${value} `, valueWidth + 1), tone),
  ...rest,
];

/** The last minutes of a field. */
export const spark = (
  { history, nowMs, windowMin, glyphs }: View,
  { field, cells, most }: { field: keyof Sample; cells: number; most?: number },
): Part => part(sparkline(history.cells(field, { nowMs, windowMin, cells }), glyphs, most), 'dim');

/** How many wait, over time: an area with its axes. */
import { formatDuration } from '../../duration.ts';
import { count } from '../../output/format.ts';
import { clockTime, minuteTime } from '../../watch/zone-time.ts';
import { emptyInSec, trendText } from '../figures.ts';
import { area, axisTop, highestOf } from '../glyphs.ts';
import { type Line, line, part, type Size } from '../text.ts';
import type { Pane, View } from '../view.ts';
import { cellsBeside, compactLine, spark } from './parts.ts';

/** Columns of the axis with its labels, and free ones at the right. */
const axisWidth = 8;
const marginWidth = 2;

export const waitingPane: Pane = {
  name: 'waiting',
  number: 1,
  heading: 'WAITING',
  column: 'left',
  minHeight: 5,
  figures: ({ snapshot, history, serverNowMs }) => {
    const sec = emptyInSec(snapshot, history.netPerSec());
    const at = sec === undefined ? '' : clockTime(serverNowMs + sec * 1000, snapshot.timeZone);
    const empty = sec === undefined ? '' : `   empty in ~${formatDuration(sec)} (${at})`;
    return `  ${count(snapshot.waiting)}   ${trendText(history.waitingPerSec())}${empty}`;
  },
  right: ({ windowMin }) => `${windowMin}m`,
  lines: (view, size) => [...chart(view, size), timeAxis(view, size.columns)],
  compact: (view) => {
    const { snapshot, history } = view;
    const sec = emptyInSec(snapshot, history.netPerSec());
    const people = count(snapshot.waiting);
    return compactLine('WAITING', people, 'plain', [
      spark(view, { field: 'waiting', cells: cellsBeside(people) }),
      part(`  ${trendText(history.waitingPerSec()).padEnd(14)}`),
      part(sec === undefined ? '' : `empty in ~${formatDuration(sec)}`),
    ]);
  },
};

function chart({ history, nowMs, windowMin, glyphs }: View, { columns, rows }: Size): Line[] {
  const cells = history.cells('waiting', { nowMs, windowMin, cells: chartWidth(columns) });
  const height = Math.max(1, rows - 1);
  const most = axisTop(highestOf(cells));
  const middle = Math.floor((height - 1) / 2);
  return area(cells, { rows: height, most, glyphs }).map((text, at) => {
    const value = at === height - 1 ? 0 : at === 0 ? most : at === middle ? most / 2 : undefined;
    const label = value === undefined ? '' : axisLabel(value);
    return [part(`${label.padStart(5)} ${glyphs.axis} `, 'dim'), part(text)];
  });
}

/** Times below the chart, at equal distances. */
function timeAxis({ serverNowMs, windowMin, snapshot }: View, columns: number): Line {
  const width = chartWidth(columns);
  const steps = Math.max(1, Math.min(5, Math.floor(width / 12)));
  let text = '';
  for (let step = 0; step < steps; step += 1) {
    const agoMs = windowMin * 60_000 * (1 - step / steps);
    // Seconds would be drawn anew each second, whatever the queue does.
    const label =
      windowMin === 1 ? `-${Math.round(agoMs / 1000)}s` : minuteTime(serverNowMs - agoMs, snapshot.timeZone);
    text = `${text.padEnd(axisWidth - 1 + Math.round((width * step) / steps))}${label}`;
  }
  return line(`${text.padEnd(axisWidth + width - 3)}now`, 'dim');
}

const chartWidth = (columns: number): number => Math.max(1, columns - axisWidth - marginWidth);

/** `50k`, `2.5k`, `500`. */
function axisLabel(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 1_000 ? `${value / 1_000}k` : String(value);
}

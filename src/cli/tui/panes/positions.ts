/** The line itself: who stands where, then those who are away. */
import type { PositionRow } from '../../../contract/visitors.ts';
import { formatDuration } from '../../duration.ts';
import { count } from '../../output/format.ts';
import { clockTime } from '../../watch/zone-time.ts';
import { etaText } from '../figures.ts';
import { rowsInSight, type TableRow } from '../table.ts';
import { type Line, line, padTo, part, type Tone } from '../text.ts';
import type { Pane, View } from '../view.ts';

/** From here on joining time and client have room, columns. */
const wideColumns = 86;

export const positionsPane: Pane = {
  name: 'positions',
  number: 3,
  heading: 'POSITIONS',
  column: 'left',
  minHeight: 4,
  figures: ({ snapshot, table }, { rows }) => {
    const { waiting, awayTop } = snapshot;
    if (waiting + awayTop.length === 0) return ' none';
    const first = Math.min(table.offset + 1, waiting);
    const last = Math.min(table.offset + rows - 1, waiting);
    const away = awayTop.length === 0 ? '' : `, ${count(snapshot.away)} away`;
    return ` ${count(first)}-${count(last)} of ${count(waiting)}${away}`;
  },
  right: ({ glyphs, table, nowMs }) => {
    const ageSec = table.page === undefined ? undefined : Math.floor((nowMs - table.page.atMs) / 1000);
    const isOld = ageSec !== undefined && ageSec >= 3;
    return `${isOld ? `read ${ageSec}s ago ${glyphs.rule} ` : ''}sort pos ${glyphs.rule} filter none`;
  },
  lines: (view, { columns, rows }) => {
    const isWide = columns >= wideColumns;
    const shown = rowsInSight(view.snapshot, view.table, rows - 1);
    return [line(headOf(isWide), 'dim'), ...shown.map((row) => rowLine(row, view, isWide))];
  },
};

/** A header's right edge is its numbers' right edge, its left edge that of texts. */
const headOf = (isWide: boolean): string =>
  isWide
    ? `${'POS'.padStart(8)}  ${'VISITOR'.padEnd(12)}${'ETA'.padStart(9)}${'CONF'.padStart(8)}${'WAITED'.padStart(8)}` +
      `    ${'JOINED'.padEnd(8)}${'BEAT'.padStart(6)}  ${'CLIENT'.padEnd(10)}NOTE`
    : `${'POS'.padStart(8)}  ${'VISITOR'.padEnd(12)}${'ETA'.padStart(9)}${'CONF'.padStart(7)}${'WAITED'.padStart(8)}` +
      `${'BEAT'.padStart(6)}  NOTE`;

function rowLine({ at, position, row }: TableRow, { snapshot, table }: View, isWide: boolean): Line {
  const isSelected = at === table.cursor;
  const mark = isSelected ? '>' : ' ';
  const place = (position === null ? '-' : String(position)).padStart(6);
  const lead = part(` ${mark}${place}  `, isSelected ? 'mark' : 'plain');
  if (row === undefined) return [lead, part('reading', 'dim')];
  const eta = etaOf(row);
  const waited = formatDuration(row.waitedSec).padStart(8);
  const heard = beatText(row.heardSec).padStart(6);
  const numbers = row.confidence === null ? '-' : row.confidence.toFixed(2);
  const joined = clockTime(row.joinedAt, snapshot.timeZone).padEnd(8);
  return [
    lead,
    part(padTo(row.visitor, 12), isSelected ? 'mark' : 'plain'),
    part(eta.text.padStart(9) + numbers.padStart(isWide ? 8 : 7), eta.tone),
    part(waited + (isWide ? `    ${joined}` : '') + heard),
    part(isWide ? `  ${(row.client ?? '-').padEnd(10)}` : '  '),
    part(row.note ?? '', noteTone(row.note)),
  ];
}

function etaOf({ etaSec, confidence }: PositionRow): { text: string; tone: Tone } {
  if (etaSec === null) return { text: '-', tone: 'plain' };
  return etaText(etaSec, confidence ?? 1);
}

/** In whole seconds up to three digits, as a heartbeat is told, then as any time. */
const beatText = (sec: number | null): string => {
  if (sec === null) return '-';
  return sec < 1_000 ? `${Math.round(sec)}s` : formatDuration(sec);
};

const noteTone = (note: PositionRow['note']): Tone => {
  if (note === 'SILENT' || note === 'UNCLAIMED') return 'warn';
  if (note === 'READY') return 'good';
  return note === 'AWAY' ? 'dim' : 'plain';
};

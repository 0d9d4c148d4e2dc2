/** The rows of line mode. Pure: a snapshot and the link in, text out. */
import type { QueueSnapshot } from '../../contract/admin-api.ts';
import { clean } from '../output/clean.ts';
import { rate, timeOfDay, tokens } from '../output/format.ts';
import type { Link } from './link.ts';

interface LineColumn {
  readonly head: string;
  readonly width: number;
  readonly align: 'left' | 'right';
}

const columns: readonly LineColumn[] = [
  { head: 'TIME', width: 8, align: 'left' },
  { head: 'STATE', width: 9, align: 'left' },
  { head: 'WAITING', width: 7, align: 'right' },
  { head: 'ADMIT/S', width: 7, align: 'right' },
  { head: 'TOKENS', width: 9, align: 'left' },
  { head: 'REFILL', width: 6, align: 'right' },
  { head: 'REDIS%', width: 6, align: 'right' },
  { head: 'ETA_TAIL', width: 8, align: 'right' },
  { head: 'CONF', width: 4, align: 'right' },
  { head: 'LINK', width: 4, align: 'left' },
];

/** The header of line mode. */
export const lineHeader: string = join(columns.map(({ head }) => head));

/** One row; `note` is appended, such as what was changed. */
export function lineRow(snapshot: QueueSnapshot, link: Link, nowMs: number, note = ''): string {
  const { bucket, redis } = snapshot;
  const cells = [
    timeOfDay(nowMs, snapshot.timeZone),
    stateOf(snapshot),
    String(snapshot.waiting),
    rate(snapshot.admitPerSec),
    `${tokens(bucket.tokens)}/${tokens(bucket.capacity.now)}`,
    rate(bucket.refillPerSec.now),
    redis.cpuPercent === null ? '-' : String(Math.round(redis.cpuPercent)),
    `${Math.round(snapshot.etaTailSec)}s`,
    snapshot.confidence.toFixed(2),
    link.word,
  ];
  return note === '' ? join(cells) : `${join(cells)}   ${clean(note)}`;
}

/** `paused` where it is, else the phase. */
export const stateOf = ({ paused, phase }: Pick<QueueSnapshot, 'paused' | 'phase'>): string =>
  paused ? 'paused' : phase;

/** The text of a change row: `change aud_7R0D refill 50->80 mina`. */
export function changeNote({ lastChange }: QueueSnapshot): string {
  if (lastChange === null) return '';
  const { auditId, summary, action, actor } = lastChange;
  return ['change', auditId, summary || action, actor].filter((part) => part !== '').join(' ');
}

function join(cells: readonly string[]): string {
  const padded = cells.map((cell, at) => {
    const { width = 0, align } = columns[at] ?? {};
    return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
  });
  return padded.join('  ').trimEnd();
}

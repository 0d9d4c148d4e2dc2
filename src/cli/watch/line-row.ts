/** The rows of line mode. Pure: data and the link in, text out. */
import type { AuditEntry } from '../../contract/audit.ts';
import type { Overview, QueueSnapshot } from '../../contract/snapshot.ts';
import { clean } from '../output/clean.ts';
import { rate, tokens } from '../output/format.ts';
import type { Link } from './link.ts';
import { zoneTime } from './zone-time.ts';

interface LineColumn {
  readonly head: string;
  readonly width: number;
  readonly align: 'left' | 'right';
}

const time: LineColumn = { head: 'TIME', width: 12, align: 'left' };
const state: LineColumn = { head: 'STATE', width: 9, align: 'left' };
const waiting: LineColumn = { head: 'WAITING', width: 7, align: 'right' };
const admitted: LineColumn = { head: 'ADMIT/S', width: 7, align: 'right' };
const bucket: LineColumn = { head: 'TOKENS', width: 9, align: 'left' };
const refill: LineColumn = { head: 'REFILL', width: 6, align: 'right' };
const redis: LineColumn = { head: 'REDIS%', width: 6, align: 'right' };
const eta: LineColumn = { head: 'ETA_TAIL', width: 8, align: 'right' };
const confidence: LineColumn = { head: 'CONF', width: 4, align: 'right' };
const link: LineColumn = { head: 'LINK', width: 4, align: 'left' };
const event: LineColumn = { head: 'EVENT', width: 16, align: 'left' };

const columns = [time, state, waiting, admitted, bucket, refill, redis, eta, confidence, link];
const overviewColumns = [time, event, state, waiting, admitted, bucket, refill, eta, confidence, link];

const headOf = (of: readonly LineColumn[]): string =>
  join(
    of,
    of.map(({ head }) => head),
  );

/** The header of line mode. */
export const lineHeader: string = headOf(columns);
/** The header of line mode over all queues. */
export const overviewHeader: string = headOf(overviewColumns);

/** One row; `note` is appended, such as what was changed. */
export function lineRow(
  snapshot: QueueSnapshot,
  { word }: Pick<Link, 'word'>,
  nowMs: number,
  note = '',
): string {
  const cells = [
    zoneTime(nowMs, snapshot.timeZone),
    stateOf(snapshot),
    String(snapshot.waiting),
    rate(snapshot.admitPerSec),
    `${tokens(snapshot.bucket.tokens)}/${tokens(snapshot.bucket.capacity.now)}`,
    rate(snapshot.bucket.refillPerSec.now),
    snapshot.redis.cpuPercent === null ? '-' : String(Math.round(snapshot.redis.cpuPercent)),
    `${Math.round(snapshot.etaTailSec)}s`,
    snapshot.confidence.toFixed(2),
    word,
  ];
  return note === '' ? join(columns, cells) : `${join(columns, cells)}   ${clean(note)}`;
}

/** One event of the overview. */
export function overviewRow(
  item: Overview['events'][number],
  { word }: Pick<Link, 'word'>,
  nowMs: number,
): string {
  const note = item.alarm === null ? '' : `   alarm ${item.alarm}`;
  const cells = [
    zoneTime(nowMs, item.timeZone),
    item.event,
    stateOf(item),
    String(item.waiting),
    rate(item.admitPerSec),
    `${tokens(item.tokens)}/${tokens(item.capacity)}`,
    rate(item.refillPerSec),
    `${Math.round(item.etaTailSec)}s`,
    item.confidence.toFixed(2),
    word,
  ];
  return `${join(overviewColumns, cells)}${note}`;
}

/** `paused` where it is, else the phase. */
export const stateOf = ({ paused, phase }: Pick<QueueSnapshot, 'paused' | 'phase'>): string =>
  paused ? 'paused' : phase;

/** The text of a change row: `change aud_7R0D refill 50->80 mina`. */
export function changeNote({ auditId, summary, action, actor }: AuditEntry): string {
  return ['change', auditId, summary || action, actor].filter((part) => part !== '').join(' ');
}

function join(of: readonly LineColumn[], cells: readonly string[]): string {
  const padded = cells.map((cell, at) => {
    const { width = 0, align } = of[at] ?? {};
    return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
  });
  return padded.join('  ').trimEnd();
}

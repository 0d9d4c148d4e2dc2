/** The rows of the live screen. Pure: a snapshot and its history in, labelled text out; no widths of a terminal. */
import type { QueueSnapshot } from '../../contract/admin-api.ts';
import { formatDuration } from '../duration.ts';
import { bytes, count, plain, rate, shortCount, timeOfDay, tokens } from '../output/format.ts';
import { stateOf } from '../watch/line-row.ts';
import { bar, type Glyphs, sparkline } from './glyphs.ts';
import { type History, type WindowMin, windowsMin } from './history.ts';

export type Tone = 'plain' | 'dim' | 'good' | 'warn' | 'bad';

export interface Part {
  /** Number within its row. */
  readonly id: number;
  readonly text: string;
  readonly tone: Tone;
}

/** One line: its label, then parts. */
export interface Row {
  readonly label: string;
  readonly parts: readonly Part[];
}

export interface RowOptions {
  readonly history: History;
  /** Of the monotonic clock, ms: where the sparklines end. */
  readonly nowMs: number;
  readonly windowMin: WindowMin;
  readonly glyphs: Glyphs;
}

/** Cells of every sparkline and bar. */
const cells = 20;
/** Redis takes one core at most: warn and alarm above these, %. */
const redisCpu = { warn: 70, bad: 85 };
/** Below this share of the refill, admissions lag while people wait. */
const refillShareGood = 0.8;
/** Waits above this are shown as such, s. */
const etaShownMax = 24 * 3_600;

/** All rows, top to bottom. */
export function toRows(snapshot: QueueSnapshot, options: RowOptions): Row[] {
  return [
    waitingRow(snapshot, options),
    admittedRow(snapshot, options),
    bucketRow(snapshot, options),
    redisRow(snapshot, options),
    etaRow(snapshot),
    stateRow(snapshot),
  ];
}

/** The line about the latest change; '' when there is none. */
export function changeText({ lastChange, timeZone }: QueueSnapshot): string {
  if (lastChange === null) return '';
  const { at, summary, action, actor, reason, auditId } = lastChange;
  const why = reason === '' ? '' : `"${reason}"`;
  const words = [timeOfDay(at, timeZone), summary || action, ` ${actor}`, why, auditId];
  return words.filter((word) => word.trim() !== '').join(' ');
}

type Piece = Omit<Part, 'id'>;
const row = (label: string, pieces: readonly Piece[]): Row => ({
  label,
  parts: pieces.map((piece, id) => ({ id, ...piece })),
});
const part = (text: string, tone: Tone = 'plain'): Piece => ({ text, tone });
const value = (text: string, tone: Tone = 'plain'): Piece => part(`${text.padEnd(8)} `, tone);

function spark(field: 'waiting' | 'admitPerSec' | 'redisCpuPercent', options: RowOptions): Piece {
  const { history, nowMs, windowMin, glyphs } = options;
  return part(sparkline(history.cells(field, { nowMs, windowMin, cells }), glyphs), 'dim');
}

function waitingRow(snapshot: QueueSnapshot, options: RowOptions): Row {
  const perSec = snapshot.joinPerSec - snapshot.admitPerSec - snapshot.leavePerSec;
  const perMin = Math.round(perSec * 60);
  const trend = `${perMin > 0 ? '+' : ''}${count(perMin)}/min`;
  const isShrinking = perSec < -0.01 && snapshot.waiting > 0;
  const emptyIn = isShrinking ? `empty in ${formatDuration(snapshot.waiting / -perSec)}` : '';
  return row('WAITING', [
    value(count(snapshot.waiting)),
    spark('waiting', options),
    part(`  ${trend.padEnd(13)}`),
    part(emptyIn, 'dim'),
  ]);
}

function admittedRow(snapshot: QueueSnapshot, options: RowOptions): Row {
  const { windowMin } = options;
  const perSec = { 1: snapshot.admitPerSec1m, 5: snapshot.admitPerSec5m, 15: snapshot.admitPerSec15m }[
    windowMin
  ];
  const share = snapshot.admitPerSec / snapshot.bucket.refillPerSec.now;
  const isHeld = snapshot.paused || snapshot.phase === 'closed' || snapshot.phase === 'scheduled';
  const isLow = share < refillShareGood && snapshot.waiting > snapshot.bucket.window && !isHeld;
  const choice = windowsMin.map((each) => (each === windowMin ? `[${each}m]` : `${each}m`)).join(' ');
  return row('ADMITTED', [
    value(`${rate(snapshot.admitPerSec)}/s`),
    spark('admitPerSec', options),
    part(`  ${`${Math.round(share * 100)}% of refill`.padEnd(16)}`, isLow ? 'warn' : 'plain'),
    part(`${choice} ${rate(perSec)}/s`, 'dim'),
  ]);
}

function bucketRow({ bucket, admitPerSec, paused }: QueueSnapshot, { glyphs }: RowOptions): Row {
  const share = bucket.tokens / bucket.capacity.now;
  const gainPerSec = paused || share >= 1 ? 0 : bucket.refillPerSec.now - admitPerSec;
  const isFilling = gainPerSec > 0.05;
  const fullIn = isFilling
    ? `full in ${formatDuration((bucket.capacity.now - bucket.tokens) / gainPerSec)}`
    : '';
  const { until, after, target, now } = bucket.refillPerSec;
  const then = until === undefined || after === undefined ? '' : `, then ${plain(after)}`;
  const ramp = target === now ? '' : ` -> ${plain(target)}`;
  return row('BUCKET', [
    value(`${tokens(bucket.tokens)}/${tokens(bucket.capacity.now)}`),
    part(bar(share, cells, glyphs), 'dim'),
    part(`  ${`${Math.round(Math.max(0, share) * 100)}%`.padEnd(5)}`),
    part(`refill ${plain(now)}${ramp}/s${then}  `),
    part(fullIn, 'dim'),
  ]);
}

function redisRow({ redis }: QueueSnapshot, options: RowOptions): Row {
  const { cpuPercent, opsPerSec, usedMemoryBytes } = redis;
  const cpu = cpuPercent ?? 0;
  const tone = cpu > redisCpu.bad ? 'bad' : cpu > redisCpu.warn ? 'warn' : 'plain';
  return row('REDIS', [
    value(cpuPercent === null ? 'cpu -' : `cpu ${Math.round(cpuPercent)}%`, tone),
    spark('redisCpuPercent', options),
    part(`  ${`${opsPerSec === null ? '-' : shortCount(opsPerSec)} ops/s`.padEnd(16)}`),
    part(`mem ${usedMemoryBytes === null ? '-' : bytes(usedMemoryBytes)}`),
  ]);
}

function etaRow({ etaTailSec, etaTailLowSec, etaTailHighSec, confidence }: QueueSnapshot): Row {
  const word = confidence >= 1 ? 'HIGH' : confidence >= 0.6 ? 'MEDIUM' : 'LOW';
  const isLow = confidence < 0.6;
  const wait = etaTailSec > etaShownMax ? '>24h' : formatDuration(etaTailSec);
  return row('ETA tail', [
    value(isLow ? `~${wait}` : wait, isLow ? 'dim' : 'plain'),
    part(`conf ${confidence.toFixed(2)} ${word.padEnd(6)}   `, isLow ? 'dim' : 'plain'),
    part(`${formatDuration(etaTailLowSec)} to ${formatDuration(etaTailHighSec)}`, 'dim'),
  ]);
}

function stateRow(snapshot: QueueSnapshot): Row {
  const { away, gateways, revision, admittedTotal } = snapshot;
  const state = stateOf(snapshot);
  const isLagging = gateways.inForce < gateways.seen || gateways.seen === 0;
  return row('STATE', [
    value(state.toUpperCase(), state === 'open' ? 'good' : 'warn'),
    part(` away ${count(away)}   admitted ${count(admittedTotal)}   `),
    part(`gateways ${gateways.inForce}/${gateways.seen}`, isLagging ? 'warn' : 'plain'),
    part(`   version ${revision}`, 'dim'),
  ]);
}

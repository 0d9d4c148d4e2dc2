/** The bench's table: one row a promised number. */
import { spawnSync } from 'node:child_process';
import { arch, cpus, loadavg, platform } from 'node:os';

export interface Row {
  readonly what: string;
  /** The number to reach, in words; empty = reported only. */
  readonly reach: string;
  readonly measured: string;
  /** The bare figure and its unit, for machines. */
  readonly figure?: number;
  readonly unit?: string;
  /** Undefined = reported only. */
  readonly met?: boolean;
  /** How far off: 1 = just reached, 2 = twice as much (or half as many) as promised. */
  readonly factor?: number;
}

interface Measured {
  readonly figure: number;
  readonly unit: string;
  /** Said behind the figure. */
  readonly detail?: string;
}

/** A row whose figure must not be larger than a limit. */
export const atMost = (what: string, limit: number, measured: Measured): Row =>
  row(what, `≤ ${show(limit)} ${measured.unit}`, measured, measured.figure / limit);

/** A row whose figure must not be smaller than a limit. */
export const atLeast = (what: string, limit: number, measured: Measured): Row =>
  row(what, `≥ ${show(limit)} ${measured.unit}`, measured, limit / measured.figure);

/** A row without a promise. */
export const reported = (what: string, { figure, unit, detail }: Measured): Row => ({
  what,
  reach: '',
  measured: inWords(figure, unit, detail),
  figure,
  unit,
});

function row(what: string, reach: string, { figure, unit, detail }: Measured, factor: number): Row {
  return { what, reach, measured: inWords(figure, unit, detail), figure, unit, met: factor <= 1, factor };
}

const inWords = (figure: number, unit: string, detail?: string): string =>
  `${show(figure)} ${unit}${detail === undefined ? '' : ` (${detail})`}`;

/** A number for people: three digits that mean something, thousands apart. */
export function show(figure: number): string {
  if (Number.isInteger(figure) || Math.abs(figure) >= 100) return Math.round(figure).toLocaleString('en');
  return String(Number(figure.toPrecision(3)));
}

/** Middle one of a few figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The table as Markdown, so that it can be pasted into the docs. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ what, reach, measured, met }) => [
    what,
    reach,
    measured,
    met === undefined ? '' : met ? 'yes' : 'NO',
  ]);
  const all = [['what', 'reach', 'measured', 'met'], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const lines = all.map(
    (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return lines.join('\n');
}

/** Of the redis-server that the benches start. */
export function redisVersion(): string {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return /\bv=(\S+)/.exec(stdout ?? '')?.[1] ?? 'unknown';
}

/** What the figures are taken on, and how busy it is before the first. */
export function machine(redisVersion: string): string {
  const all = cpus();
  const cpu = `${all.length} × ${all[0]?.model.trim() ?? 'unknown CPU'}`;
  const load = `load average ${loadavg()[0]?.toFixed(1)} before the run`;
  return `${cpu}, ${platform()} ${arch()}, Node ${process.version}, Redis ${redisVersion}; ${load}`;
}

/** The bench's table: one row a promised number. */
import { arch, cpus, platform } from 'node:os';

export interface Row {
  readonly what: string;
  /** The number to reach, in words; empty = reported only. */
  readonly reach: string;
  readonly measured: string;
  /** Undefined = reported only. */
  readonly met?: boolean;
  /** How far off, as a factor: 1 = just reached, 2 = twice as much (or half as many) as promised. */
  readonly factor?: number;
}

/** A row whose figure must not be larger than a limit. */
export function atMost(what: string, limit: number, figure: number, unit: string, detail = ''): Row {
  return row(what, `≤ ${show(limit)} ${unit}`, `${show(figure)} ${unit}${detail}`, figure / limit);
}

/** A row whose figure must not be smaller than a limit. */
export function atLeast(what: string, limit: number, figure: number, unit: string, detail = ''): Row {
  return row(what, `≥ ${show(limit)} ${unit}`, `${show(figure)} ${unit}${detail}`, limit / figure);
}

/** A row without a promise. */
export const reported = (what: string, measured: string): Row => ({ what, reach: '', measured });

const row = (what: string, reach: string, measured: string, factor: number): Row => ({
  what,
  reach,
  measured,
  met: factor <= 1,
  factor,
});

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

/** What the figures were taken on. */
export function machine(redisVersion: string): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown CPU'}, ${platform()} ${arch()}, Node ${process.version}, Redis ${redisVersion}`;
}

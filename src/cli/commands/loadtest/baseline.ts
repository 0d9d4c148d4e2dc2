/** A run against an earlier one. Pure. */
import type { LoadReport } from './load-report.ts';

/** A figure is another one when it differs by more than this share of the earlier one... */
const ratioMax = 0.2;
type Row = NonNullable<LoadReport['baseline']>['rows'][number];

interface Figure {
  readonly figure: string;
  readonly before: number;
  readonly after: number;
  /** ...and by more than this, in its own unit. */
  readonly least: number;
  readonly isMoreBetter?: boolean;
}

type Compared = Omit<LoadReport, 'baseline'>;

/** Compares; `comparable` is false where the two had not the same load. */
export function compareReports(
  { file, report: before }: { readonly file: string; readonly report: Compared },
  after: Compared,
): NonNullable<LoadReport['baseline']> {
  const rows = figuresOf(before, after).map(rowOf);
  const comparable =
    before.scenario === after.scenario &&
    before.scale === after.scale &&
    before.timeScale === after.timeScale;
  const worse = rows.some(({ verdict }) => verdict === 'worse');
  return { file, endedAt: before.endedAt, comparable, worse, rows };
}

function figuresOf(before: Compared, after: Compared): Figure[] {
  const calls = after.calls.flatMap((now) => {
    const then = before.calls.find(({ call }) => call === now.call);
    if (then === undefined) return [];
    return [
      { figure: `${now.call} p95 ms`, before: then.p95Ms, after: now.p95Ms, least: 10 },
      { figure: `${now.call} p99 ms`, before: then.p99Ms, after: now.p99Ms, least: 25 },
    ];
  });
  return [
    {
      figure: 'requests/s',
      before: before.requestsPerSec,
      after: after.requestsPerSec,
      least: 1,
      isMoreBetter: true,
    },
    ...calls,
    { figure: 'failed share', before: before.failedRatio, after: after.failedRatio, least: 0.002 },
    { figure: 'dropped share', before: droppedRatio(before), after: droppedRatio(after), least: 0.01 },
    { figure: 'thresholds crossed', before: crossed(before), after: crossed(after), least: 0 },
  ];
}

function rowOf({ figure, before, after, least, isMoreBetter = false }: Figure): Row {
  const rise = after - before;
  const isSame = Math.abs(rise) <= least || Math.abs(rise) <= ratioMax * Math.abs(before);
  const verdict = isSame ? 'same' : rise > 0 === isMoreBetter ? 'better' : 'worse';
  return { figure, before, after, verdict };
}

const droppedRatio = ({ iterations, droppedIterations: dropped }: Compared): number =>
  dropped === 0 ? 0 : dropped / (iterations + dropped);

const crossed = ({ thresholds }: Compared): number => thresholds.filter(({ ok }) => !ok).length;

/** What a worker says of itself that has nothing to do. */
import type { ReportFigures } from '../../src/queue/report-figures.ts';

export const idleFigures: ReportFigures = {
  v: '1.0.0',
  st: 0,
  rq: 0,
  e5: 0,
  c4: 0,
  jp: -1,
  cpu: 0,
  lag: 0,
  sq: '',
  eta: -1,
  bk: '',
  bm: '',
  bd: '',
};

/** What a scenario says of itself beside the checker's rules. */
import type { HistoryRecord, RequestRecord } from './history.ts';
import { isFailed, secondsUntilNormal } from './normal.ts';
import type { World } from './world.ts';

/** A figure of this scenario's own; it stands in the history too. */
export function note({ history }: World, name: string, figure: number | string): void {
  history.add({ kind: 'note', name, figure: String(figure) });
}

/** A promise of this scenario's own, a sentence, and whether it was kept: one that was not fails the run. */
export function promise({ broken }: World, sentence: string, isKept: boolean): void {
  if (!isKept) broken.push(`not so: ${sentence}`);
}

/** The figure below which such a share of them lies; 0.5 = the median. */
export const figureAt = (share: number, figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length * share)] ?? 0;

/** Name and figure. */
export type Note = readonly [name: string, figure: string];

/** Figures that the table has no column for: those of every run, then the scenario's own. */
export function notesOf(records: readonly HistoryRecord[], requests: readonly RequestRecord[]): Note[] {
  const endMs = Math.max(0, ...records.map((record) => (record.kind === 'fault' ? record.toMs : 0)));
  const normalSec = secondsUntilNormal(requests, endMs);
  const polls = requests.filter(({ op }) => op === 'status');
  const refusals = requests.filter(({ http }) => http === 429 || http === 503);
  const untold = refusals.filter(({ hasRetryAfter }) => hasRetryAfter !== true);
  return [
    ['after the fault normal within, s', normalSec === undefined ? 'never' : normalSec.toFixed(1)],
    ['polls failed', `${polls.filter(isFailed).length} of ${polls.length}`],
    ['refused without Retry-After', String(untold.length)],
    ['the suite itself held up for, s', (heldUpMs(records) / 1000).toFixed(1)],
    ...records.flatMap((record): Note[] => (record.kind === 'note' ? [[record.name, record.figure]] : [])),
  ];
}

/** How long the suite did not get to look: where that is much, the machine has too much to do for what the figures say. */
const heldUpMs = (records: readonly HistoryRecord[]): number =>
  records.reduce((sum, record) => sum + (record.kind === 'lag' ? record.toMs - record.fromMs : 0), 0);

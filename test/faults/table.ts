/** What the suite prints: a line a run, and what was found. */
import { findingKinds } from './checker.ts';
import type { Outcome } from './scenario.ts';

const nameWidth = 26;
const columns = findingKinds.map((kind) => (kind === 'lie' ? 'lies' : kind === 'hang' ? 'hangs' : kind));

export const tableHead = (): string =>
  ['run'.padEnd(nameWidth), ...columns.map((name) => name.padStart(name.length + 2))].join('') +
  '  requests failed  of      joins  grants  normal s  took s';

export function tableLine(outcome: Outcome): string {
  const { name, counts, failed, requests, joins, grants, normalSec, tookSec, broken } = outcome;
  const cells = findingKinds.map((kind, index) =>
    String(counts[kind]).padStart((columns[index]?.length ?? 0) + 2),
  );
  const rest = [
    String(failed).padStart(17),
    `  ${String(requests).padEnd(6)}`,
    String(joins).padStart(7),
    String(grants).padStart(8),
    (normalSec === undefined ? 'never' : normalSec.toFixed(1)).padStart(10),
    tookSec.toFixed(0).padStart(8),
  ];
  return `${name.padEnd(nameWidth)}${cells.join('')}${rest.join('')}${broken.length > 0 ? '  BROKEN' : ''}`;
}

/** What the line has no column for. */
export const notesText = ({ notes }: Outcome): string =>
  `  ${notes.map(([name, figure]) => `${name}: ${figure}`).join('; ')}`;

const shownMax = 10;

/** The first findings and where the rest stands; '' where there are none. */
export function findingsText({ name, seed, findings, broken, path }: Outcome): string {
  if (findings.length === 0 && broken.length === 0) return '';
  const shown = findings
    .slice(0, shownMax)
    .map(({ kind, rule, text, atMs }) => `  ${kind} (${rule}), at ${(atMs / 1000).toFixed(2)} s: ${text}`);
  const more = findings.length > shownMax ? [`  and ${findings.length - shownMax} more`] : [];
  const why = broken.length > 0 ? [`FAILED ${name}, seed ${seed}: ${broken.join(', ')}`] : [];
  return [...why, ...shown, ...more, `  npm run test:faults -- --check ${path}`].join('\n');
}

/** Findings as a person reads them: troubles in full, what is worth a note, the rest as a count. */
import type { Finding } from '../../../contract/doctor.ts';

/** The text; with `all` the checks that passed are listed too. */
export function findingsText(findings: readonly Finding[], { all }: { all: boolean }): string {
  const troubles = findings.filter(({ result }) => result !== 'pass' && result !== 'skip');
  const passed = findings.filter(({ result }) => result === 'pass').length;
  const skipped = findings.length - troubles.length - passed;
  const shown = all ? findings : [...troubles, ...findings.filter(({ note }) => note === true)];
  const end = `${passed} of ${findings.length} checks pass${skipped === 0 ? '' : `, ${skipped} skipped`}\n`;
  return [...shown.map(findingText), end].join('');
}

function findingText({ result, check, event, text, who, next, runbook, note }: Finding): string {
  const head = `${note === true ? 'note' : result}  ${check}${event === null ? '' : ` ${event}`}: ${text}\n`;
  if (result === 'pass' || result === 'skip') return head;
  const rows = [
    ['next', next],
    ['who', who],
    ['see', runbook === undefined ? undefined : `docs/runbook/${runbook}`],
  ] as const;
  return (
    head + rows.map(([name, row]) => (row === undefined ? '' : `      ${name.padEnd(4)}  ${row}\n`)).join('')
  );
}

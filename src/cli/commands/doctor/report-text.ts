/** Findings as a person reads them: troubles in full, the rest as a count. */
import type { Finding } from '../../../contract/doctor.ts';

/** The text; with `all` the checks that passed are listed too. */
export function findingsText(findings: readonly Finding[], { all }: { all: boolean }): string {
  const troubles = findings.filter(({ result }) => result !== 'pass');
  const passed = findings.length - troubles.length;
  const shown = all ? findings : troubles;
  const end = `${passed} of ${findings.length} checks pass\n`;
  return [...shown.map(findingText), end].join('');
}

function findingText({ result, check, event, text, who, next, runbook }: Finding): string {
  const head = `${result}  ${check}${event === null ? '' : ` ${event}`}: ${text}\n`;
  if (result === 'pass') return head;
  const rows = [
    ['next', next],
    ['who', who],
    ['see', runbook === undefined ? undefined : `docs/runbook/${runbook}`],
  ] as const;
  return (
    head + rows.map(([name, row]) => (row === undefined ? '' : `      ${name.padEnd(4)}  ${row}\n`)).join('')
  );
}

/** Findings in few words. */
import type { Finding } from '../../contract/doctor.ts';

/** What a finding says beside its check. */
type Says = Pick<Finding, 'text'> & Partial<Pick<Finding, 'next' | 'who'>>;

/** Makes the findings of one event, or with null of the servers. */
export function findingsOf(event: string | null) {
  const make = (result: Finding['result'], check: string, says: Says): Finding => ({
    check,
    result,
    event,
    ...says,
    runbook: `${check}.md`,
  });
  return {
    fail: (check: string, says: Says): Finding => make('fail', check, says),
    warn: (check: string, says: Says): Finding => make('warn', check, says),
    pass: (check: string, text: string): Finding => ({ check, result: 'pass', event, text }),
    /** Fails or warns. */
    trouble: (isFailure: boolean, check: string, says: Says): Finding =>
      make(isFailure ? 'fail' : 'warn', check, says),
  };
}

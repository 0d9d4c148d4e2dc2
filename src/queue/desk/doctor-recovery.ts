/** What doctor finds of an event's last recovery. */
import { inWords } from '../../contract/alarm-row.ts';
import type { Finding } from '../../contract/doctor.ts';
import { isRecovering, needsSettings } from '../../contract/snapshot.ts';
import type { DoctorEvent } from './doctor.ts';
import { findingsOf } from './finding.ts';
import { reportText, runningText } from './recovery-report.ts';

/** A recovery is told of for so long, ms. */
const toldMs = 3_600_000;

/** A recovery that runs, or that waits for an operator, is a warning; one of the last hour is told as it came out. */
export function recoveryFinding({ event, paused, recovery }: DoctorEvent, nowMs: number): Finding {
  const { warn, pass } = findingsOf(event);
  if (recovery === null) return pass('recovering', 'Redis has lost nothing of it');
  if (isRecovering(recovery)) {
    return warn('recovering', {
      text: runningText(recovery),
      who: 'nobody has to: people are let in again within 5 s',
      next: `tacos queue watch ${event}`,
    });
  }
  const agoMs = nowMs - Date.parse(recovery.at);
  const ago = `${inWords(agoMs)} ago`;
  if (needsSettings({ recovery, paused })) {
    return warn('recovering', {
      text:
        `made again ${ago} from visitors' tokens alone, paused: its settings and who had entered are lost; ` +
        'set its rate and name, then resume',
      next: `tacos bucket get ${event}`,
    });
  }
  if (agoMs >= toldMs) return pass('recovering', 'no recovery in the last hour');
  return { ...pass('recovering', `recovered ${ago}. ${reportText(recovery)}`), note: true };
}

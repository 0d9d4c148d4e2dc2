/** Checks of this end of the line: can the server be reached, are we signed in, do clock and version fit. */
import type { Finding } from '../../../contract/doctor.ts';
import type { AdminApi } from '../../admin-api.ts';
import { formatDuration } from '../../duration.ts';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import type { Runtime } from '../../runtime.ts';
import { isOlder } from '../../update-notice.ts';

/** Clocks may differ by so much, s. */
export const clockSkewSecMax = 2;
/** A sign-in that ends sooner is told, s. */
const signInLeftSecMin = 600;

/** What this end found. */
export interface ClientChecks {
  readonly findings: readonly Finding[];
  /** The server answers, and to us: its own checks can be asked for. */
  readonly isThrough: boolean;
}

type Calls = Pick<AdminApi, 'version' | 'whoami' | 'clockSkewSec'>;

/** Asks the server who it is and who we are. @throws CliError that is neither of the two */
export async function checkClient(runtime: Runtime, api: Calls): Promise<ClientChecks> {
  const findings: Finding[] = [];
  try {
    const { version, minCliVersion } = await api.version();
    findings.push(pass('unreachable', `the server answers; it runs ${version}`));
    findings.push(versionFinding(runtime.version, minCliVersion));
    findings.push(...clockFinding(api.clockSkewSec));
    const { item } = await api.whoami();
    findings.push(signInFinding(item, runtime.clock.now()));
    return { findings, isThrough: true };
  } catch (error) {
    return { findings: [...findings, findingOfError(error)], isThrough: false };
  }
}

/** A failure to get through as a finding. @throws the error where it is none */
export function findingOfError(error: unknown): Finding {
  if (!(error instanceof CliError)) throw error;
  const { exitCode, why, hint } = error.details;
  const check = { [exitCodes.notAllowed]: 'signed-in', [exitCodes.unreachable]: 'unreachable' }[exitCode];
  if (check === undefined) throw error;
  const text = why === undefined ? error.message : `${error.message} (${why})`;
  return {
    check,
    result: 'fail',
    event: null,
    text,
    runbook: `${check}.md`,
    ...(hint === undefined ? {} : { next: hint }),
  };
}

function versionFinding(ours: string, least: string | undefined): Finding {
  if (least === undefined || !isOlder(ours, least))
    return pass('client-version', `tacos ${ours} fits the server`);
  const text = `this is tacos ${ours}; the server is tested with ${least} and newer`;
  return warn('client-version', { text, who: `you: install tacos ${least} or newer` });
}

function clockFinding(skewSec: number | undefined): Finding[] {
  if (skewSec === undefined) return [];
  const sec = Math.abs(skewSec);
  if (sec <= clockSkewSecMax) return [pass('clock-skew', 'the clock here is that of the server')];
  const text = `the clock here is ${sec.toFixed(1)} s ${skewSec > 0 ? 'behind' : 'ahead of'} the server's`;
  return [
    warn('clock-skew', { text, who: 'you: let the machine set its clock', next: 'timedatectl set-ntp true' }),
  ];
}

function signInFinding(
  { name, role, expiresAt }: { name: string; role: string; expiresAt?: string | undefined },
  nowMs: number,
): Finding {
  const leftSec = expiresAt === undefined ? Number.POSITIVE_INFINITY : (Date.parse(expiresAt) - nowMs) / 1000;
  const text = `signed in as ${name} (${role})`;
  if (leftSec > signInLeftSecMin) return pass('signed-in', text);
  return warn('signed-in', {
    text: `${text}, for ${formatDuration(leftSec)} only`,
    next: 'tacos auth login',
  });
}

const pass = (check: string, text: string): Finding => ({ check, result: 'pass', event: null, text });
const warn = (check: string, says: Pick<Finding, 'text' | 'who' | 'next'>): Finding => ({
  check,
  result: 'warn',
  event: null,
  ...says,
  runbook: `${check}.md`,
});

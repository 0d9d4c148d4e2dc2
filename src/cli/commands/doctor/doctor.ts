import { alarmTable } from '../../../contract/alarms.ts';
import { doctorChecks, type Finding, rankFindings } from '../../../contract/doctor.ts';
import type { Cli, Connection } from '../../cli.ts';
import { CliError, usageError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { writeBundle } from './bundle.ts';
import { checkClient, findingOfError } from './client-checks.ts';
import { printFindings } from './print-findings.ts';

/** Flags of `tacos doctor`. */
export interface DoctorFlags {
  readonly only?: readonly string[];
  readonly strict?: boolean;
  readonly bundle?: string;
}

/** Names that --only takes: the checks, and the alarms that no check has the name of. */
export const checkNames: readonly string[] = [
  ...new Set([...doctorChecks, ...alarmTable.map(({ id }) => id)]),
];

/** `tacos doctor [EVT]`: exit 10 on a failure, with --strict on a warning too. */
export async function doctor(cli: Cli, event: string | undefined, flags: DoctorFlags): Promise<number> {
  const only = (flags.only ?? []).flatMap((names) => names.split(','));
  const unknown = only.find((name) => !checkNames.includes(name));
  if (unknown !== undefined) {
    throw usageError(`--only does not know the check "${unknown}": it knows ${checkNames.join(', ')}`);
  }
  const { findings, warnings, connection } = await examine(cli, event);
  const named = only.length === 0 ? findings : findings.filter(({ check }) => only.includes(check));
  const shown = rankFindings(named).map((finding) => runnable(finding, cli.flags.context));
  const context = connection?.context.name ?? cli.flags.context ?? '';
  await printFindings(cli, { context, findings: shown, warnings, all: cli.flags.output === 'wide' });
  if (flags.bundle !== undefined) {
    const api = connection?.api;
    await writeBundle(cli.runtime, { file: flags.bundle, context, findings: shown, api, event });
    if (!cli.flags.quiet) cli.runtime.stderr.write(`bundle: ${flags.bundle}\n`);
  }
  const isBad = ({ result }: Finding): boolean =>
    result === 'fail' || (flags.strict === true && result === 'warn');
  return shown.some(isBad) ? exitCodes.checkFailed : exitCodes.done;
}

interface Examined {
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
  /** Undefined = the server did not let us in. */
  readonly connection: Connection | undefined;
}

/** This end first; the server's own checks when it lets us in. */
async function examine(cli: Cli, event: string | undefined): Promise<Examined> {
  let connection: Connection;
  try {
    connection = await cli.connect('read');
  } catch (error) {
    return { findings: [findingOfError(error)], warnings: [], connection: undefined };
  }
  const { api } = connection;
  const client = await checkClient(cli.runtime, api);
  if (!client.isThrough) return { findings: client.findings, warnings: [], connection: undefined };
  try {
    const { items, warnings } = await api.doctor(event);
    return { findings: [...client.findings, ...items], warnings, connection };
  } catch (error) {
    if (error instanceof CliError && error.details.exitCode === exitCodes.notFound) throw error;
    const others = client.findings.filter(({ check }) => check !== 'unreachable');
    return { findings: [...others, findingOfError(error)], warnings: [], connection };
  }
}

/** The next command with -c where this one needed it. */
function runnable(finding: Finding, context: string | undefined): Finding {
  const { next } = finding;
  const isBare = next !== undefined && context !== undefined && /^tacos (?!.* -c )/.test(next);
  return isBare ? { ...finding, next: `${next} -c ${context}` } : finding;
}

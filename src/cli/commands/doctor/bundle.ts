/** A file for whoever helps: what was found and what it was found from. No tokens are in it: no answer carries any. */
import type { Finding } from '../../../contract/doctor.ts';
import type { AdminApi } from '../../admin-api.ts';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { writePrivate } from '../../private-file.ts';
import type { Runtime } from '../../runtime.ts';

/** Audit records of a bundle. */
const auditTail = 100;

/** Writes the bundle, mode 0600. What the server does not give stands there as its error. @throws CliError */
export async function writeBundle(
  runtime: Runtime,
  options: {
    readonly file: string;
    readonly context: string;
    readonly findings: readonly Finding[];
    /** Undefined = the server cannot be asked. */
    readonly api: AdminApi | undefined;
    readonly event: string | undefined;
  },
): Promise<void> {
  const { file, context, findings, api, event } = options;
  const bundle = {
    kind: 'DoctorBundle',
    madeAt: new Date(runtime.clock.now()).toISOString(),
    context,
    client: { version: runtime.version, platform: runtime.platform, node: process.version },
    findings,
    ...(api === undefined ? {} : await serverParts(api, event)),
  };
  try {
    writePrivate(file, `${JSON.stringify(bundle, null, 2)}\n`);
  } catch (error) {
    throw new CliError(`--bundle ${file} cannot be written (${(error as NodeJS.ErrnoException).code})`, {
      code: 'FILE_NOT_WRITTEN',
      exitCode: exitCodes.failed,
    });
  }
}

async function serverParts(api: AdminApi, event: string | undefined): Promise<object> {
  const events = event === undefined ? await idsOf(api) : [event];
  const snapshots = await Promise.all(events.map((id) => attempt(() => api.snapshot(id))));
  return {
    server: await attempt(() => api.version()),
    clockSkewSec: api.clockSkewSec ?? null,
    overview: await attempt(() => api.overview()),
    snapshots,
    audit: await attempt(async () => {
      const query = { limit: auditTail, ...(event === undefined ? {} : { event }) };
      return (await api.audit(query)).items;
    }),
  };
}

/** Events that are not closed, at most as many as somebody would read. */
const eventsMax = 20;
async function idsOf(api: AdminApi): Promise<string[]> {
  const { items } = await api.listEvents();
  const open = items.filter(({ phase }) => phase !== 'closed');
  return open.slice(0, eventsMax).map(({ event }) => event);
}

async function attempt(ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'failed' };
  }
}

import type { AuditEntry } from '../../../contract/audit.ts';
import type { MutationFlags } from '../../change-flags.ts';
import { isForPeople } from '../../change-report.ts';
import type { Cli, Connection } from '../../cli.ts';
import { CliError, usageError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { contextFlagOf, runAction } from '../../mutation.ts';
import { clean } from '../../output/clean.ts';
import { timeOfDay } from '../../output/format.ts';

/** Entries that are looked through for something to undo. */
const lookBack = 100;

/** `tacos undo [AUD_ID]`: without an id, the newest change by the same person that can still be undone; that one asks. */
export function undo(cli: Cli, [auditId]: readonly string[], flags: MutationFlags): Promise<number> {
  if (auditId !== undefined && !/^aud_[A-Za-z0-9]{1,32}$/.test(auditId)) {
    throw usageError(`"${auditId}" is not an audit id such as aud_7R0D`, 'tacos audit list');
  }
  return runAction(cli, {
    events: [],
    flags,
    alwaysAsk: auditId === undefined,
    action: async (connection) => ({
      type: 'undo',
      auditId: auditId ?? (await newestOfMine(cli, connection)).auditId,
    }),
  });
}

/** Somebody else's change is never undone by leaving out its id. @throws CliError (3) */
async function newestOfMine(cli: Cli, { api }: Connection): Promise<AuditEntry> {
  const [{ item: me }, { items, asOf }] = await Promise.all([api.whoami(), api.audit({ limit: lookBack })]);
  const open = items.filter((entry) => canUndo(entry, asOf));
  const found = open.find(({ actor }) => actor === me.name);
  if (found === undefined) throw nothingToUndo(me.name, open[0], contextFlagOf(cli));
  if (isForPeople(cli.flags.output)) cli.runtime.stderr.write(`${describe(found)}\n`);
  return found;
}

const canUndo = ({ undoUntil, undoneBy, action }: AuditEntry, asOf: string): boolean =>
  undoUntil !== undefined && undoUntil > asOf && undoneBy === undefined && action !== 'undo';

function describe({ auditId, at, event, actor, summary, reason }: AuditEntry): string {
  const where = event === null ? '' : ` of ${event}`;
  const why = reason === '' ? '' : ` "${reason}"`;
  return clean(`undo ${auditId}: ${summary}${where}, ${timeOfDay(at)} ${actor}${why}`);
}

const nothingToUndo = (me: string, others: AuditEntry | undefined, contextFlag: string): CliError =>
  new CliError(`no change by ${me} can be undone`, {
    code: 'AUDIT_NOT_FOUND',
    exitCode: exitCodes.notFound,
    why:
      others === undefined
        ? 'settings can be undone for 15 minutes, ended places for 10'
        : `the newest one is by ${others.actor}: name it to undo it`,
    hint:
      others === undefined ? `tacos audit list${contextFlag}` : `tacos undo ${others.auditId}${contextFlag}`,
  });

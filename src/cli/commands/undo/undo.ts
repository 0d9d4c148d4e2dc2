import type { AuditEntry } from '../../../contract/audit.ts';
import type { MutationFlags } from '../../change-flags.ts';
import { isForPeople } from '../../change-report.ts';
import type { Cli, Connection } from '../../cli.ts';
import type { NamedChange } from '../../consent.ts';
import { CliError, usageError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { contextFlagOf, runAction } from '../../mutation.ts';
import { clean } from '../../output/clean.ts';
import { obstacleOf, siblingsOf, type Trail, whatOf } from './candidates.ts';

/** Entries that are looked through for something to undo. */
const lookBack = 100;

/**
 * `tacos undo [AUD_ID]`: without an id, the newest change by the same person that can still be undone; that one asks.
 * Changes that the same command made to other events are named, before and after: an undo is of one event.
 */
export async function undo(cli: Cli, [auditId]: readonly string[], flags: MutationFlags): Promise<number> {
  if (auditId !== undefined && !/^aud_[A-Za-z0-9]{1,32}$/.test(auditId)) {
    throw usageError(`"${auditId}" is not an audit id such as aud_7R0D`, 'tacos audit list');
  }
  const contextFlag = contextFlagOf(cli);
  let named: NamedChange | undefined;
  let siblings: string | undefined;
  const say = (line: string | undefined): void => {
    if (line !== undefined && isForPeople(cli.flags.output)) cli.runtime.stderr.write(`${line}\n`);
  };
  const code = await runAction(cli, {
    events: [],
    flags,
    alwaysAsk: auditId === undefined,
    named: () => named,
    action: async (connection) => {
      const { entry, trail } = await (auditId === undefined
        ? newestOfMine(connection, contextFlag)
        : entryOf(connection, auditId));
      if (entry === undefined) return { type: 'undo', auditId: auditId ?? '' };
      const what = whatOf(entry, trail.asOf);
      siblings = siblingsOf(entry, trail, contextFlag);
      named = {
        what,
        ...(auditId === undefined ? { instead: `tacos undo ${entry.auditId}${contextFlag}` } : {}),
      };
      if (auditId === undefined) say(clean(what + (entry.reason === '' ? '' : ` "${entry.reason}"`)));
      say(siblings);
      return { type: 'undo', auditId: entry.auditId };
    },
  });
  if (code === exitCodes.done && flags.dryRun !== true) say(siblings);
  return code;
}

interface Found {
  /** undefined = not in the newest part of the trail: the server may still know it. */
  readonly entry: AuditEntry | undefined;
  readonly trail: Trail;
}

/** Only for what is said of it: a trail that cannot be read does not stop an undo that was named. */
async function entryOf({ api }: Connection, auditId: string): Promise<Found> {
  const trail = await api.audit({ limit: lookBack }).catch(() => ({ items: [], asOf: '' }));
  return { entry: trail.items.find((each) => each.auditId === auditId), trail };
}

/** Somebody else's change is never undone by leaving out its id. @throws CliError (3) */
async function newestOfMine(
  { api }: Connection,
  contextFlag: string,
): Promise<Found & { readonly entry: AuditEntry }> {
  const [{ item: me }, trail] = await Promise.all([api.whoami(), api.audit({ limit: lookBack })]);
  const open = trail.items.filter((entry) => obstacleOf(entry, trail) === undefined);
  const entry = open.find(({ actor }) => actor === me.name);
  if (entry === undefined) throw nothingToUndo({ me: me.name, others: open[0], trail, contextFlag });
  return { entry, trail };
}

interface Nothing {
  readonly me: string;
  readonly others: AuditEntry | undefined;
  readonly trail: Trail;
  readonly contextFlag: string;
}

function nothingToUndo({ me, others, trail, contextFlag }: Nothing): CliError {
  const newest = trail.items.find(({ actor, action }) => actor === me && action !== 'undo');
  const mine =
    newest === undefined
      ? 'settings can be undone for 15 minutes, ended places for 10'
      : `${newest.auditId}: ${obstacleOf(newest, trail)}`;
  return new CliError(`no change by ${me} can be undone`, {
    code: 'AUDIT_NOT_FOUND',
    exitCode: exitCodes.notFound,
    why:
      others === undefined
        ? mine
        : `${mine}; ${others.auditId} by ${others.actor} can be: name it to undo it`,
    hint:
      others === undefined ? `tacos audit list${contextFlag}` : `tacos undo ${others.auditId}${contextFlag}`,
  });
}

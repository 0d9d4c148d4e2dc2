/** Undo: what a change was before, as a change of its own. */
import { undoPlacesSec, undoSettingsSec } from '../../contract/actions.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import { TacosError } from '../../contract/errors.ts';
import { microPerToken } from '../../contract/limits.ts';
import type { Tomb } from '../job-store.ts';
import { budgetSet } from './actions/budget-set.ts';
import { claimOf } from './actions/claim.ts';
import {
  badRequest,
  type Draft,
  draftOf,
  type Guard,
  peopleOf,
  type Seen,
  settingsDraft,
} from './actions/draft.ts';
import { summaryOfRows, withFields } from './actions/setting-rows.ts';
import type { BudgetState } from './budget.ts';
import type { Restore } from './trail.ts';

/** A record that is to be undone. */
export interface Undone {
  readonly entry: AuditEntry;
  readonly restore?: Restore | undefined;
}

/** Fields whose change moves the line. */
const moving = ['phase', 'paused', 'deadline', 'refill', 'capacity', 'opensAt'];

/** How long a change can be undone, s: a closing ends places, so its time is that of places. */
export const undoWindowSec = (entry: AuditEntry): number =>
  entry.rows.some(({ name, after }) => name === 'phase' && after === 'closed')
    ? undoPlacesSec
    : undoSettingsSec;

/** Guard rails of every undo of settings: time, version, once only. `since`: what was changed after it, newest first. */
export function guardsOf(
  { entry }: Undone,
  now: { readonly revision: number; readonly nowMs: number; readonly since: readonly AuditEntry[] },
): Guard[] {
  const sec = undoWindowSec(entry);
  const refuse = (code: string, text: string): Guard => ({ code, text, canOverride: false });
  if (entry.undoneBy !== undefined)
    return [refuse('UNDONE', `${entry.auditId} was undone already, by ${entry.undoneBy}`)];
  if (now.nowMs - Date.parse(entry.at) > sec * 1000)
    return [
      refuse(
        'TOO_LATE',
        `${entry.auditId} can be undone for ${sec / 60} minutes only: that was at ${entry.at}`,
      ),
    ];
  if (entry.revision === now.revision) return [];
  const changes = now.since.map(({ summary, actor, auditId }) => `${summary} by ${actor} (${auditId})`);
  const what = changes.length > 0 ? `since then: ${changes.join('; ')}` : 'something was changed since then';
  return [
    refuse('VERSION_CONFLICT', `the settings are at version ${now.revision}, not ${entry.revision}: ${what}`),
  ];
}

/** @throws TacosError BAD_REQUEST for what cannot be undone at all */
export function undoEvent(
  seen: Seen,
  undone: Undone,
  facts: { readonly tombs: readonly Tomb[]; readonly since: readonly AuditEntry[] },
): Draft {
  const { entry, restore } = undone;
  const { auditId } = entry;
  const tomb = facts.tombs.find((one) => one.auditId === auditId);
  if (tomb || entry.action === 'queue.expire') return undoExpire(seen, undone, tomb);
  if (!restore) throw badRequest(`${auditId} (${entry.action}) cannot be undone.`, 'tacos audit list');
  const touched = Object.keys(restore);
  const ended = endedMessage(restore, seen.nowMs);
  // A message that has ended meanwhile does not come back with what else is undone.
  const fields = ended === undefined ? restore : { ...restore, message: '', messageUntil: '0' };
  const after = withFields(seen.settings, fields);
  const draft = settingsDraft(
    seen,
    { after, touched },
    {
      level: 'S2',
      undoSec: undoSettingsSec,
      people: peopleOf(seen),
      moves: touched.some((name) => moving.includes(name)),
      claim: { before: claimOf(seen.settings, seen.nowMs), after: claimOf(after, seen.nowMs) },
      refusals: [
        ...guardsOf(undone, { revision: seen.settings.revision, nowMs: seen.nowMs, since: facts.since }),
        ...(ended !== undefined && touched.every((name) => name.startsWith('message')) ? [ended] : []),
      ],
      warnings: stoppedSale(entry, seen),
      summary: '',
      operation: { kind: 'settings', fields },
      undoes: auditId,
    },
  );
  return { ...draft, summary: `undid ${auditId}: ${summaryOfRows(draft.rows)}` };
}

/** What the undo of a rollback does not bring back. */
function stoppedSale({ action, rows }: AuditEntry, { id, phase }: Seen): string[] {
  const isStopped = rows.some(({ name, before }) => name === 'sale' && before === 'running');
  if (action !== 'sale.rollback' || !isStopped) return [];
  const isBefore = phase === 'scheduled' || phase === 'prequeue';
  const mend = isBefore
    ? 'tacos sale apply FILE applies them anew'
    : `make what is left of them by hand, such as tacos bucket set ${id} --refill R --ramp D`;
  return [`the sale stays stopped, and the steps it had to come stay dropped: ${mend}`];
}

/** Why the message that was there before cannot come back; undefined = it can, or there was none. */
function endedMessage({ message = '', messageUntil = '0' }: Restore, nowMs: number): Guard | undefined {
  const untilMs = Number(messageUntil);
  if (message === '' || untilMs === 0 || untilMs > nowMs) return undefined;
  const text = `the message "${message}" does not come back: it has ended by itself, at ${new Date(untilMs).toISOString()}`;
  return { code: 'TOO_LATE', text, canOverride: false };
}

function undoExpire(seen: Seen, { entry }: Undone, tomb: Tomb | undefined): Draft {
  const { auditId } = entry;
  const people = tomb?.places ?? 0;
  const over: Guard = {
    code: 'TOO_LATE',
    text: `the places of ${auditId} were kept for ${undoPlacesSec / 60} minutes, or have been given back`,
    canOverride: false,
  };
  return draftOf(seen, {
    level: 'S2',
    people,
    moves: true,
    waitingAfter: seen.waiting + people,
    rows: [{ name: 'places', unit: 'people', before: peopleOf(seen), after: peopleOf(seen) + people }],
    refusals: tomb ? [] : [over],
    irreversible: ['Places that are given back can be ended again, but not by an undo.'],
    summary: `undid ${auditId}: places given back`,
    operation: { kind: 'job', job: { kind: 'restore', undoes: auditId } },
    undoes: auditId,
  });
}

/** Undo of a change of the budget. */
export function undoBudget(
  undone: Undone,
  now: { readonly state: BudgetState; readonly usedPerSec: number; readonly nowMs: number },
): Draft {
  const { entry, restore } = undone;
  const text = restore?.perSec;
  if (entry.action !== 'budget.set' && entry.action !== 'undo')
    throw badRequest(`${entry.auditId} (${entry.action}) cannot be undone.`);
  if (text === undefined) throw new TacosError('AUDIT_NOT_FOUND', { hint: 'tacos audit list' });
  const perSec = text === '' ? null : Number(text) / microPerToken;
  const draft = budgetSet(now.state, { perSec, usedPerSec: now.usedPerSec });
  return {
    ...draft,
    refusals: guardsOf(undone, { revision: now.state.revision, nowMs: now.nowMs, since: [] }),
    summary: `undid ${entry.auditId}: ${draft.summary}`,
    undoes: entry.auditId,
  };
}

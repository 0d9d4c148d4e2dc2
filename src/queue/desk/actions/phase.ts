/** Actions on an event's phase: open, close, pause, resume, drain. */
import type { ParsedAction } from '../../../contract/actions.ts';
import type { EventSettings } from '../../settings.ts';
import { counted } from '../counted.ts';
import { messageView } from '../views.ts';
import { claimOf } from './claim.ts';
import { badRequest, type Draft, peopleOf, type Seen, settingsDraft } from './draft.ts';
import { withFields } from './setting-rows.ts';

type Of<T extends ParsedAction['type']> = Extract<ParsedAction, { type: T }>;
type Own = Partial<Draft> & Pick<Draft, 'operation' | 'summary'>;

/** Time in which the closing of an event with people in it can be undone, s: they come back, if they still look. */
const reopenSec = 600;

/** A change of phase: S2, felt by everybody in the line. */
function phaseDraft(
  seen: Seen,
  change: { after: EventSettings; touched: readonly string[]; asked?: readonly string[] },
  own: Own,
): Draft {
  return settingsDraft(seen, change, {
    level: 'S2',
    undoSec: 900,
    moves: true,
    people: peopleOf(seen),
    claim: { before: claimOf(seen.settings, seen.nowMs), after: claimOf(change.after, seen.nowMs) },
    ...own,
  });
}

export function pause(seen: Seen): Draft {
  const after = { ...seen.settings, paused: true };
  const touched = ['paused'];
  return phaseDraft(
    seen,
    { after, touched, asked: touched },
    {
      summary: 'paused',
      operation: { kind: 'phase', action: 'pause' },
    },
  );
}

export function resume(seen: Seen): Draft {
  const after = { ...seen.settings, paused: false };
  const touched = ['paused'];
  const draft = phaseDraft(
    seen,
    { after, touched, asked: touched },
    {
      summary: 'resumed',
      operation: { kind: 'phase', action: 'resume' },
    },
  );
  const message = messageView(seen.settings, seen.nowMs);
  const stays = message && `the message "${message.text}" stays: tacos queue message ${seen.id} --clear`;
  return { ...draft, level: 'S1', warnings: stays && !draft.unchanged ? [stays] : [] };
}

/** Opens at once, or sets the time; an event that has been closed or drained goes back to scheduled for that. */
export function open(seen: Seen, action: Of<'queue.open'>): Draft {
  const { settings, phase, nowMs, id } = seen;
  if (action.at === undefined) {
    const after: EventSettings = { ...settings, phase: 'open' };
    return phaseDraft(
      seen,
      { after, touched: ['phase'], asked: ['phase'] },
      {
        summary: 'opened',
        operation: { kind: 'phase', action: 'open' },
      },
    );
  }
  const atMs = Date.parse(action.at);
  if (atMs <= nowMs) throw badRequest('This opening time has passed.', `tacos queue open ${id}`);
  if (phase === 'open') throw badRequest('This event is open already.', `tacos queue pause ${id}`);
  const isBefore = phase === 'scheduled' || phase === 'prequeue';
  const fields = {
    opensAt: String(atMs),
    // A prequeue of the opening before would begin at once.
    ...(isBefore ? {} : { phase: 'scheduled', prequeueFrom: '0', deadline: '0' }),
  };
  const after = withFields(settings, fields);
  const draft = phaseDraft(
    seen,
    { after, touched: Object.keys(fields), asked: ['opensAt'] },
    {
      summary: `opens at ${new Date(atMs).toISOString()}`,
      operation: { kind: 'settings', fields },
    },
  );
  if (after.prequeueFromMs > atMs) throw badRequest('The prequeue would begin after the opening.');
  return draft;
}

/** Those that no figure of people waiting counts, and who are in the line all the same. */
const awayText = ({ away }: Seen): string =>
  away === 0 ? '' : `, ${counted(away)} of them away (stepped around, the place is kept)`;

/** Closes; with people in the line only once it is said what becomes of them. */
export function close(seen: Seen, action: Of<'queue.close'>): Draft {
  const { settings, phase, id } = seen;
  const people = peopleOf(seen);
  const { keep, soldOut } = action;
  if (keep && soldOut !== undefined) throw badRequest('Either the line is kept, or it is sold out.');
  if (people > 0 && phase !== 'closed' && !keep && soldOut === undefined)
    throw badRequest(
      `${counted(people)} people wait${awayText(seen)}: say what becomes of them, keep (the line is kept and paused) or sold out (with a text).`,
      `tacos queue close ${id} --keep`,
    );
  if (keep) {
    if (phase === 'closed') throw badRequest('This event is closed: there is no line to keep.');
    const after: EventSettings = { ...settings, phase: 'draining', paused: true, deadlineMs: 0 };
    const touched = ['phase', 'paused', 'deadline'];
    return phaseDraft(
      seen,
      { after, touched, asked: ['phase', 'paused'] },
      {
        summary: 'closed for joins, the line is kept and paused',
        operation: { kind: 'phase', action: 'keep' },
      },
    );
  }
  const text = soldOut === undefined ? {} : { message: soldOut, messageUntilMs: 0 };
  const after: EventSettings = { ...settings, phase: 'closed', ...text };
  const touched = ['phase', 'deadline', ...(soldOut === undefined ? [] : ['message', 'messageUntil'])];
  return phaseDraft(
    seen,
    { after, touched, asked: ['phase'] },
    {
      summary: soldOut === undefined ? 'closed' : `closed: "${soldOut}"`,
      undoSec: people > 0 ? reopenSec : 900,
      irreversible:
        people > 0
          ? [
              `${counted(people)} people are told that it is closed; who leaves then does not come back by an undo.`,
            ]
          : [],
      operation: { kind: 'phase', action: 'close', ...(soldOut === undefined ? {} : { message: soldOut }) },
    },
  );
}

/** No more joins; closed when empty, after a time, or at once. */
export function drain(seen: Seen, action: Of<'queue.drain'>): Draft {
  const { settings, phase, nowMs, id } = seen;
  const { now, deadlineSec } = action;
  if (now && deadlineSec !== undefined) throw badRequest('Either at once, or by a deadline.');
  if (phase === 'closed' && !now) throw badRequest('This event is closed already.', `tacos queue open ${id}`);
  const touched = ['phase', 'deadline'];
  if (now) {
    const people = peopleOf(seen);
    const after: EventSettings = { ...settings, phase: 'closed' };
    const draft = phaseDraft(
      seen,
      { after, touched, asked: ['phase'] },
      {
        summary: 'drained at once',
        undoSec: reopenSec,
        irreversible: [
          `${counted(people)} people lose their place unless it is undone within 10 minutes; some leave before that.`,
        ],
        operation: { kind: 'phase', action: 'close' },
      },
    );
    return { ...draft, level: 'S3' };
  }
  const deadlineMs = deadlineSec === undefined ? 0 : Math.round(deadlineSec * 1000);
  const after: EventSettings = {
    ...settings,
    phase: 'draining',
    deadlineMs: deadlineMs > 0 ? nowMs + deadlineMs : 0,
  };
  return phaseDraft(
    seen,
    { after, touched, asked: ['phase'] },
    {
      summary: deadlineSec === undefined ? 'draining' : `draining for ${deadlineSec} s`,
      operation: { kind: 'phase', action: 'drain', ...(deadlineMs > 0 ? { deadlineMs } : {}) },
    },
  );
}

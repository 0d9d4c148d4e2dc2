/** The message to the waiting: told with every status until it ends or is cleared. */
import type { ParsedAction } from '../../../contract/actions.ts';
import { type Draft, peopleOf, type Seen, settingsDraft } from './draft.ts';
import { withFields } from './setting-rows.ts';

export function message(seen: Seen, action: Extract<ParsedAction, { type: 'queue.message' }>): Draft {
  const { text, forSec } = action;
  const untilMs = text === null || forSec === undefined ? 0 : seen.nowMs + Math.round(forSec * 1000);
  const fields = { message: text ?? '', messageUntil: String(untilMs) };
  const after = withFields(seen.settings, fields);
  return settingsDraft(
    seen,
    { after, touched: ['message', 'messageUntil'], asked: ['message'] },
    {
      level: 'S1',
      undoSec: 900,
      people: peopleOf(seen),
      summary: text === null ? 'message cleared' : `message "${text}"`,
      operation: { kind: 'settings', fields },
    },
  );
}

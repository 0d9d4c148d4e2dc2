/** Making an event. */
import type { ParsedAction } from '../../../contract/actions.ts';
import type { ChangeRow, PlainValue } from '../../../contract/audit.ts';
import { burstMin, burstSecDefault, microPerToken, refillPerSecDefault } from '../../../contract/limits.ts';
import { isTimeZone } from '../../settings.ts';
import { badRequest, type Draft } from './draft.ts';

type Create = Extract<ParsedAction, { type: 'event.create' }>;

/** @throws TacosError BAD_REQUEST */
export function createEvent(id: string, action: Create, given: { timeZone: string; nowMs: number }): Draft {
  const timeZone = action.timeZone ?? given.timeZone;
  if (!isTimeZone(timeZone)) throw badRequest('This time zone is not known.');
  const at = (text: string | undefined): number => (text === undefined ? 0 : Date.parse(text));
  const [opensAtMs, prequeueFromMs] = [at(action.opensAt), at(action.prequeueFrom)];
  if (action.opensAt !== undefined && opensAtMs <= given.nowMs)
    throw badRequest('This opening time has passed.');
  if (prequeueFromMs > 0 && opensAtMs === 0) throw badRequest('A prequeue needs an opening time.');
  if (prequeueFromMs > opensAtMs) throw badRequest('The prequeue would begin after the opening.');
  const refillPerSec = action.refillPerSec ?? refillPerSecDefault;
  const least = Math.ceil(refillPerSec * burstSecDefault);
  const capacity = action.capacity ?? Math.max(burstMin, least);
  const kind = action.test ? 'test' : 'operator';
  const row = (name: string, unit: ChangeRow['unit'], after: PlainValue): ChangeRow => ({
    name,
    unit,
    before: null,
    after,
  });
  return {
    event: id,
    revision: 0,
    moves: false,
    rows: [
      row('name', 'text', action.name),
      row('kind', 'text', kind),
      row('phase', 'text', opensAtMs > 0 ? 'scheduled' : 'open'),
      ...(action.opensAt === undefined ? [] : [row('opensAt', 'time', new Date(opensAtMs).toISOString())]),
      ...(prequeueFromMs === 0 ? [] : [row('prequeueFrom', 'time', new Date(prequeueFromMs).toISOString())]),
      row('timeZone', 'text', timeZone),
      row('refillPerSec', 'perSec', refillPerSec),
      row('capacity', 'tokens', capacity),
      row('maxWaiting', 'people', action.maxWaiting),
    ],
    warnings:
      capacity < least
        ? [
            `capacity ${capacity} holds less than ${burstSecDefault} s of refill; set capacity to ${least} or more`,
          ]
        : [],
    refusals: [],
    people: 0,
    unchanged: false,
    level: 'S1',
    undoSec: 0,
    irreversible: [],
    summary: `event ${id} created`,
    claim: { before: 0, after: opensAtMs > 0 ? 0 : Math.round(refillPerSec * microPerToken) },
    operation: {
      kind: 'create',
      plan: {
        name: action.name,
        kind,
        timeZone,
        opensAtMs,
        prequeueFromMs,
        maxWaiting: action.maxWaiting,
        refillPerSec,
        ...(action.capacity === undefined ? {} : { capacity: action.capacity }),
      },
    },
  };
}

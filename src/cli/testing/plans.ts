/** What a server says to a plan and to an action, for tests. Pure: made from the request where nothing else is given. */
import type {
  ActRequest,
  ChangeReply,
  ChangeResult,
  EventPlan,
  Level,
  Plan,
  PlanRequest,
} from '../../contract/actions.ts';
import type { ChangeRow } from '../../contract/audit.ts';
import { asOf } from './views.ts';

const refillRow: ChangeRow = { name: 'refillPerSec', unit: 'perSec', before: 50, after: 80 };

/** Plan for one event: refill 50 to 80, capacity as it was, with consequences. */
export const eventPlanOf = (change: Partial<EventPlan> = {}): EventPlan => ({
  event: 'evt_x',
  revision: 18,
  rows: [refillRow, { name: 'capacity', unit: 'tokens', before: 500, after: 500 }],
  consequences: [
    { code: 'emptyIn', unit: 'sec', before: 374, after: 228, model: 'forecast' },
    { code: 'redisCpu', unit: 'percent', before: 41, after: 47, model: 'share' },
    { code: 'allEvents', unit: 'perSec', before: 60, after: 90, model: 'sum' },
    { code: 'budget', unit: 'perSec', before: 120, after: 120, model: 'sum' },
  ],
  warnings: [],
  refusals: [],
  people: 0,
  unchanged: false,
  ...change,
});

/** A plan of level S1 for one event. */
export const planOf = (change: Partial<Plan> = {}): Plan => ({
  kind: 'Plan',
  hash: '5c1e77aa90b1',
  asOf,
  dataAgeSec: 0.4,
  action: 'bucket.set',
  level: 'S1',
  items: [eventPlanOf()],
  undoSec: 900,
  irreversible: [],
  warnings: [],
  ...change,
});

/** What became of one event: version 19, in force on 5 of 6 gateways. */
export const resultOf = (change: Partial<ChangeResult> = {}): ChangeResult => ({
  event: 'evt_x',
  auditId: 'aud_7R0D',
  applied: true,
  revision: 19,
  rows: [refillRow],
  receipt: {
    inForce: 5,
    of: 6,
    afterMs: 212.4,
    missing: [{ gateway: 'gw-3', lastSeen: '2026-11-21T05:03:20.000Z' }],
  },
  undoUntil: '2026-11-21T05:18:21.000Z',
  ...change,
});

/** The answer to an action on one event. */
export const changeOf = (change: Partial<ChangeReply> = {}): ChangeReply => ({
  kind: 'Change',
  asOf,
  action: 'bucket.set',
  results: [resultOf()],
  warnings: [],
  ...change,
});

const levelByType: Partial<Record<PlanRequest['action']['type'], Level>> = {
  'queue.open': 'S2',
  'queue.close': 'S2',
  'queue.pause': 'S2',
  'queue.drain': 'S2',
  'queue.remove': 'S2',
  'bucket.restore': 'S2',
  'budget.set': 'S2',
  undo: 'S2',
  'queue.expire': 'S3',
  'queue.flush': 'S3',
  'event.delete': 'S3',
};

/** A plan as a server would make it: of the levels that the rules name, for the events that were asked for. */
export const planFor = ({ events = [], action }: PlanRequest): Plan => {
  const ids = events === 'all' ? ['evt_x', 'evt_y'] : events;
  const level =
    action.type === 'queue.drain' && action.now === true ? 'S3' : (levelByType[action.type] ?? 'S1');
  const items = ids.map((event) => eventPlanOf({ event, people: level === 'S3' ? 312 : 0 }));
  return planOf({
    action: action.type,
    level,
    items: items.length === 0 ? [eventPlanOf({ event: null, revision: 3 })] : items,
    ...(level === 'S3' ? { undoSec: 600, irreversible: ['Grants are not given back.'] } : {}),
  });
};

/** An answer to an action as a server would give it: done for every event. */
export const changeFor = ({ events = [], action }: ActRequest): ChangeReply => {
  const ids = events === 'all' ? ['evt_x', 'evt_y'] : events;
  const targets = ids.length === 0 ? [null] : ids;
  return changeOf({ action: action.type, results: targets.map((event) => resultOf({ event })) });
};

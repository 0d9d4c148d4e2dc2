/** Actions on a whole sale: taking its plan, and ending it with the values before it. */
import type { ParsedAction, SaleStep } from '../../../contract/actions.ts';
import type { BudgetView } from '../../../contract/admin-api.ts';
import type { ChangeRow } from '../../../contract/audit.ts';
import { TacosError } from '../../../contract/errors.ts';
import { inOrder, type StoredSale } from '../../sale-store.ts';
import { bucketSet } from './bucket.ts';
import { claimOf } from './claim.ts';
import { badRequest, type Draft, draftOf, type Guard, peopleOf, type Seen, settingsDraft } from './draft.ts';
import { message } from './message.ts';
import { type RawFields, rawOf, summaryOfRows, withFields } from './setting-rows.ts';
import { eventSet, settingsSet } from './settings.ts';

type SaleApply = Extract<ParsedAction, { type: 'sale.apply' }>;

/** What a sale may change, and a rollback brings back. */
const touchedFields = [
  'refill',
  'capacity',
  'window',
  'message',
  'messageUntil',
  'opensAt',
  'prequeueFrom',
] as const;
/** Of these, what says nothing any more once the event has opened. */
const beforeOpening: readonly string[] = ['opensAt', 'prequeueFrom'];

/** The values that a rollback brings back, as they are now. */
export function restoreOf({ settings }: Seen): RawFields {
  const raw = rawOf(settings);
  return Object.fromEntries(touchedFields.map((name) => [name, raw[name] ?? '']));
}

/** The opening as a step: it is set at once, and then holds with every admin process dead. */
export const openingStep = ({ opensAt, prequeueFrom }: SaleApply, nowMs: number): SaleStep => ({
  id: 'opening',
  at: new Date(nowMs).toISOString(),
  action: { type: 'event.set', opensAt, ...(prequeueFrom === undefined ? {} : { prequeueFrom }) },
});

/** What a sale meets: one that runs already, the budget of all events, and whether this process may steer an autoscaler. */
interface SaleSurroundings {
  readonly running: StoredSale | undefined;
  readonly budget: BudgetView;
  readonly leadsHpa: boolean;
}

export function applySale(
  seen: Seen,
  action: SaleApply,
  { running, budget, leadsHpa }: SaleSurroundings,
): Draft {
  const { nowMs, id } = seen;
  const steps = inOrder(action.steps);
  const ids = new Set(steps.map((step) => step.id));
  if (ids.size < steps.length || ids.has('opening')) throw badRequest('Two steps have the same id.');
  const opened = openedGuard(seen);
  const first = opened.length > 0 ? [] : [draftOfStep(seen, openingStep(action, nowMs))];
  const drafts = [...first, ...steps.map((step) => draftOfStep(seen, step))];
  const last = steps.at(-1);
  const opening = first[0]?.rows ?? [];
  const until = last === undefined ? '' : `, the last one at ${last.at}`;
  const text = `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}${until}`;
  const rows: ChangeRow[] = [...opening, { name: 'sale', unit: 'text', before: null, after: text }];
  return draftOf(seen, {
    level: 'S2',
    people: peopleOf(seen),
    rows,
    refusals: [
      ...opened,
      ...runningGuard(id, running),
      ...pastGuard(steps, seen),
      ...(leadsHpa ? [] : hpaGuard(steps)),
      ...budgetGuard(steps, id, budget),
    ],
    warnings: [...new Set(drafts.flatMap(({ warnings }) => warnings))],
    summary: [`sale applied: ${text}`, summaryOfRows(opening)].filter((part) => part !== '').join('; '),
    operation: { kind: 'sale', plan: action, restore: restoreOf(seen) },
  });
}

/** Checked now, though it is done later, with the figures of then. @throws TacosError BAD_REQUEST */
function draftOfStep(seen: Seen, { id, action }: SaleStep): Pick<Draft, 'rows' | 'warnings'> {
  try {
    if (action.type === 'bucket.set') return { ...bucketSet(seen, action), warnings: [] };
    if (action.type === 'settings.set') return { ...settingsSet(seen, action), warnings: [] };
    if (action.type === 'queue.message') return message(seen, action);
    if (action.type === 'event.set') return eventSet(seen, action);
    return { rows: [], warnings: [] };
  } catch (error) {
    if (!(error instanceof TacosError)) throw error;
    const { hint } = error.refusal;
    throw badRequest(`Step ${id}: ${error.message}`, hint);
  }
}

/** A sale sets the opening, so its event must not have opened. */
function openedGuard({ id, phase }: Seen): Guard[] {
  if (phase === 'scheduled' || phase === 'prequeue') return [];
  const mend =
    phase === 'closed'
      ? `give it a new opening first, tacos queue open ${id} --at T`
      : 'make another event for this sale, tacos event create ID --opens-at T, and name it in the file';
  const text = `${id} is ${phase}, and a sale begins with an opening that is to come: ${mend}`;
  return [{ code: 'EVENT_OPENED', text, canOverride: false }];
}

function runningGuard(event: string, running: StoredSale | undefined): Guard[] {
  if (running?.state !== 'running') return [];
  const text = `${running.id} of ${running.by.name} is running: tacos sale rollback ${event} ends it`;
  return [{ code: 'SALE_RUNNING', text, canOverride: false }];
}

const namesOf = (steps: readonly SaleStep[]): string => steps.map(({ id }) => id).join(', ');

function pastGuard(steps: readonly SaleStep[], { nowMs }: Seen): Guard[] {
  const past = steps.filter(({ at }) => Date.parse(at) <= nowMs);
  if (past.length === 0) return [];
  const text = `the time of ${namesOf(past)} has passed: move the sale, or take the step out`;
  return [{ code: 'STEP_PAST', text, canOverride: false }];
}

function hpaGuard(steps: readonly SaleStep[]): Guard[] {
  const hpa = steps.filter(({ action }) => action.type === 'hpa.patch');
  if (hpa.length === 0) return [];
  const text = `${namesOf(hpa)} sets the floor of the gateways, and this admin API does not lead an HPA (KUBE_HPA): set it with kubectl, and take the step out`;
  return [{ code: 'HPA_UNKNOWN', text, canOverride: false }];
}

/** A step over the budget would be refused in the middle of the sale: better now. */
function budgetGuard(
  steps: readonly SaleStep[],
  event: string,
  { perSec, usedPerSec, events }: BudgetView,
): Guard[] {
  const rates = steps.flatMap(({ action }) =>
    action.type === 'bucket.set' ? (action.refillPerSec ?? []) : [],
  );
  const own = events.find((one) => one.event === event)?.refillPerSec ?? 0;
  const all = Math.max(0, ...rates) + usedPerSec - own;
  if (perSec === null || rates.length === 0 || all <= perSec) return [];
  const text = `its highest rate makes all events come to ${Math.round(all * 100) / 100} of ${perSec}/s`;
  return [{ code: 'BUDGET', text, canOverride: true }];
}

/** Stops the sale and brings back the values before it, whatever was set since. @throws TacosError SALE_NOT_FOUND */
export function rollbackSale(seen: Seen, sale: StoredSale | undefined): Draft {
  if (sale === undefined) throw new TacosError('SALE_NOT_FOUND', { hint: `tacos sale apply FILE` });
  const { settings, nowMs, phase, id } = seen;
  const isBefore = phase === 'scheduled' || phase === 'prequeue';
  const kept = Object.entries(sale.restore).filter(([name]) => isBefore || !beforeOpening.includes(name));
  const fields = withoutEndedMessage(Object.fromEntries(kept), nowMs);
  const after = withFields(settings, fields);
  const draft = settingsDraft(
    seen,
    { after, touched: Object.keys(fields), asked: [] },
    {
      level: 'S2',
      moves: true,
      people: peopleOf(seen),
      claim: { before: claimOf(settings, nowMs), after: claimOf(after, nowMs) },
      summary: '',
      operation: { kind: 'saleRollback', saleId: sale.id, fields },
    },
  );
  const pending =
    sale.plan.steps.length - [...sale.outcomes.keys()].filter((step) => step !== 'opening').length;
  const steps: ChangeRow = { name: 'sale', unit: 'text', before: sale.state, after: 'stopped' };
  const rows = [...draft.rows, steps];
  return {
    ...draft,
    rows,
    unchanged: sale.state === 'stopped' && draft.rows.every((row) => row.before === row.after),
    warnings: [
      ...(isBefore
        ? []
        : [`the event has opened and stays ${phase}: tacos queue pause ${id} holds the line`]),
      ...(sale.state === 'running' && pending > 0
        ? [
            pending === 1
              ? '1 step that was to come is dropped'
              : `${pending} steps that were to come are dropped`,
          ]
        : []),
      ...(isBefore
        ? []
        : raiseWarnings(id, {
            rows: draft.rows,
            isDefault: settings.capacity === undefined && after.capacity === undefined,
          })),
    ],
    summary: `sale ${sale.id} rolled back: ${summaryOfRows(rows)}`,
  };
}

/** The values before the sale may be more than what somebody lowered it to since. */
function raiseWarnings(
  event: string,
  { rows, isDefault }: { readonly rows: readonly ChangeRow[]; readonly isDefault: boolean },
): string[] {
  // A default capacity only follows the refill.
  const names = isDefault ? ['refillPerSec'] : ['refillPerSec', 'capacity'];
  const raised = rows.filter(
    ({ name, before, after }) => names.includes(name) && Number(after) > Number(before),
  );
  if (raised.length === 0) return [];
  const flags = raised.map(({ name, before }) => `--${name === 'capacity' ? name : 'refill'} ${before}`);
  return [
    `this raises ${summaryOfRows(raised)} at once, while people enter: if the backends do not bear it, ` +
      `tacos bucket set ${event} ${flags.join(' ')} brings it down again`,
  ];
}

/** A message whose time has ended meanwhile does not come back. */
function withoutEndedMessage(fields: RawFields, nowMs: number): RawFields {
  const untilMs = Number(fields.messageUntil ?? 0);
  return untilMs > 0 && untilMs <= nowMs ? { ...fields, message: '', messageUntil: '0' } : fields;
}

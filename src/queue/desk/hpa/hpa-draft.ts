/** What a change of the autoscaler comes to, before it is done. Pure. */
import { createHash } from 'node:crypto';
import type { ParsedAction } from '../../../contract/actions.ts';
import type { ChangeRow } from '../../../contract/audit.ts';
import { type HpaField, hpaFields } from '../../../contract/hpa.ts';
import type { Draft, Guard } from '../actions/draft.ts';
import { type Applied, type AutoscalerState, type HpaValues, valuesOf } from './autoscaler.ts';
import type { Hold } from './hpa-book.ts';

export type HpaPatch = Extract<ParsedAction, { type: 'hpa.patch' }>;

/** The autoscaler as a change of it is planned on. */
export interface HpaSeen {
  readonly state: AutoscalerState;
  readonly hold: Hold | undefined;
  /** As in `HpaPage`. */
  readonly otherHeld?: string | undefined;
  /** Of our own changes. */
  readonly revision: number;
  /** Redis time, ms. */
  readonly nowMs: number;
}

/** What a change does. */
export interface HpaOperation {
  readonly kind: 'hpa';
  readonly values: HpaValues;
  readonly takeOver: boolean;
  /** Digest of the values that it was planned on. */
  readonly plannedOn: number;
  /** The floor held from then on; null = none, undefined = as before. */
  readonly hold?: Omit<Hold, 'auditId' | 'actor' | 'hpa'> | null;
}

/** Its name as something that is changed, such as hpa/gateway. */
export const subjectOf = ({ name }: Pick<AutoscalerState, 'name'>): string => `hpa/${name}`;

/** A number that differs where the values do, whoever changed them: for the plan's hash. */
export function digestOf(state: AutoscalerState): number {
  const text = JSON.stringify([
    state.minReplicas,
    state.maxReplicas,
    state.targetCpuPercent,
    state.metrics.map(({ name, targetPercent }) => [name, targetPercent]),
  ]);
  return Number.parseInt(createHash('sha256').update(text).digest('hex').slice(0, 12), 16);
}

const units = { minReplicas: 'pods', maxReplicas: 'pods', targetCpuPercent: 'percent' } as const;

/** Without what the API server says to it: that is `withAnswer`. */
export function hpaDraft(seen: HpaSeen, action: HpaPatch): Draft & { readonly operation: HpaOperation } {
  const { state, hold, revision, nowMs } = seen;
  const values = askedOf(seen, action);
  const before = valuesOf(state);
  const rows: ChangeRow[] = hpaFields.flatMap((name) =>
    values[name] === undefined
      ? []
      : [{ name, unit: units[name], before: before[name] ?? null, after: values[name] ?? null }],
  );
  const next = holdOf(seen, action, values);
  const until = typeof next === 'object' && next !== null ? new Date(next.untilMs).toISOString() : null;
  const holdRow: ChangeRow = {
    name: 'holdUntil',
    unit: 'time',
    before: hold === undefined ? null : new Date(hold.untilMs).toISOString(),
    after: until,
  };
  const all = next === undefined ? rows : [...rows, holdRow];
  const max = values.maxReplicas ?? state.maxReplicas;
  const ends = Math.max(0, state.replicas.current - max);
  return {
    event: null,
    subject: subjectOf(state),
    revision,
    named: [digestOf(state)],
    moves: false,
    rows: all,
    warnings: warningsOf(seen, { values, next }),
    refusals: refusalsOf(seen, values),
    people: 0,
    unchanged: next === undefined && rows.every(({ before: was, after }) => was === after),
    level: values.maxReplicas !== undefined && ends > 0 ? 'S3' : 'S2',
    undoSec: 900,
    irreversible:
      values.maxReplicas !== undefined && ends > 0
        ? [
            `${ends} running ${ends === 1 ? 'pod ends' : 'pods end'} at once: a higher max starts new ones later, it brings none back.`,
          ]
        : [],
    summary: summaryOf(
      state,
      rows,
      `${next ? `, held for ${Math.round((next.untilMs - nowMs) / 1000)} s` : ''}${action.takeOver ? ', taken over' : ''}`,
    ),
    operation: {
      kind: 'hpa',
      values,
      takeOver: action.takeOver,
      plannedOn: digestOf(state),
      ...(next === undefined ? {} : { hold: next }),
    },
    restore: Object.fromEntries(
      hpaFields.flatMap((name) => (values[name] === undefined ? [] : [[name, String(before[name] ?? '')]])),
    ),
  };
}

/** What the API server said when it was asked to try: its refusals become ours. */
export function withAnswer<D extends Draft>(draft: D, answer: Applied): D {
  if (answer.word === 'invalid')
    return {
      ...draft,
      refusals: [...draft.refusals, refuse('INVALID', `Kubernetes does not take it: ${answer.text}`)],
    };
  if (answer.word === 'conflict')
    return { ...draft, refusals: [...draft.refusals, refuse('FIELD_CONFLICT', conflictText(answer.fields))] };
  return draft;
}

/** `minReplicas belongs to kubectl-client-side-apply; --take-over takes it from there`. */
export function conflictText(fields: Extract<Applied, { word: 'conflict' }>['fields']): string {
  const whose = fields.map(({ field, manager }) => `${field.replace(/^\.spec\./, '')} belongs to ${manager}`);
  return `${[...new Set(whose)].join(', ')}: change it there, or add --take-over`;
}

const refuse = (code: string, text: string): Guard => ({ code, text, canOverride: false });

/** A hold without a floor pins what runs now. */
function askedOf({ state }: HpaSeen, action: HpaPatch): HpaValues {
  const { min, max, targetCpuPercent, holdSec } = action;
  const pinned = Math.min(Math.max(state.minReplicas, state.replicas.current), max ?? state.maxReplicas);
  const floor = min ?? (holdSec === undefined ? undefined : pinned);
  return {
    ...(floor === undefined ? {} : { minReplicas: floor }),
    ...(max === undefined ? {} : { maxReplicas: max }),
    ...(targetCpuPercent === undefined ? {} : { targetCpuPercent }),
  };
}

function holdOf(
  { state, hold, nowMs }: HpaSeen,
  action: HpaPatch,
  { minReplicas }: HpaValues,
): HpaOperation['hold'] {
  if (minReplicas === undefined) return undefined;
  if (action.holdSec === undefined) return hold === undefined ? undefined : null;
  return {
    min: minReplicas,
    // Of a hold that replaces another, what the first one would have brought back.
    before: hold?.before ?? state.minReplicas,
    untilMs: nowMs + Math.round(action.holdSec * 1000),
    takeOver: action.takeOver,
  };
}

function refusalsOf({ state, otherHeld }: HpaSeen, values: HpaValues): Guard[] {
  const min = values.minReplicas ?? state.minReplicas;
  const max = values.maxReplicas ?? state.maxReplicas;
  return [
    ...(min > max
      ? [refuse('MIN_OVER_MAX', `min ${min} would be over max ${max}: set both, by --min and --max`)]
      : []),
    ...(otherHeld === undefined
      ? []
      : [
          refuse(
            'OTHER_HPA',
            `another admin process steers ${otherHeld}, and holds it: they must steer the same one`,
          ),
        ]),
  ];
}

function warningsOf(
  { state, hold }: HpaSeen,
  { values, next }: { readonly values: HpaValues; readonly next: HpaOperation['hold'] },
): string[] {
  const { gitops, replicas, owners } = state;
  const before = valuesOf(state);
  const changed = hpaFields.filter((name) => values[name] !== undefined && values[name] !== before[name]);
  const others = owners.filter(({ field, manager }) => changed.includes(field) && manager !== 'tacos');
  const starts = (values.minReplicas ?? 0) - replicas.current;
  return [
    ...(gitops === null || changed.length === 0
      ? []
      : [
          `${gitops.tool}${gitops.name === '' ? '' : ` (${gitops.name})`} keeps this autoscaler as it has it, and may put ` +
            `${changed.join(' and ')} back at any time: change it there too, or let it ignore these fields`,
        ]),
    ...others.map(({ field, manager, operation }) => `${field} was set by ${manager} (${operation})`),
    ...(starts > 0 && changed.includes('minReplicas')
      ? [`${starts} more ${starts === 1 ? 'pod' : 'pods'} than run now must start first`]
      : []),
    ...(hold !== undefined && next === null
      ? [
          `this ends the hold of min ${hold.min} early: min ${hold.before} was to come back at ${new Date(hold.untilMs).toISOString()}`,
        ]
      : []),
    ...(typeof next === 'object' && next !== null && Object.keys(values).length > 1
      ? [`after the hold only min ${next.before} comes back, the other values stay`]
      : []),
  ];
}

const names: Readonly<Record<HpaField, string>> = {
  minReplicas: 'min',
  maxReplicas: 'max',
  targetCpuPercent: 'target cpu',
};

function summaryOf(state: AutoscalerState, rows: readonly ChangeRow[], how: string): string {
  const parts = rows.map(
    ({ name, before, after }) => `${names[name as HpaField]} ${before ?? 'none'} -> ${after}`,
  );
  return `${subjectOf(state)} ${parts.join(', ')}${how}`;
}

/** The autoscaler as rows. Pure. */
import type { z } from 'zod';
import type { EventPlan } from '../../../contract/actions.ts';
import { type HpaField, type HpaQuery, type HpaView, hpaFields } from '../../../contract/hpa.ts';
import type { ResolvedContext } from '../../context.ts';
import { timeOfDay } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';
import type { hpaDiffRowSchema } from '../../schema-kinds.ts';

/** Flags that say which one is meant. */
export interface HpaFlags {
  /** -n */
  readonly namespace?: string;
}

/** Which one is asked for: what -n says, else the context's own; the server refuses any but its own. */
export function queryOf({ namespace }: HpaFlags, { kube }: Pick<ResolvedContext, 'kube'>): HpaQuery {
  const asked = namespace ?? kube?.namespace;
  return {
    ...(asked === undefined ? {} : { namespace: asked }),
    ...(kube?.hpa === undefined ? {} : { name: kube.hpa }),
  };
}

const percent = (value: number | null | undefined): string | undefined =>
  value === null || value === undefined ? undefined : `${Math.round(value)}%`;

/** `41% of 60%`; undefined where it does not scale by CPU. */
export function cpuText({ metrics }: Pick<HpaView, 'metrics'>): string | undefined {
  const cpu = metrics.find(({ name }) => name === 'cpu');
  return cpu === undefined
    ? undefined
    : `${percent(cpu.currentPercent) ?? '-'} of ${percent(cpu.targetPercent) ?? '-'}`;
}

/** `min 10 to 14:30:00`, in the machine's zone. */
export const holdText = ({ hold }: Pick<HpaView, 'hold'>): string | undefined =>
  hold === null ? undefined : `min ${hold.min} to ${timeOfDay(hold.until)}`;

/** All reasons in one line. */
export const whyText = ({ why, hold }: Pick<HpaView, 'why' | 'hold'>): string | undefined => {
  const texts = [
    ...why.map(({ text }) => text),
    ...(hold?.problem === undefined ? [] : [`the hold could not end: ${hold.problem}`]),
  ];
  return texts.length === 0 ? undefined : texts.join('; ');
};

export const hpaColumns: readonly Column<HpaView>[] = [
  { head: 'NAME', value: ({ name }) => name },
  { head: 'MIN', value: ({ minReplicas }) => minReplicas, align: 'right' },
  { head: 'MAX', value: ({ maxReplicas }) => maxReplicas, align: 'right' },
  { head: 'ASKED', value: ({ replicas }) => replicas.asked, align: 'right' },
  { head: 'RUN', value: ({ replicas }) => replicas.current, align: 'right' },
  { head: 'READY', value: ({ replicas }) => replicas.ready ?? undefined, align: 'right' },
  { head: 'CPU', value: cpuText },
  { head: 'HOLD', value: holdText },
  { head: 'WHY', value: whyText },
  { head: 'NAMESPACE', value: ({ namespace }) => namespace, wide: true },
  { head: 'TARGET', value: ({ target }) => target, wide: true },
  {
    head: 'KEPT_BY',
    value: ({ gitops }) => (gitops === null ? undefined : `${gitops.tool} ${gitops.name}`.trim()),
    wide: true,
  },
  {
    head: 'OWNERS',
    value: ({ owners }) => owners.map(({ field, manager }) => `${field}=${manager}`).join(' '),
    wide: true,
  },
  { head: 'VERSION', value: ({ revision }) => revision, align: 'right', wide: true },
];

/** One line of `hpa diff`. */
export type DiffRow = z.infer<typeof hpaDiffRowSchema>;

export const diffColumns: readonly Column<DiffRow>[] = [
  { head: 'FIELD', value: ({ field }) => field },
  { head: 'ASKED', value: ({ asked }) => asked ?? undefined, align: 'right' },
  { head: 'REAL', value: ({ real }) => real ?? undefined, align: 'right' },
  { head: 'SAME', value: ({ same }) => (same ? 'yes' : 'no') },
  { head: 'WHY', value: ({ why }) => why || undefined },
];

/** Asked versus real: values as they were declared against those in force, and pods asked for against pods ready. */
export function diffOf(view: HpaView): DiffRow[] {
  const { declared, hold, owners, replicas, why } = view;
  const fields = hpaFields.flatMap((field): DiffRow[] => {
    const isHeld = field === 'minReplicas' && hold !== null;
    const asked = isHeld ? hold.minBefore : (declared[field] ?? null);
    const real = view[field];
    if (asked === null) return [{ field, asked: null, real, same: true, why: 'nowhere declared' }];
    const same = asked === real;
    const by = [
      ...new Set(owners.filter((owner) => owner.field === field).map(({ manager }) => manager)),
    ].join(', ');
    const held = isHeld
      ? `held by ${hold.actor} until ${hold.until}`
      : `set by ${by === '' ? 'nobody known' : by}`;
    return [{ field, asked, real, same, why: same ? '' : held }];
  });
  const real = replicas.ready ?? replicas.current;
  const texts = why.map(({ text }) => text).join('; ');
  return [
    ...fields,
    { field: 'replicas', asked: replicas.asked, real, same: replicas.asked === real, why: texts },
  ];
}

/** The same of values that somebody thinks of setting. */
export const diffOfPlan = ({ rows, refusals }: EventPlan): DiffRow[] =>
  rows
    .filter(({ name }) => hpaFields.includes(name as HpaField))
    .map(({ name, before, after }) => ({
      field: name,
      asked: Number(after),
      real: before === null ? null : Number(before),
      same: before === after,
      why: before === after ? '' : refusals.map(({ text }) => text).join('; '),
    }));

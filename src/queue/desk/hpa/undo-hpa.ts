/** Undo of a change of the autoscaler: the values before it, if they are still those after it. Pure. */
import { type HpaField, hpaFields } from '../../../contract/hpa.ts';
import { badRequest, type Draft } from '../actions/draft.ts';
import type { Undone } from '../undo.ts';
import { guardsOf } from '../undo.ts';
import { valuesOf } from './autoscaler.ts';
import { type HpaOperation, type HpaSeen, hpaDraft } from './hpa-draft.ts';

/** Whether a record is one of the autoscaler. */
export const isOfHpa = ({ entry: { rows, event } }: Undone): boolean =>
  event === null && rows.some(({ name }) => hpaFields.includes(name as HpaField));

/** @throws TacosError BAD_REQUEST for a record that says not what was before */
export function undoHpa(seen: HpaSeen, undone: Undone): Draft & { readonly operation: HpaOperation } {
  const { entry, restore } = undone;
  if (restore === undefined) throw badRequest(`${entry.auditId} (${entry.action}) cannot be undone.`);
  const number = (name: HpaField): number | undefined =>
    restore[name] === undefined || restore[name] === '' ? undefined : Number(restore[name]);
  const [min, max, targetCpuPercent] = [
    number('minReplicas'),
    number('maxReplicas'),
    number('targetCpuPercent'),
  ];
  const draft = hpaDraft(seen, {
    type: 'hpa.patch',
    takeOver: false,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(targetCpuPercent === undefined ? {} : { targetCpuPercent }),
  });
  const now = valuesOf(seen.state);
  const moved = entry.rows.filter(
    ({ name, after }) => hpaFields.includes(name as HpaField) && now[name as HpaField] !== after,
  );
  const revision = seen.revision;
  return {
    ...draft,
    refusals: [
      ...guardsOf(undone, { revision, nowMs: seen.nowMs, since: [] }),
      ...(moved.length === 0
        ? draft.refusals
        : [
            {
              code: 'CHANGED_SINCE',
              text: `${moved.map(({ name }) => name).join(' and ')} was changed by somebody else since`,
              canOverride: false,
            },
          ]),
    ],
    summary: `undid ${entry.auditId}: ${draft.summary}`,
    undoes: entry.auditId,
  };
}

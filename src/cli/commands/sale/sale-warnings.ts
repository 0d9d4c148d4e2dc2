/** What the server takes of a sale's file, and its author may not have meant. Pure. */
import type { SaleStep } from '../../../contract/actions.ts';
import type { SaleForecast } from '../../../forecast/sale.ts';
import { formatDuration } from '../../duration.ts';
import type { Sale } from './sale-file.ts';

/** `3.bucket` is of step 3 of the file. */
const numberOf = ({ id }: SaleStep): string => id.split('.')[0] ?? id;
const secOf = ({ at }: SaleStep): number => Date.parse(at) / 1000;

/** Warnings, each with what to do; `forecast`: what the model foresees, where it was asked. */
export function saleWarnings(
  { action, steps }: Pick<Sale, 'action' | 'steps'>,
  forecast?: Pick<SaleForecast, 'emptyInSec'>,
): string[] {
  return [
    ...afterEnd(action, steps),
    ...(['refillPerSec', 'capacity'] as const).flatMap((field) => clashes(field, steps)),
    ...(forecast === undefined ? [] : lateEnd(action, forecast)),
  ];
}

function afterEnd({ endsAt }: Sale['action'], steps: readonly SaleStep[]): string[] {
  const late = [...new Set(steps.filter((step) => step.at > endsAt).map(numberOf))];
  if (late.length === 0) return [];
  const [one, is] = late.length === 1 ? ['step', 'is'] : ['steps', 'are'];
  return [
    `${one} ${late.join(', ')} ${is} after the sale's end at ${endsAt}, until when the list before it looks: raise lasts, or take ${late.length === 1 ? 'it' : 'them'} out`,
  ];
}

/** Two steps that set the same value at one time, or the one while the other's ramp is under way. */
function clashes(field: 'refillPerSec' | 'capacity', steps: readonly SaleStep[]): string[] {
  const name = field === 'capacity' ? field : 'refill';
  const setting = steps.flatMap((step) =>
    step.action.type === 'bucket.set' && step.action[field] !== undefined
      ? [{ step, rampSec: step.action.rampSec ?? 0 }]
      : [],
  );
  return setting.flatMap(({ step, rampSec }, index) => {
    const next = setting[index + 1]?.step;
    if (next === undefined) return [];
    const laterSec = secOf(next) - secOf(step);
    const [first, second] = [numberOf(step), numberOf(next)];
    if (laterSec < 1)
      return [`steps ${first} and ${second} set ${name} at the same time, and ${second} holds: take one out`];
    if (laterSec >= rampSec) return [];
    return [
      `step ${second} cuts the ramp of ${name} of step ${first} short, after ${formatDuration(laterSec)} of ${formatDuration(rampSec)}: move it, or shorten the ramp`,
    ];
  });
}

function lateEnd(
  { opensAt, endsAt }: Sale['action'],
  { emptyInSec }: Pick<SaleForecast, 'emptyInSec'>,
): string[] {
  const lastsSec = (Date.parse(endsAt) - Date.parse(opensAt)) / 1000;
  if (emptyInSec !== null && emptyInSec <= lastsSec) return [];
  const empty = emptyInSec === null ? 'not within a day' : `${formatDuration(emptyInSec)} after the opening`;
  return [
    `the line is empty ${empty}, and the sale lasts ${formatDuration(lastsSec)}: raise refill, or lasts`,
  ];
}

/** Bounds that a context adds to the server's. They only tighten: a plan must pass both. */

import type { EventPlan, Plan } from '../contract/actions.ts';
import type { ChangeRow } from '../contract/audit.ts';
import { type ContextLimits, stepFactor } from './config-file.ts';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { plain } from './output/format.ts';

/** Rows of plans that limits speak of, with how they read. */
const limited = [
  { row: 'refillPerSec', limit: 'maxRefill', what: 'refill', unit: '/s' },
  { row: 'capacity', limit: 'maxCapacity', what: 'capacity', unit: '' },
] as const;

/**
 * Checks a plan against the limits of the context. A value that a change only lowers passes `max…`: going back towards
 * the limit is never refused.
 *
 * @throws CliError (6, CONTEXT_LIMIT) for the first event that is out of bounds
 */
export function checkLimits(limits: ContextLimits | undefined, plan: Plan): void {
  if (limits === undefined) return;
  for (const item of plan.items) {
    for (const { row, limit, what, unit } of limited) {
      const values = numbersOf(item, row);
      if (values === undefined) continue;
      const { before, after } = values;
      const most = limits[limit];
      if (most !== undefined && after > most && after > (before ?? 0)) {
        throw beyond(
          item,
          `${what} ${plain(after)}${unit} is over the ${limit} of this context, ${plain(most)}${unit}`,
        );
      }
      if (limits.maxStep === undefined || before === null) continue;
      if (isStepTooLarge({ before, after, factor: stepFactor(limits.maxStep) })) {
        const change = `${what} ${plain(before)} -> ${plain(after)}${unit}`;
        throw beyond(item, `${change} is more than the maxStep of this context, ${limits.maxStep}`);
      }
    }
  }
}

function numbersOf({ rows }: EventPlan, name: string): { before: number | null; after: number } | undefined {
  const row: ChangeRow | undefined = rows.find((each) => each.name === name);
  if (row === undefined || typeof row.after !== 'number') return undefined;
  return { before: typeof row.before === 'number' ? row.before : null, after: row.after };
}

/** From or to nothing is a step of any size. */
function isStepTooLarge({
  before,
  after,
  factor,
}: {
  before: number;
  after: number;
  factor: number;
}): boolean {
  if (before === after) return false;
  const [low, high] = [Math.min(before, after), Math.max(before, after)];
  // A billionth of slack: 0.1 to 0.2 is a step of 2x, whatever binary fractions make of it.
  return low <= 0 || high / low > factor * (1 + 1e-9);
}

const beyond = ({ event }: EventPlan, message: string): CliError =>
  new CliError(event === null ? message : `${message}, for ${event}`, {
    code: 'CONTEXT_LIMIT',
    exitCode: exitCodes.refused,
    why: 'limits of the context in config.yaml; nothing was changed',
    hint: 'tacos context show',
  });

/** What a plan foresees, each figure with the model that it comes from; where there is no model, no figure. */
import type { Consequence } from '../../../contract/actions.ts';
import { microPerToken } from '../../../contract/limits.ts';
import { type Forecast, forecast } from '../../../forecast/forecast.ts';
import { type Behaviour, forecastInput } from '../forecast-input.ts';
import type { Draft } from './draft.ts';

/** Commands that one admission costs Redis, those inside the script included: enter.lua and what reports it. */
const commandsPerAdmission = 12;

/** The budget as a plan needs it, micro-tokens a second. */
export interface BudgetFacts {
  readonly othersMicro: number;
  /** null = none is set. */
  readonly perSecMicro: number | null;
}

/** The line as it is, and as the change makes it. */
export interface Foreseen {
  readonly before: Forecast;
  readonly after: Forecast;
}

/** Asks the model twice; undefined where the change does not move the line. */
export function foresee(draft: Draft, behaviour: Behaviour): Foreseen | undefined {
  const { seen, after } = draft;
  if (!seen || !draft.moves) return undefined;
  const { tokensMicro, nowMs } = seen;
  const line = { tokensMicro, nowMs, behaviour };
  return {
    before: forecast(forecastInput({ ...line, settings: seen.settings, waiting: seen.waiting })),
    after: forecast(
      forecastInput({
        ...line,
        settings: after ?? seen.settings,
        waiting: draft.waitingAfter ?? seen.waiting,
      }),
    ),
  };
}

type Figure = 'emptyInSec' | 'tailWaitSec' | 'waitingIn60Sec' | 'admittedIn60Sec';

/** All consequences of a draft. */
export function consequencesOf(
  draft: Draft,
  facts: { foreseen?: Foreseen | undefined; budget: BudgetFacts },
): Consequence[] {
  const consequences: Consequence[] = [];
  const add = (
    code: string,
    unit: Consequence['unit'],
    model: Consequence['model'],
    values: { before: number | null; after: number | null },
  ): void => {
    consequences.push({ code, unit, model, ...values });
  };
  const { foreseen, budget } = facts;
  if (foreseen) {
    const both = (name: Figure) => ({
      before: round(foreseen.before[name]),
      after: round(foreseen.after[name]),
    });
    add('emptyIn', 'sec', 'forecast', both('emptyInSec'));
    add('tailWait', 'sec', 'forecast', both('tailWaitSec'));
    add('waitingIn60Sec', 'people', 'forecast', both('waitingIn60Sec'));
    add('admittedIn60Sec', 'people', 'forecast', both('admittedIn60Sec'));
  }
  const { claim, seen } = draft;
  if (claim && (claim.before !== claim.after || draft.operation.kind === 'create')) {
    const sum = (micro: number): number => (budget.othersMicro + micro) / microPerToken;
    add('allEvents', 'perSec', 'sum', { before: sum(claim.before), after: sum(claim.after) });
    if (budget.perSecMicro !== null) {
      const perSec = budget.perSecMicro / microPerToken;
      add('budget', 'perSec', 'sum', { before: perSec, after: perSec });
    }
  }
  const cpu = seen?.measured.cpuPercent ?? null;
  const ops = seen?.measured.opsPerSec ?? null;
  if (claim && claim.before !== claim.after && cpu !== null && ops !== null && ops > 0) {
    const more = ((claim.after - claim.before) / microPerToken) * commandsPerAdmission;
    add('redisCpu', 'percent', 'share', {
      before: round(cpu),
      after: round(Math.max(0, cpu * (1 + more / ops))),
    });
  }
  if (draft.people > 0) add('people', 'people', 'count', { before: null, after: draft.people });
  return consequences;
}

const round = (value: number | null): number | null => (value === null ? null : Math.round(value * 10) / 10);

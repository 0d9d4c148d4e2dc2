/** Setting the budget that all events have together. */
import type { ChangeRow } from '../../../contract/audit.ts';
import { microPerToken } from '../../../contract/limits.ts';
import type { BudgetState } from '../budget.ts';
import type { Draft } from './draft.ts';

/** `perSec` null = no budget; `usedPerSec`: what all events use now. */
export function budgetSet(now: BudgetState, wanted: { perSec: number | null; usedPerSec: number }): Draft {
  const { perSec, usedPerSec } = wanted;
  const before = now.perSecMicro === null ? null : now.perSecMicro / microPerToken;
  const row: ChangeRow = { name: 'budgetPerSec', unit: 'perSec', before, after: perSec };
  const shown = (value: number | null): string => (value === null ? 'none' : `${value}/s`);
  return {
    event: null,
    revision: now.revision,
    moves: false,
    rows: [row],
    warnings:
      perSec !== null && usedPerSec > perSec
        ? [`all events use ${usedPerSec}/s already: none of them can be raised until they use less`]
        : [],
    refusals: [],
    people: 0,
    // A default that is set by hand stays when the default changes: that is a change.
    unchanged: before === perSec && now.raw !== undefined,
    level: 'S2',
    undoSec: 900,
    irreversible: [],
    summary: `budget ${shown(before)} -> ${shown(perSec)}`,
    operation: { kind: 'budget', perSecMicro: perSec === null ? null : Math.round(perSec * microPerToken) },
    restore: { perSec: now.perSecMicro === null ? '' : String(now.perSecMicro) },
  };
}

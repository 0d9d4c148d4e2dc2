/** Guard rails and warnings that hold for every action that lets more people through. */
import { redisCpuLimitsPercent } from '../../../contract/alarms-of-servers.ts';
import { microPerToken } from '../../../contract/limits.ts';
import { budgetText } from '../budget.ts';
import { claimOf } from './claim.ts';
import type { BudgetFacts } from './consequences.ts';
import type { Draft, Guard } from './draft.ts';

/** Refusals and warnings that come from the other events and from Redis. */
export function guardsOf(draft: Draft, budget: BudgetFacts): { refusals: Guard[]; warnings: string[] } {
  const refusals: Guard[] = [];
  const warnings: string[] = [];
  const { claim } = draft;
  const isOver = (micro: number): boolean =>
    budget.perSecMicro !== null && budget.othersMicro + micro > budget.perSecMicro;
  const textOf = (micro: number): string =>
    budgetText({ before: 0, others: budget.othersMicro, budget: budget.perSecMicro }, micro);
  if (claim && claim.after > claim.before) {
    if (isOver(claim.after)) refusals.push({ code: 'BUDGET', text: textOf(claim.after), canOverride: true });
    const cpu = draft.seen?.measured.cpuPercent ?? null;
    const { warn, crit } = redisCpuLimitsPercent;
    const busy = `Redis is busy for ${Math.round(cpu ?? 0)} % of the time`;
    if (cpu !== null && cpu > crit)
      refusals.push({ code: 'REDIS_BUSY', text: `${busy}, more than ${crit} %`, canOverride: true });
    else if (cpu !== null && cpu > warn) warnings.push(`${busy}, more than ${warn} %: this adds to it`);
  }
  const opening = openingMicro(draft);
  if (opening > 0 && isOver(opening)) warnings.push(`once this event opens, ${textOf(opening)}`);
  return { refusals, warnings };
}

/** What an event will take when it opens by itself, micro-tokens a second; 0 where it does not, or takes it already. */
function openingMicro({ seen, after, claim, operation }: Draft): number {
  if (operation.kind === 'create')
    return claim?.after === 0 ? Math.round((operation.plan.refillPerSec ?? 0) * microPerToken) : 0;
  if (!seen || !after || after.opensAtMs <= seen.nowMs) return 0;
  return claimOf({ ...after, phase: 'open' }, seen.nowMs);
}

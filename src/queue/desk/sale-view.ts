/** A stored sale as operators see it. */
import { type SaleView, stepText } from '../../contract/sale.ts';
import type { StoredSale } from '../sale-store.ts';
import { stepsOf } from './sale-runner.ts';

/** The view. */
export function saleView(event: string, sale: StoredSale): SaleView {
  const { id, state, plan, by, outcomes, appliedAtMs, stoppedAtMs } = sale;
  return {
    saleId: id,
    event,
    state,
    appliedAt: new Date(appliedAtMs).toISOString(),
    ...(stoppedAtMs === undefined ? {} : { stoppedAt: new Date(stoppedAtMs).toISOString() }),
    actor: by.name,
    reason: by.reason,
    opensAt: plan.opensAt,
    endsAt: plan.endsAt,
    visitors: plan.visitors,
    steps: stepsOf(sale).map((step) => {
      const outcome = outcomes.get(step.id);
      // Of a sale that was rolled back no step is to come.
      const without = state === 'stopped' ? 'skipped' : 'pending';
      return {
        step: step.id,
        at: step.at,
        text: stepText(step),
        state: outcome?.state ?? without,
        ...(outcome === undefined ? {} : { outcome }),
      };
    }),
  };
}

/** Gathers what the operators' side tells Prometheus. */
import type { DeskFigures } from '../../contract/desk-figures.ts';
import type { DeskEvent } from './desk-event.ts';
import type { DeskWide } from './desk-wide.ts';
import { recoveryTotals } from './recovery-view.ts';

/** As of the last look at each event, a second old at most. */
export function deskFigures(events: Iterable<DeskEvent>, wide: DeskWide): DeskFigures {
  return {
    events: [...events].flatMap(({ id, facts, reads }) => {
      if (facts === undefined) return [];
      const { waiting, revision, deadHeads, overBound } = facts;
      const { recoveries, places: recoveredPlaces } = recoveryTotals(reads.recovery);
      return [{ event: id, waiting, revision, deadHeads, overBound, recoveries, recoveredPlaces }];
    }),
    redis: wide.figures,
    budget: wide.budget,
    persistenceFailing: wide.health.persistenceFailing,
    failovers: wide.failovers,
    ...wide.outside(),
  };
}

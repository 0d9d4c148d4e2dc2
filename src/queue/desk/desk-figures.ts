/** Gathers what the operators' side tells Prometheus. */
import type { DeskFigures } from '../../contract/desk-figures.ts';
import type { DeskEvent } from './desk-event.ts';
import type { DeskWide } from './desk-wide.ts';

/** As of the last look at each event, a second old at most. */
export function deskFigures(events: Iterable<DeskEvent>, wide: DeskWide): DeskFigures {
  return {
    events: [...events].flatMap(({ id, facts }) => {
      if (facts === undefined) return [];
      const { waiting, revision, deadHeads, overBound } = facts;
      return [{ event: id, waiting, revision, deadHeads, overBound }];
    }),
    redis: wide.figures,
    budget: wide.budget,
    persistenceFailing: wide.health.persistenceFailing,
    failovers: wide.failovers,
    ...wide.outside(),
  };
}

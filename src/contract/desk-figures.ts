/** What the operators' side knows for Prometheus, and no gateway does. null = not known: then nothing is said of it. */
import type { AlarmFacts } from './alarm-facts.ts';

/** One event. */
export interface DeskEventFigures {
  readonly event: string;
  readonly waiting: number;
  /** Version of the settings in Redis. */
  readonly revision: number;
  readonly deadHeads: number;
  readonly overBound: number | null;
  /** Recoveries of what Redis lost, and places that they gave back, since the event was made. */
  readonly recoveries: number;
  readonly recoveredPlaces: number;
}

/** Everything, from memory. */
export interface DeskFigures
  extends Pick<
    AlarmFacts,
    'redis' | 'budget' | 'persistenceFailing' | 'certificateEndsAtMs' | 'keyEndsAtMs' | 'hpa'
  > {
  /** Of the events that are followed. */
  readonly events: readonly DeskEventFigures[];
  /** Changes of a master that were seen since the process began. */
  readonly failovers: number;
}

import type { Agenda } from './agenda.ts';
import type { CrowdSettings } from './options.ts';
import type { Outcome, Tally } from './tally.ts';
import type { AnyWire } from './wire.ts';

/** What all visitors of a crowd share. */
export interface Surroundings {
  readonly settings: CrowdSettings;
  readonly wire: AnyWire;
  /** For what follows the line. */
  readonly shop: AnyWire;
  readonly agenda: Agenda;
  readonly tally: Tally;
  readonly onEnded: (outcome: Outcome) => void;
}

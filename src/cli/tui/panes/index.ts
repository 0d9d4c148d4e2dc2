/** The panes, in the order in which they stand. */
import type { Pane, PaneName } from '../view.ts';
import { admissionPane } from './admission.ts';
import { alertsPane } from './alerts.ts';
import { bucketPane } from './bucket.ts';
import { changesPane } from './changes.ts';
import { etaPane } from './eta.ts';
import { fleetPane } from './fleet.ts';
import { positionsPane } from './positions.ts';
import { redisPane } from './redis.ts';
import { waitingPane } from './waiting.ts';

/** A new pane: its file, and a line here. */
export const panes: readonly Pane[] = [
  waitingPane,
  admissionPane,
  bucketPane,
  redisPane,
  etaPane,
  fleetPane,
  positionsPane,
  changesPane,
  alertsPane,
];

/** Those that a key leads to, by number. */
export const numberedPanes: readonly Pane[] = panes
  .filter(({ number }) => number !== undefined)
  .toSorted((left, right) => (left.number ?? 0) - (right.number ?? 0));

/** A pane by name. */
export function paneOf(name: PaneName): Pane {
  const pane = panes.find((each) => each.name === name);
  if (pane === undefined) throw new Error(`no pane ${name}`);
  return pane;
}

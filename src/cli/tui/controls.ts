/** The keys of the live screen: dispatch, footer and help all read this table. */

export type Action = 'help' | 'freeze' | 'window' | 'resync' | 'quit';

export interface Control {
  readonly key: string;
  readonly label: string;
  readonly help: string;
  readonly action: Action;
}

export const controls: readonly Control[] = [
  { key: 'f', label: 'freeze', help: 'hold the picture; data goes on behind it', action: 'freeze' },
  { key: 't', label: 'window', help: 'charts over 1, 5 or 15 minutes', action: 'window' },
  { key: 'r', label: 'resync', help: 'drop the connection and load afresh', action: 'resync' },
  { key: '?', label: 'help', help: 'this list, and back', action: 'help' },
  { key: 'q', label: 'quit', help: 'leave; the queue runs on', action: 'quit' },
];

/** The action of a key, if it has one. */
export const actionOf = (key: string): Action | undefined =>
  controls.find((each) => each.key === key)?.action;

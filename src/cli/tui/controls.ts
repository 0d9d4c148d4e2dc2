/** The keys of the live screen: dispatch, footer, help and the docs read this table. */

export type KeyAction =
  | 'down'
  | 'up'
  | 'first'
  | 'last'
  | 'page-down'
  | 'page-up'
  | 'find'
  | 'open'
  | 'back'
  | 'next-pane'
  | 'pane'
  | 'window'
  | 'freeze'
  | 'resync'
  | 'events'
  | 'command'
  | 'audit'
  | 'help'
  | 'sign-in'
  | 'quit'
  | 'interrupt'
  | 'suspend'
  | 'redraw'
  | 'bucket'
  | 'pause'
  | 'drain'
  | 'expire'
  | 'undo';

export interface Control {
  /** Names of presses, as in `keys.ts`. */
  readonly presses: readonly string[];
  /** As shown. */
  readonly key: string;
  readonly label: string;
  readonly help: string;
  readonly action: KeyAction;
  /** Bound only with --write and a role that may change things, or only once signed out. */
  readonly needs?: 'write' | 'signed-out';
  /** Where the footer names it: under layout A, B or both. */
  readonly foot?: 'A' | 'B' | 'AB';
  /** The higher, the earlier it leaves a footer that is too narrow. Default 0 = never. */
  readonly drop?: number;
}

export const controls: readonly Control[] = [
  {
    presses: ['1', '2', '3', '4', '5'],
    key: '1-5',
    label: 'pane',
    help: 'to the pane of that number',
    action: 'pane',
    foot: 'B',
    drop: 3,
  },
  {
    presses: ['j', 'down'],
    key: 'j/k',
    label: 'move',
    help: 'down and up, as the arrows',
    action: 'down',
    foot: 'AB',
    drop: 6,
  },
  { presses: ['k', 'up'], key: 'k', label: '', help: '', action: 'up' },
  { presses: ['g', 'home'], key: 'g', label: 'first', help: 'to the first row', action: 'first' },
  { presses: ['G', 'end'], key: 'G', label: 'last', help: 'to the last row', action: 'last' },
  { presses: ['pagedown'], key: 'PgDn', label: 'page', help: 'a page on', action: 'page-down' },
  { presses: ['pageup'], key: 'PgUp', label: 'page', help: 'a page back', action: 'page-up' },
  {
    presses: ['/'],
    key: '/',
    label: 'find',
    help: 'position, v_ reference, user:ID',
    action: 'find',
    foot: 'AB',
    drop: 4,
  },
  {
    presses: ['return'],
    key: 'Enter',
    label: 'open',
    help: "visitor's story, change's record",
    action: 'open',
  },
  { presses: ['escape'], key: 'Esc', label: 'back', help: 'close what is open', action: 'back' },
  {
    presses: ['f'],
    key: 'f',
    label: 'freeze',
    help: 'hold the picture; data goes on',
    action: 'freeze',
    foot: 'AB',
    drop: 9,
  },
  {
    presses: ['t'],
    key: 't',
    label: 'window',
    help: 'charts over 1, 5 or 15 minutes',
    action: 'window',
    foot: 'AB',
    drop: 10,
  },
  {
    presses: ['tab'],
    key: 'Tab',
    label: 'pane',
    help: 'to the next pane',
    action: 'next-pane',
    foot: 'A',
    drop: 8,
  },
  {
    presses: ['b'],
    key: 'b',
    label: 'bucket',
    help: 'set refill and capacity',
    action: 'bucket',
    needs: 'write',
    foot: 'AB',
  },
  {
    presses: ['p'],
    key: 'p',
    label: 'pause',
    help: 'pause or resume the queue',
    action: 'pause',
    needs: 'write',
    foot: 'AB',
  },
  {
    presses: ['D'],
    key: 'D',
    label: 'drain',
    help: 'no more joins, then close',
    action: 'drain',
    needs: 'write',
    foot: 'AB',
  },
  {
    presses: ['X'],
    key: 'X',
    label: 'expire',
    help: 'end places',
    action: 'expire',
    needs: 'write',
    foot: 'AB',
  },
  {
    presses: ['u'],
    key: 'u',
    label: 'undo',
    help: 'take the newest change back',
    action: 'undo',
    needs: 'write',
    foot: 'AB',
    drop: 1,
  },
  { presses: ['r'], key: 'r', label: 'resync', help: 'connect and load afresh', action: 'resync' },
  { presses: ['e'], key: 'e', label: 'event', help: 'watch another event', action: 'events' },
  {
    presses: ['C'],
    key: 'C',
    label: 'command',
    help: 'the command that does the same',
    action: 'command',
    foot: 'AB',
    drop: 7,
  },
  { presses: ['L'], key: 'L', label: 'audit', help: 'the audit trail', action: 'audit', foot: 'B', drop: 5 },
  {
    presses: ['a'],
    key: 'a',
    label: 'sign in',
    help: 'sign in again',
    action: 'sign-in',
    needs: 'signed-out',
    foot: 'AB',
  },
  { presses: ['?'], key: '?', label: 'help', help: 'this list, and back', action: 'help', foot: 'AB' },
  { presses: ['q'], key: 'q', label: 'quit', help: 'leave; the queue runs on', action: 'quit', foot: 'AB' },
  { presses: ['ctrl-c'], key: 'Ctrl-C', label: 'quit', help: 'leave, as by a signal', action: 'interrupt' },
  {
    presses: ['ctrl-z'],
    key: 'Ctrl-Z',
    label: 'suspend',
    help: 'to the shell, and back by fg',
    action: 'suspend',
  },
  { presses: ['ctrl-l'], key: 'Ctrl-L', label: 'redraw', help: 'draw the screen afresh', action: 'redraw' },
];

/** What decides which keys are bound. */
export interface KeyRights {
  readonly canWrite: boolean;
  readonly isSignedOut: boolean;
}

/** The keys that are bound now. */
export const boundControls = ({ canWrite, isSignedOut }: KeyRights): readonly Control[] =>
  controls.filter(
    ({ needs }) =>
      needs === undefined || (needs === 'write' && canWrite) || (needs === 'signed-out' && isSignedOut),
  );

/** What a press does, if anything. */
export const actionOf = (press: string, rights: KeyRights): KeyAction | undefined =>
  boundControls(rights).find(({ presses }) => presses.includes(press))?.action;

/** What a key that would change something is answered with where it is not bound; undefined = bound, or no such key. */
export const unboundText = (press: string, { canWrite, whyReadOnly }: ReadOnly): string | undefined =>
  !canWrite && controls.some(({ needs, presses }) => needs === 'write' && presses.includes(press))
    ? readOnlyText(whyReadOnly)
    : undefined;

/** Why nothing can be changed here, and what to do. */
export const readOnlyText = (whyReadOnly: string): string =>
  `this watch is read-only: ${whyReadOnly || 'start it with --write to change something'}`;

interface ReadOnly {
  readonly canWrite: boolean;
  /** '' = it was started without --write. */
  readonly whyReadOnly: string;
}

/** The footer: ` j/k move  / find  …`; where some find no room, help is called `? more`. */
export function footerText(
  layout: 'A' | 'B',
  {
    rights,
    columns,
    labels = {},
  }: { rights: KeyRights; columns: number; labels?: Partial<Record<KeyAction, string>> },
): string {
  let shown = boundControls(rights).filter(({ foot }) => foot?.includes(layout) === true);
  let said = labels;
  const text = (): string =>
    ` ${shown.map(({ key, label, action }) => `${key} ${said[action] ?? label}`).join('  ')}`;
  while (text().length > columns) {
    const next = shown.toSorted((left, right) => (right.drop ?? 0) - (left.drop ?? 0))[0];
    if (next?.drop === undefined) break;
    said = { ...labels, help: 'more' };
    shown = shown.filter((each) => each !== next);
  }
  return text();
}

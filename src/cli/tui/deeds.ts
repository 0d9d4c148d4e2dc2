/** What each key does, as one table from the actions of `controls.ts` to deeds on the screen. */

import type { QueueSnapshot } from '../../contract/snapshot.ts';
import { visitorRefPattern } from '../../contract/visitors.ts';
import type { KeyAction, KeyRights } from './controls.ts';
import type { Move, Selection } from './cursors.ts';
import { ChangeModal } from './modal/change-modal.ts';
import {
  bucketSpec,
  drainSpec,
  expireSpec,
  type ModalSpec,
  newestUndoable,
  pauseSpec,
  undoSpec,
} from './modal/specs.ts';
import { AuditPanel } from './panels/audit.ts';
import { commandPanel } from './panels/command.ts';
import { EventsPanel } from './panels/events.ts';
import { watchHelp } from './panels/help.ts';
import { notePanel } from './panels/note.ts';
import type { Panel, Seat } from './panels/panel.ts';
import { StoryPanel } from './panels/story.ts';
import { numberedPanes } from './panes/index.ts';
import type { Wish } from './screen-base.ts';
import type { PaneName } from './view.ts';

/** What deeds are done on. */
export interface Deeds {
  panel: Panel | undefined;
  readonly seat: Seat;
  finding: string | undefined;
  snapshot(): QueueSnapshot | undefined;
  selection(): Selection;
  commands(): { screen: string; change: string | undefined };
  rights(): KeyRights;
  whyReadOnly(): string;
  move(to: Move): void;
  jump(position: number): void;
  focusOn(name: PaneName): void;
  nextPane(): void;
  nextWindow(): void;
  freeze(): void;
  resync(): void;
  wants(wish: Wish): void;
}

/** What the screen cannot do itself. */
const wishes = {
  back: { kind: 'back' },
  'sign-in': { kind: 'sign-in' },
  quit: { kind: 'quit' },
  interrupt: { kind: 'interrupt' },
  suspend: { kind: 'suspend' },
  redraw: { kind: 'redraw' },
} as const satisfies Partial<Record<KeyAction, Wish>>;

type Deed = (on: Deeds, text: string) => void;
type OwnAction = Exclude<KeyAction, keyof typeof wishes>;

const deeds: Readonly<Record<OwnAction, Deed>> = {
  down: (on) => on.move((at) => at + 1),
  up: (on) => on.move((at) => at - 1),
  first: (on) => on.move(() => 0),
  last: (on) => on.move((_at, _page, last) => last),
  'page-down': (on) => on.move((at, page) => at + page),
  'page-up': (on) => on.move((at, page) => at - page),
  find: (on, text) => find(on, text),
  open: (on) => open(on),
  'next-pane': (on) => on.nextPane(),
  pane: (on, text) => {
    const pane = numberedPanes.find(({ number }) => String(number) === text);
    if (pane !== undefined) on.focusOn(pane.name);
  },
  window: (on) => on.nextWindow(),
  freeze: (on) => on.freeze(),
  resync: (on) => on.resync(),
  events: (on) => {
    on.panel = new EventsPanel(on.seat, (event) => on.wants({ kind: 'event', event }));
  },
  command: (on) => {
    on.panel = commandPanel(on.commands());
  },
  audit: (on) => {
    on.panel = new AuditPanel(on.seat);
  },
  help: (on) => {
    on.panel = watchHelp({
      rights: () => on.rights(),
      whyReadOnly: () => on.whyReadOnly(),
      glyphs: on.seat.glyphs,
    });
  },
  bucket: (on) => change(on, bucketSpec),
  pause: (on) => change(on, pauseSpec),
  drain: (on) => change(on, drainSpec),
  expire: (on) => change(on, () => expireSpec(on.selection().visitor)),
  undo: (on) => {
    const entry = newestUndoable(on.seat.changes(), on.seat.serverNowMs());
    on.panel =
      entry === undefined
        ? notePanel('UNDO', 'there is no change that can be taken back now')
        : new ChangeModal(on.seat, undoSpec(entry));
  },
};

/** Does what a key says; what it cannot do itself is a wish. `text` = the key, or what was typed. */
export function deedOf(action: KeyAction, on: Deeds, text: string): Wish | undefined {
  if (isWish(action)) return wishes[action];
  deeds[action](on, text);
  return undefined;
}

const isWish = (action: KeyAction): action is keyof typeof wishes => Object.hasOwn(wishes, action);

function change(on: Deeds, specOf: (snapshot: QueueSnapshot) => ModalSpec): void {
  const { seat } = on;
  const snapshot = seat.snapshot();
  if (snapshot === undefined) return;
  on.panel = new ChangeModal(seat, specOf(snapshot));
}

function open(on: Deeds): void {
  const { visitor, change: at } = on.selection();
  const entry = at === undefined ? undefined : on.seat.changes()[at];
  if (entry !== undefined) on.panel = new AuditPanel(on.seat, entry);
  else if (visitor !== undefined) on.panel = new StoryPanel(on.seat, visitor);
}

/** In the footer's place while it is typed; what it may be, until it begins. */
export const findPrompt = (typed: string): string =>
  `find: ${typed}_   ${typed === '' ? 'position, v_ reference or user:ID   ' : ''}Enter go  Esc back`;

/** As much as is kept of what is typed to be found: longer is no reference. */
export const findText = (typed: string): string => typed.trimStart().slice(0, 140);

/** `/` begins to type; what was typed is a position, `#412` or a reference. */
function find(on: Deeds, text: string): void {
  if (text === '/') {
    on.finding = '';
    return;
  }
  const typed = text.trim();
  if (typed === '') return;
  const position = /^#?(\d{1,9})$/.exec(typed)?.[1];
  if (position !== undefined) on.jump(Number(position));
  else if (visitorRefPattern.test(typed)) on.panel = new StoryPanel(on.seat, typed);
  else
    on.panel = notePanel('FIND', `"${typed}" is no position, no reference v_ and 8 characters, no user:ID`);
}

/** The keys, from their table. */
import { boundControls, type Control, type KeyRights, readOnlyText } from '../controls.ts';
import type { Glyphs } from '../glyphs.ts';
import { cell, type Line, line, part, type Size } from '../text.ts';
import type { Panel } from './panel.ts';

/** A key as the help tells of it; without a help it goes unsaid. */
export type KeyHelp = Pick<Control, 'key' | 'help'>;

interface WatchHelp {
  readonly rights: () => KeyRights;
  /** As `Viewer` has it. */
  readonly whyReadOnly: () => string;
  readonly glyphs: Glyphs;
}

/** The help of one queue's screen. */
export const watchHelp = ({ rights, whyReadOnly, glyphs }: WatchHelp): Panel =>
  helpPanel(
    () => boundControls(rights()),
    () => [
      ...(rights().canWrite ? [] : [` ${readOnlyText(whyReadOnly())}`]),
      ` ${glyphs.gap} in a chart: no data.  ~ before a wait: a rough guess.  >10m: nobody knows.`,
      ' * behind a name: may change things.  AWAY: stepped around, the place is kept.',
    ],
  );

/** Keys, in two columns where they would not fit below each other, and notes below them. */
export function helpPanel(keys: () => readonly KeyHelp[], notesBelow: () => readonly string[]): Panel {
  return {
    footer: '?/Esc back',
    press: ({ name }) => (name === '?' || name === 'escape' ? 'close' : 'pass'),
    lines: ({ columns, rows }: Size): Line[] => {
      const notes = ['', ...notesBelow()];
      const entries = keys()
        .filter(({ help }) => help !== '')
        .map(({ key, help }) => `${key.padEnd(7)}${help}`);
      const isOneColumn = entries.length + notes.length + 1 <= rows;
      const half = isOneColumn ? entries.length : Math.ceil(entries.length / 2);
      const width = Math.min(60, Math.floor(columns / 2));
      const body = entries.slice(0, half).map((text, at) => {
        const other = entries[half + at];
        return line(other === undefined ? ` ${text}` : ` ${cell(text, width - 1)} ${other}`);
      });
      return [[part(' KEYS', 'bold')], ...body, ...notes.map((text) => line(text, 'dim'))];
    },
  };
}

/** The command line that does what the screen does. */
import { type Line, line, part, type Size, wrap } from '../text.ts';
import type { Panel } from './panel.ts';

/** What to show: this screen's own command, and that of the last form if there was one. */
export interface Commands {
  readonly screen: string;
  readonly change: string | undefined;
}

export function commandPanel({ screen, change }: Commands): Panel {
  const commands = [
    ['this screen', screen],
    ['as lines', `${screen} --tui never -o jsonl`],
    ...(change === undefined ? [] : [['the last form', change]]),
  ];
  return {
    footer: 'Esc back',
    press: ({ name }) => (name === 'C' || name === 'escape' || name === 'return' ? 'close' : 'pass'),
    lines: ({ columns }: Size): Line[] => [
      [part(' COMMAND', 'bold')],
      ...commands.flatMap(([label = '', text = '']): Line[] => [
        line(''),
        line(` ${label}`, 'dim'),
        ...wrap(text, Math.max(20, columns - 4)).map((each) => line(`   ${each}`)),
      ]),
    ],
  };
}

/** One sentence that has to be read. */
import { type Line, line, part, type Size, wrap } from '../text.ts';
import type { Panel } from './panel.ts';

export const notePanel = (title: string, text: string): Panel => ({
  footer: 'Esc back',
  press: ({ name }) => (name === 'escape' || name === 'return' ? 'close' : 'pass'),
  lines: ({ columns }: Size): Line[] => [
    [part(` ${title}`, 'bold')],
    line(''),
    ...wrap(text, Math.max(20, columns - 4)).map((each) => line(`   ${each}`)),
  ],
});

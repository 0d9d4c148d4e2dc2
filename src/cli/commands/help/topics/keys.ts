import { type Control, controls } from '../../../tui/controls.ts';
import { rows, type Topic } from './topic.ts';

/** The keys that are told of; those of a pair stand at its first. */
export const shownControls = (): readonly Control[] => controls.filter(({ help }) => help !== '');

/** What a key does, and when it is there. */
export function keyText({ help, needs }: Control): string {
  if (needs === 'write') return `${help} (with --write, role operator)`;
  return needs === 'signed-out' ? `${help} (once signed out)` : help;
}

/** `tacos help keys`. */
export const keysTopic: Topic = {
  name: 'keys',
  summary: 'keys of the live screen',
  text: () =>
    [
      'Keys of `tacos queue watch` on a terminal. Pasted text is never read as keys.',
      '',
      rows(shownControls().map((each) => [each.key, keyText(each)])),
    ].join('\n'),
};

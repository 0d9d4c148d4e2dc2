/** Presses by name, so that nothing behind the terminal knows how keys arrive. */

/** One press: `name` is a character, a word such as `pagedown`, or `ctrl-c`; `text` is what a field takes. */
export interface Press {
  readonly name: string;
  readonly text: string;
}

/** What Ink says of a press. */
export interface KeyFlags {
  readonly upArrow?: boolean;
  readonly downArrow?: boolean;
  readonly pageUp?: boolean;
  readonly pageDown?: boolean;
  readonly home?: boolean;
  readonly end?: boolean;
  readonly return?: boolean;
  readonly escape?: boolean;
  readonly tab?: boolean;
  readonly shift?: boolean;
  readonly backspace?: boolean;
  readonly delete?: boolean;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
}

const special: readonly [keyof KeyFlags, string][] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'return'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
];

/** Moves, which a slow line delivers several at once. */
const repeatable = /^(j+|k+)$/;

/** A press, or text that goes into a field and nowhere else. */
export type Arrival = { readonly press: Press } | { readonly paste: string };

/** Text with Enter behind it, as a slow line or a fast typist delivers it in one piece. */
const typed = /^(\P{Cc}+)\r$/u;

/**
 * What one report brings. Several characters at once are text, as from a terminal that does not mark what is pasted, so
 * they are no keys; but Tab in between is one, which a slow line delivers together with what is typed.
 * `isTyping` = nothing but text is asked for, so that Enter behind it is one too.
 */
export function arrivalsOf(
  input: string,
  key: KeyFlags,
  { isTyping }: { readonly isTyping: boolean },
): Arrival[] {
  const one = (name: string, text = ''): Arrival[] => [{ press: { name, text } }];
  if (key.ctrl === true) return one(`ctrl-${input}`);
  if (key.tab === true) return one(key.shift === true ? 'shift-tab' : 'tab');
  for (const [flag, name] of special) if (key[flag] === true) return one(name);
  if (key.meta === true || input === '') return [];
  if ([...input].length === 1) return one(input, input);
  const text = isTyping ? typed.exec(input)?.[1] : undefined;
  if (text !== undefined) return [{ paste: text }, ...one('return')];
  if (repeatable.test(input)) return [...input].flatMap((each) => one(each, each));
  return input
    .split(/(\t)/)
    .filter((each) => each !== '')
    .flatMap((each) => (each === '\t' ? one('tab') : [{ paste: each }]));
}

/** Text from a server is data: nothing in it may steer the operator's terminal. */

// Cc = C0, DEL and C1; Bidi_Control = what turns the reading direction; then line and paragraph separators.
const unsafe = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** The text without control and bidi characters. */
export const clean = (text: string): string => text.replace(unsafe, '');

/** Parses JSON with every string in it cleaned, names of fields too. @throws SyntaxError */
export const parseClean = (json: string): unknown =>
  JSON.parse(json, (_key, value: unknown) => {
    if (typeof value === 'string') return clean(value);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [clean(name), inner]));
  });

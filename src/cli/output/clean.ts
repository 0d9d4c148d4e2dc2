/** Text from a server is data: nothing in it may steer the operator's terminal. */

// C0 and C1 controls with DEL; marks, embeddings, overrides and isolates that turn the reading direction (bidi);
// line and paragraph separators.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The text without control and bidi characters. */
export const clean = (text: string): string => text.replace(unsafe, '');

/** Parses JSON with every string in it cleaned, names of fields too. @throws SyntaxError */
export const parseClean = (json: string): unknown =>
  JSON.parse(json, (_key, value: unknown) => {
    if (typeof value === 'string') return clean(value);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [clean(name), inner]));
  });

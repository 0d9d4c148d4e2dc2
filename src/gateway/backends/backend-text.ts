/** Words of a backend, made fit for our own log. */

const textCharsMax = 200;
/** Control characters, and those that turn the direction of a line or split it. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Signed tokens and keys are long runs without a space; ids and words are shorter. */
const tokenLike = /[\w.~+/=-]{40,}/g;
const bearer = /\bbearer\s+\S+/gi;

/**
 * A backend's sentence for the log: at most 200 characters, control characters escaped, nothing that may be a token.
 * `secrets` = what the call carried and no log may show, such as the reservation token.
 */
export function backendText(text: string, secrets: readonly string[] = []): string {
  // A sentence may be a megabyte: what is cut first need not be searched.
  let clean = text.slice(0, 4 * textCharsMax);
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '***');
  clean = clean.replace(bearer, 'Bearer ***').replace(tokenLike, '***');
  clean = clean.replace(unseen, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
  return clean.length > textCharsMax ? `${clean.slice(0, textCharsMax - 1)}…` : clean;
}

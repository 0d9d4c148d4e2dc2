/** The waiting token of a query string. */
import { type Refusal, refuse } from '../../contract/errors.ts';
import { tokenCharsMax } from '../../contract/limits.ts';

/** The part of a request target behind its first "?"; empty without one. */
export function searchOf(target: string): string {
  const at = target.indexOf('?');
  return at === -1 ? '' : target.slice(at + 1);
}

/** The value of `token`, or why there is none. What cannot be one of our tokens is refused unparsed. */
export function tokenOf(search: string): string | Refusal {
  if (search.startsWith('token=') && !/[&%+#]/.test(search)) return checkToken(search.slice(6));
  let token: string | undefined;
  for (const part of search.split('&')) {
    const equals = part.indexOf('=');
    const [name, value] = equals === -1 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
    const decodedName = decode(name);
    if (decodedName === undefined) return badEncoding;
    if (decodedName !== 'token') continue;
    if (token !== undefined) return refuse('BAD_REQUEST', { message: 'token must stand in the query once.' });
    token = decode(value);
    if (token === undefined) return badEncoding;
  }
  return checkToken(token ?? '');
}

/** A token that can be one of ours: printable, not empty, not too long. */
export function checkToken(token: string): string | Refusal {
  if (token === '') return refuse('BAD_REQUEST', { message: 'token is needed.' });
  if (token.length > tokenCharsMax || !/^[\x21-\x7e]+$/.test(token)) return refuse('TOKEN_NOT_FOUND');
  return token;
}

const badEncoding = refuse('BAD_REQUEST', { message: 'The query is not properly percent-encoded.' });

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

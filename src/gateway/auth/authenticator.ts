/** The plug-in point for signing in: who asks, by the request's headers. */
import type { IncomingHttpHeaders } from 'node:http';
import { type Refusal, refuse } from '../../contract/errors.ts';
import type { Caller } from '../../queue/line-types.ts';

/** Finds out who asks. Nobody (no credentials) is a caller too; credentials that are no good are a refusal. */
export type Authenticator = (headers: IncomingHttpHeaders) => Caller | Refusal | Promise<Caller | Refusal>;

/** One way of signing in: undefined = this token is not one of mine. */
export type BearerScheme = (
  token: string,
  headers: IncomingHttpHeaders,
) => Caller | Refusal | undefined | Promise<Caller | Refusal | undefined>;

/** Longest bearer token that is looked at, characters. */
const bearerCharsMax = 4_096;

const nobody: Caller = {};

/** Asks the schemes in turn. Without an Authorization header the caller is nobody. */
export function createAuthenticator(schemes: readonly BearerScheme[]): Authenticator {
  return (headers) => {
    const { authorization } = headers;
    if (authorization === undefined) return nobody;
    const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
    if (token === undefined || token.length > bearerCharsMax) return refuse('UNAUTHENTICATED');
    return ask(schemes, token, headers);
  };
}

/** Whether signing in failed. */
export const isRefusal = (caller: Caller | Refusal): caller is Refusal => 'ok' in caller;

/** As `authenticate`; nobody is refused too. */
export async function signedIn(
  authenticate: Authenticator,
  headers: IncomingHttpHeaders,
): Promise<Caller | Refusal> {
  const caller = await authenticate(headers);
  if (isRefusal(caller)) return caller;
  return caller.authenticated === true || caller.subject !== undefined ? caller : refuse('UNAUTHENTICATED');
}

async function ask(
  schemes: readonly BearerScheme[],
  token: string,
  headers: IncomingHttpHeaders,
): Promise<Caller | Refusal> {
  for (const scheme of schemes) {
    const answer = await scheme(token, headers);
    if (answer !== undefined) return answer;
  }
  return refuse('UNAUTHENTICATED');
}

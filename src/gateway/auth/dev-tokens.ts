/** Two well-known tokens for development and tests. Never part of the chain in production. */
import { type Refusal, refuse } from '../../contract/errors.ts';
import type { Caller } from '../../queue/line-types.ts';
import type { BearerScheme } from './authenticator.ts';

interface DevToken {
  /** Header that must be "true" beside the token. */
  readonly header: string;
  /** Keeps their subjects apart from those of real tokens. */
  readonly prefix: string;
}

const devTokens: ReadonlyMap<string, DevToken> = new Map([
  ['dev-super-key-local-testing', { header: 'x-dev-mode', prefix: 'dev:' }],
  ['load-test-bypass-token', { header: 'x-load-test', prefix: 'load:' }],
]);

/** Whether a text is one of the well-known tokens. */
export const isDevToken = (text: string): boolean => devTokens.has(text);

/** Accepts the well-known tokens; the subject is the X-User-Id header, where there is one. */
export const devTokenScheme: BearerScheme = (token, headers): Caller | Refusal | undefined => {
  const devToken = devTokens.get(token);
  if (devToken === undefined || headers[devToken.header] !== 'true') return undefined;
  const userId = headers['x-user-id'];
  if (userId === undefined) return { authenticated: true };
  if (typeof userId !== 'string' || !/^[\x20-\x7e]{1,128}$/.test(userId)) {
    return refuse('BAD_REQUEST', { message: 'X-User-Id must be 1 to 128 printable characters.' });
  }
  return { authenticated: true, subject: devToken.prefix + userId };
};

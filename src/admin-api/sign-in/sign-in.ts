/** What signing in means here: a bearer token in, who it belongs to out. */
import type { Role } from '../../contract/admin-api.ts';
import { type Refusal, refuse } from '../../contract/errors.ts';

/** Who calls. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  /** `local` for tokens of the server's own list, else the issuer. */
  readonly issuer: string;
  /** From then on the token is refused, ms since 1970; absent = never. */
  readonly expiresAtMs?: number;
}

/** A caller, or why not. `description` is what the WWW-Authenticate header says; never input. */
export type SignInResult =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly refusal: Refusal; readonly description: string };

/** Checks a bearer token; undefined = not one of this kind. */
export type SignInScheme = (token: string) => Promise<SignInResult | undefined>;

/** Checks a bearer token against everything that is configured. */
export type SignIn = (token: string) => Promise<SignInResult>;

/** A refusal with UNAUTHENTICATED. */
export const notSignedIn = (description: string, message?: string): SignInResult => ({
  ok: false,
  refusal: refuse('UNAUTHENTICATED', message === undefined ? {} : { message }),
  description,
});

/** Asks the schemes in order; the first that knows the token decides. */
export function createSignIn(schemes: readonly SignInScheme[]): SignIn {
  return async (token) => {
    for (const scheme of schemes) {
      const result = await scheme(token);
      if (result !== undefined) return result;
    }
    return notSignedIn('unknown token');
  };
}

/** The admin app over a fake desk, with one token a role. */
import { type Role, roles } from '../../contract/admin-api.ts';
import { type AdminApp, type AppOptions, buildApp } from '../app.ts';
import { createSignIn, type SignInScheme } from '../sign-in/sign-in.ts';
import { createListScheme, parseTokens } from '../sign-in/token-list.ts';
import { FakeDesk } from './fake-desk.ts';

/** Tokens of the app's list. */
export const tokenOf = (role: Role): string => `${role}-token-0123456789`;

/** Authorization header of a role. */
export const asRole = (role: Role) => ({ authorization: `Bearer ${tokenOf(role)}` });

/** What a test may set; `scheme` knows more tokens than those of the list. */
export type TestAppOptions = Partial<AppOptions> & { readonly scheme?: SignInScheme };

/** Builds the app; close it after the test. */
export async function testApp({ scheme, ...options }: TestAppOptions = {}): Promise<{
  app: AdminApp;
  desk: FakeDesk;
}> {
  const desk = new FakeDesk();
  const { tokens } = parseTokens(roles.map((role) => `${role}:${role}-1:${tokenOf(role)}`).join(','));
  const app = await buildApp({
    desk,
    signIn: createSignIn([createListScheme(tokens), ...(scheme === undefined ? [] : [scheme])]),
    version: '1.2.3',
    environment: 'test',
    serverFacts: () => ({ certificateEndsAt: null, webhook: { configured: false, failing: false } }),
    ...options,
  });
  return { app, desk };
}

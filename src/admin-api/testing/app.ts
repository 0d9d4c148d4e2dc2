/** The admin app over a fake desk, with one token a role. */
import type { Role } from '../../contract/admin-api.ts';
import { type AdminApp, buildApp } from '../app.ts';
import { parseTokens } from '../auth.ts';
import { FakeDesk } from './fake-desk.ts';

/** Tokens of the app's list. */
export const tokenOf = (role: Role): string => `${role}-token-0123456789`;

/** Authorization header of a role. */
export const asRole = (role: Role) => ({ authorization: `Bearer ${tokenOf(role)}` });

/** Builds the app; close it after the test. */
export async function testApp(heartbeatMs = 2_000): Promise<{ app: AdminApp; desk: FakeDesk }> {
  const desk = new FakeDesk();
  const list = (['viewer', 'operator', 'admin'] as const).map((role) => `${role}:${role}-1:${tokenOf(role)}`);
  const { tokens } = parseTokens(list.join(','));
  const app = await buildApp({ desk, tokens, version: '1.2.3', environment: 'test', heartbeatMs });
  return { app, desk };
}

/** Sign-ins of `auth login`, one private file a context. There is no keychain behind it: the file is the secret. */
import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { loginFile } from '../paths.ts';
import { writePrivate } from '../private-file.ts';
import type { Runtime } from '../runtime.ts';

type Place = Pick<Runtime, 'env' | 'home' | 'platform'>;

const loginSchema = z.object({
  /** Server that it was made for: its token goes to no other, whatever the context says later. */
  server: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  scope: z.string(),
  /** What is sent as bearer token. */
  token: z.string(),
  refreshToken: z.string().optional(),
  /** Epoch ms; absent = the issuer did not say. */
  expiresAtMs: z.number().optional(),
});
/** A sign-in as kept. */
export type StoredLogin = z.infer<typeof loginSchema>;

/** The sign-in of a context for a server; undefined where there is none, or one for another server. */
export function readLogin(place: Place, context: string, server: string): StoredLogin | undefined {
  try {
    const login = loginSchema.parse(JSON.parse(readFileSync(loginFile(place, context), 'utf8')));
    return login.server === server ? login : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a sign-in. @throws the system's error */
export function writeLogin(place: Place, context: string, login: StoredLogin): void {
  writePrivate(loginFile(place, context), `${JSON.stringify(login, null, 2)}\n`);
}

/** Forgets a sign-in; nothing where there is none. */
export function removeLogin(place: Place, context: string): void {
  rmSync(loginFile(place, context), { force: true });
}

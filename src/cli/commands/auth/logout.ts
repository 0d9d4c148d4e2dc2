import { z } from 'zod';
import { discover, postForm } from '../../auth/issuer.ts';
import { readLogin, removeLogin, type StoredLogin } from '../../auth/login-store.ts';
import type { Cli } from '../../cli.ts';
import { CliError } from '../../errors.ts';

/** `tacos auth logout`: forgets first, then tells the issuer. Not signed in is done already. */
export async function authLogout(cli: Cli): Promise<void> {
  const { runtime, flags } = cli;
  const { context } = await cli.connect('anonymous');
  const login = readLogin(runtime, context.name, context.server);
  removeLogin(runtime, context.name);
  if (login === undefined) {
    if (!flags.quiet) runtime.stderr.write(`ok: not signed in to "${context.name}"\n`);
    return;
  }
  const problem = await revoke(login);
  if (problem !== undefined) runtime.stderr.write(`warning: the issuer was not told: ${problem}\n`);
  if (!flags.quiet) runtime.stderr.write(`ok: signed out of "${context.name}"\n`);
}

/** Tells the issuer, where it takes that (RFC 7009); what went wrong in words. */
async function revoke({ issuer, clientId, refreshToken }: StoredLogin): Promise<string | undefined> {
  if (refreshToken === undefined) return undefined;
  try {
    const { revocation_endpoint: url } = await discover(issuer);
    if (url === undefined) return undefined;
    const form = { token: refreshToken, token_type_hint: 'refresh_token', client_id: clientId };
    const answer = await postForm(url, form, z.unknown());
    return answer.ok ? undefined : answer.text;
  } catch (error) {
    if (error instanceof CliError) return error.message;
    throw error;
  }
}

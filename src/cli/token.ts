/** As whom a command calls: --token-file, then TACOS_TOKEN_FILE, then the sign-in of `auth login`, then TACOS_TOKEN. */
import { readFileSync } from 'node:fs';
import { storedToken } from './auth/stored-token.ts';
import { flagOfContext, signInOrigin } from './context-names.ts';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import type { Runtime } from './runtime.ts';

/** A token and where it is from. */
export interface FoundToken {
  readonly token: string;
  /** Such as `TACOS_TOKEN_FILE`; never the token. */
  readonly origin: string;
}

/** Where to look, and for which server. */
export interface TokenSearch {
  readonly context: string;
  readonly server: string;
  /** --token-file; `-` = standard input. */
  readonly tokenFile: string | undefined;
}

/** Finds the token. @throws CliError (4) when there is none, or the given one cannot be read */
export async function findToken(runtime: Runtime, search: TokenSearch): Promise<FoundToken> {
  const { context, server, tokenFile } = search;
  const { TACOS_TOKEN_FILE: envFile, TACOS_TOKEN: envToken } = runtime.env;
  if (tokenFile !== undefined) return { token: await readToken(runtime, tokenFile), origin: '--token-file' };
  if (envFile) return { token: await readToken(runtime, envFile), origin: 'TACOS_TOKEN_FILE' };
  const stored = await storedToken(runtime, context, server);
  if (stored.state === 'good') return { token: stored.token, origin: signInOrigin };
  if (envToken) return { token: checkToken(envToken.trim(), 'TACOS_TOKEN'), origin: 'TACOS_TOKEN' };
  throw new CliError(
    stored.state === 'ended'
      ? `the sign-in to "${context}" has ended: ${stored.why}`
      : `not signed in to "${context}": there is no token`,
    {
      code: stored.state === 'ended' ? 'SIGN_IN_ENDED' : 'NO_TOKEN',
      exitCode: exitCodes.notAllowed,
      why: 'neither --token-file, TACOS_TOKEN_FILE, auth login nor TACOS_TOKEN gives one',
      hint: `tacos auth login${flagOfContext(context)}`,
    },
  );
}

/** Reads a file that holds one token. @throws CliError (4) */
export async function readToken(runtime: Pick<Runtime, 'readStdin'>, file: string): Promise<string> {
  let text: string;
  try {
    text = file === '-' ? await runtime.readStdin() : readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw noToken(`the token file ${file} cannot be read (${code})`);
  }
  return checkToken(text.trim(), `the token file ${file}`);
}

function checkToken(token: string, where: string): string {
  if (/^[\x21-\x7e]{1,8192}$/.test(token)) return token;
  throw noToken(`${where} does not hold one token`);
}

const noToken = (message: string): CliError =>
  new CliError(message, { code: 'NO_TOKEN', exitCode: exitCodes.notAllowed });

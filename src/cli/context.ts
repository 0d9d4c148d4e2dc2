/** Which server a command talks to, and as whom. */
import { readFileSync } from 'node:fs';
import { type Config, type ConfigContext, isProtected, readConfig } from './config-file.ts';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { findLocal } from './local.ts';
import type { Runtime } from './runtime.ts';

/** A context with everything that a command needs of it. */
export interface ResolvedContext {
  readonly name: string;
  /** Origin without a slash at the end. */
  readonly server: string;
  readonly token: string | undefined;
  readonly isProtected: boolean;
  readonly requireReason: boolean;
  readonly readOnly: boolean;
  /** As written in the config; checked against what the server says. */
  readonly kind: ConfigContext['kind'];
}

/** What the command line says about it. */
export interface ContextFlags {
  /** -c */
  readonly context?: string;
  /** --token-file; `-` = standard input. */
  readonly tokenFile?: string;
}

/** Reads may fall back to the running local context; changes never choose between two. */
export type Use = 'read' | 'mutation';

const localName = 'local';
/** Name of the context that TACOS_SERVER makes. */
const envName = 'env';

/**
 * Finds the context: -c, then TACOS_CONTEXT, then TACOS_SERVER, then `current` of config.yaml, then the running local.
 *
 * @throws CliError (3 unknown, 4 no token, 5 ambiguous, 7 local does not run)
 */
export async function resolveContext(
  runtime: Runtime,
  flags: ContextFlags,
  use: Use,
): Promise<ResolvedContext> {
  const config = await readConfig(runtime);
  const current = currentName(runtime, config);
  if (flags.context === undefined && use === 'mutation' && current !== undefined && current !== localName) {
    const local = findLocal(runtime);
    const isSame = local.runs && local.context.server === originOf(runtime, config, current);
    if (local.runs && !isSame) throw ambiguous(current);
  }
  return namedContext(runtime, flags, config, flags.context ?? current ?? localName);
}

function currentName({ env }: Runtime, config: Config): string | undefined {
  if (env.TACOS_CONTEXT) return env.TACOS_CONTEXT;
  return env.TACOS_SERVER ? envName : config.current;
}

function originOf({ env }: Runtime, config: Config, name: string): string | undefined {
  const server = name === envName ? env.TACOS_SERVER : config.contexts[name]?.server;
  return server?.replace(/\/+$/, '');
}

async function namedContext(
  runtime: Runtime,
  flags: ContextFlags,
  config: Config,
  name: string,
): Promise<ResolvedContext> {
  const open = { isProtected: false, requireReason: false, readOnly: false, kind: undefined };
  if (name === localName) {
    const local = findLocal(runtime);
    if (!local.runs) throw notRunning(local.dataDir, flags.context === undefined);
    const { server, tokenFile } = local.context;
    const file = flags.tokenFile ?? tokenFile;
    return { ...open, name, server, token: await readToken(runtime, file) };
  }
  const server = originOf(runtime, config, name);
  if (server === undefined) throw unknownContext(name, config);
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    throw new CliError(`TACOS_SERVER "${server}" is not a URL such as https://admin.example`, {
      code: 'USAGE',
      exitCode: exitCodes.usage,
    });
  }
  const written = config.contexts[name];
  return {
    name,
    server,
    token: await givenToken(runtime, flags),
    isProtected: isProtected(written),
    requireReason: written?.requireReason ?? false,
    readOnly: written?.readOnly ?? false,
    kind: written?.kind,
  };
}

async function givenToken(runtime: Runtime, flags: ContextFlags): Promise<string> {
  const file = flags.tokenFile ?? runtime.env.TACOS_TOKEN_FILE;
  if (file) return readToken(runtime, file);
  if (runtime.env.TACOS_TOKEN) return runtime.env.TACOS_TOKEN;
  throw new CliError('there is no token to sign in with', {
    code: 'NO_TOKEN',
    exitCode: exitCodes.notAllowed,
    hint: 'export TACOS_TOKEN_FILE=PATH',
  });
}

async function readToken(runtime: Runtime, file: string): Promise<string> {
  let text: string;
  try {
    text = file === '-' ? await runtime.readStdin() : readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(`the token file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`, {
      code: 'NO_TOKEN',
      exitCode: exitCodes.notAllowed,
    });
  }
  const token = text.trim();
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw new CliError(`the token file ${file} does not hold one token`, {
    code: 'NO_TOKEN',
    exitCode: exitCodes.notAllowed,
  });
}

const ambiguous = (current: string): CliError =>
  new CliError(`both "${current}" and "local" are at hand: say which one to change`, {
    code: 'CONTEXT_AMBIGUOUS',
    exitCode: exitCodes.noConsent,
    why: `"${current}" is the current context and a tacos up runs here; nothing was changed`,
    hint: `add -c ${current} or -c local`,
  });

const notRunning = (dataDir: string | undefined, isFallback: boolean): CliError =>
  new CliError(isFallback ? 'there is no context, and no tacos up runs here' : 'no tacos up runs here', {
    code: 'LOCAL_NOT_RUNNING',
    exitCode: exitCodes.unreachable,
    ...(dataDir === undefined ? {} : { why: `the one of ${dataDir} has ended` }),
    hint: 'tacos up',
  });

function unknownContext(name: string, config: Config): CliError {
  const names = Object.keys(config.contexts);
  return new CliError(`context "${name}" not found`, {
    code: 'CONTEXT_NOT_FOUND',
    exitCode: exitCodes.notFound,
    why: names.length === 0 ? 'config.yaml has no contexts' : `config.yaml has ${names.join(', ')}`,
  });
}

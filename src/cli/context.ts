/** Which server a command talks to, and as whom. */
import {
  type Config,
  type ConfigContext,
  type ContextLimits,
  isProtected,
  problemOfCurrent,
  readConfig,
} from './config-file.ts';
import { localName } from './context-names.ts';
import { currentContext, originOf } from './current-context.ts';
import { CliError, usageError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { findLocal } from './local.ts';
import { configFile } from './paths.ts';
import type { Runtime } from './runtime.ts';
import { findToken, readToken } from './token.ts';

/** A context with everything that a command needs of it. */
export interface ResolvedContext {
  readonly name: string;
  /** Origin without a slash at the end. */
  readonly server: string;
  /** undefined only for the use `anonymous`. */
  readonly token: string | undefined;
  /** Where the token is from, in words. */
  readonly tokenOrigin?: string | undefined;
  readonly isProtected: boolean;
  readonly requireReason: boolean;
  readonly readOnly: boolean;
  /** As written in the config; checked against what the server says. */
  readonly kind: ConfigContext['kind'];
  /** Bounds that plans must keep beside the server's own: `checkLimits` of context-limits.ts. */
  readonly limits?: ContextLimits | undefined;
  /** Visitor API of the same place. */
  readonly gateway?: string | undefined;
  readonly kube?: ConfigContext['kube'] | undefined;
  readonly oidc?: ConfigContext['oidc'] | undefined;
  readonly caFile?: string | undefined;
  readonly tlsServerName?: string | undefined;
  readonly proxy?: string | undefined;
  /** TACOS_CONTEXT where -c names another one: a change then asks for the name of the context. */
  readonly overrides?: string | undefined;
  /** What the person should know about the choice. */
  readonly warnings?: readonly string[];
}

/** What the command line says about it. */
export interface ContextFlags {
  /** -c */
  readonly context?: string;
  /** --token-file; `-` = standard input. */
  readonly tokenFile?: string;
}

/** Reads may fall back to the running local context; changes never choose between two; anonymous ones need no token. */
export type Use = 'read' | 'mutation' | 'anonymous';

/**
 * Finds the context: -c, then TACOS_CONTEXT, then TACOS_SERVER, then `current` of config.yaml, then the running local.
 *
 * @throws CliError (2 `current` cannot be used, 3 unknown, 4 no token, 5 ambiguous, 7 local does not run)
 */
export async function resolveContext(
  runtime: Runtime,
  flags: ContextFlags,
  use: Use,
): Promise<ResolvedContext> {
  const config = await readConfig(runtime);
  const { name: current, origin } = currentContext(runtime, config);
  if (flags.context === undefined && origin === 'config.yaml') {
    const problem = problemOfCurrent(configFile(runtime), config);
    if (problem !== undefined) throw problem;
  }
  if (flags.context === undefined && use === 'mutation' && current !== undefined && current !== localName) {
    const local = findLocal(runtime);
    const isSame = local.runs && local.context.server === originOf(runtime, config, current);
    if (local.runs && !isSame) throw ambiguous(current);
  }
  const name = flags.context ?? current ?? localName;
  const told = runtime.env.TACOS_CONTEXT;
  const overrides = flags.context !== undefined && told && told !== flags.context ? told : undefined;
  const found =
    name === localName
      ? await localContext(runtime, flags, use)
      : await namedContext({ runtime, flags, config, name, use });
  return overrides === undefined ? found : { ...found, overrides };
}

type NotRunning = Extract<ReturnType<typeof findLocal>, { runs: false }>;
type Found = Omit<ResolvedContext, 'overrides'>;

async function localContext(runtime: Runtime, flags: ContextFlags, use: Use): Promise<Found> {
  const local = findLocal(runtime);
  if (!local.runs) throw notRunning(local, flags.context === undefined);
  const { server, tokenFile, gateway } = local.context;
  const file = flags.tokenFile ?? tokenFile;
  const { TACOS_TOKEN, TACOS_TOKEN_FILE } = runtime.env;
  const ignored = TACOS_TOKEN_FILE ? 'TACOS_TOKEN_FILE' : TACOS_TOKEN ? 'TACOS_TOKEN' : undefined;
  const isIgnored = ignored !== undefined && flags.tokenFile === undefined && use !== 'anonymous';
  return {
    ...plainContext,
    name: localName,
    server,
    gateway,
    token: use === 'anonymous' ? undefined : await readToken(runtime, file),
    tokenOrigin: flags.tokenFile === undefined ? 'the data dir of tacos up' : '--token-file',
    warnings: isIgnored ? [`${ignored} is not used for "local", which has a token of its own`] : [],
  };
}

/** A context of which nothing is written. */
const plainContext = {
  isProtected: false,
  requireReason: false,
  readOnly: false,
  kind: undefined,
  limits: undefined,
  gateway: undefined,
  kube: undefined,
  oidc: undefined,
  caFile: undefined,
  tlsServerName: undefined,
  proxy: undefined,
} as const;

interface Named {
  readonly runtime: Runtime;
  readonly flags: ContextFlags;
  readonly config: Config;
  readonly name: string;
  readonly use: Use;
}

async function namedContext({ runtime, flags, config, name, use }: Named): Promise<Found> {
  const server = originOf(runtime, config, name);
  if (server === undefined) throw unknownContext(name, config);
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    throw usageError(`TACOS_SERVER "${server}" is not a URL such as https://admin.example`);
  }
  const written = config.contexts[name];
  const isGuarded = isProtected(written);
  const warnings = plainHttp({ name, server, isProtected: isGuarded });
  const found =
    use === 'anonymous'
      ? undefined
      : await findToken(runtime, { context: name, server, tokenFile: flags.tokenFile });
  return {
    ...plainContext,
    name,
    server,
    token: found?.token,
    tokenOrigin: found?.origin,
    isProtected: isGuarded,
    requireReason: written?.requireReason ?? false,
    readOnly: written?.readOnly ?? false,
    kind: written?.kind,
    limits: written?.limits,
    gateway: written?.gateway?.replace(/\/+$/, ''),
    kube: written?.kube,
    oidc: written?.oidc,
    caFile: written?.caFile,
    tlsServerName: written?.tlsServerName,
    proxy: written?.proxy,
    warnings,
  };
}

/** Plain http shows the token to everybody on the way; to this machine, as through a tunnel, there is no way. */
function plainHttp({ name, server, isProtected }: { name: string; server: string; isProtected: boolean }) {
  const { protocol, hostname } = new URL(server);
  if (protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return [];
  if (!isProtected) return [`${server} is plain http: the token can be read on the way`];
  throw new CliError(`context "${name}" is protected, and ${server} is plain http`, {
    code: 'PLAIN_HTTP',
    exitCode: exitCodes.refused,
    why: 'the token could be read on the way; nothing was sent',
    hint: `tacos context set ${name} --server ${server.replace('http:', 'https:')}`,
  });
}

const ambiguous = (current: string): CliError =>
  new CliError(`both "${current}" and "local" are at hand: say which one to change`, {
    code: 'CONTEXT_AMBIGUOUS',
    exitCode: exitCodes.noConsent,
    why: `"${current}" is the current context and a tacos up runs here; nothing was changed`,
    hint: `add -c ${current} or -c local`,
  });

function notRunning({ dataDir, running }: NotRunning, isFallback: boolean): CliError {
  const [other] = running;
  // Only TACOS_DATA_DIR can name one that ended while another runs.
  const where = other === undefined ? 'here' : 'in TACOS_DATA_DIR';
  const ended = dataDir === undefined ? [] : [`none runs in ${dataDir}`];
  const others = other === undefined ? [] : [`running: ${running.join(', ')}`];
  const why = [...ended, ...others].join('; ');
  return new CliError(
    isFallback ? `there is no context, and no tacos up runs ${where}` : `no tacos up runs ${where}`,
    {
      code: 'LOCAL_NOT_RUNNING',
      exitCode: exitCodes.unreachable,
      ...(why === '' ? {} : { why }),
      hint: other === undefined ? 'tacos up' : `export TACOS_DATA_DIR=${other}`,
    },
  );
}

/** No such context. */
export function unknownContext(name: string, config: Config): CliError {
  const names = Object.keys(config.contexts);
  return new CliError(`context "${name}" not found`, {
    code: 'CONTEXT_NOT_FOUND',
    exitCode: exitCodes.notFound,
    why: names.length === 0 ? 'config.yaml has no contexts' : `config.yaml has ${names.join(', ')}`,
    hint: 'tacos context list',
  });
}

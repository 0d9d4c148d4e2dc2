/** What a command gets: the machine, the global flags, and a connection when it asks for one. */
import type { AdminApi } from './admin-api.ts';
import { withMemory } from './api-memory.ts';
import type { ContextFlags, ResolvedContext, Use } from './context.ts';
import { signInOrigin } from './context-names.ts';
import { dispatcherOf } from './dispatcher.ts';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import type { OutputFlags } from './output/document.ts';
import { isForPrograms } from './output/formats.ts';
import type { Runtime } from './runtime.ts';
import type { ShowSettings } from './settings.ts';
import { noticeOf } from './update-notice.ts';

/** Global flags, parsed. */
export interface GlobalFlags extends OutputFlags, ContextFlags, ShowSettings {
  readonly ascii: boolean;
  readonly quiet: boolean;
  /** 1 = requests, 2 = stack traces too. */
  readonly verbose: number;
  /** False: never ask, fail instead. */
  readonly input: boolean;
  /** --timeout as given, ms; only where it was given. */
  readonly timeoutMs?: number;
  /** --dry-run of the command, if it has one. */
  readonly isDryRun: boolean;
}

/** A signed-in client and where it leads. */
export interface Connection {
  readonly context: ResolvedContext;
  readonly api: AdminApi;
}

/** The argument of every command. */
export interface Cli {
  readonly runtime: Runtime;
  readonly flags: GlobalFlags;
  /**
   * Chooses the context and opens a client; nothing is sent yet.
   *
   * @throws CliError (2 to 7) as `resolveContext` does
   */
  connect(use: Use): Promise<Connection>;
}

/** Longest wait for an answer where no setting says otherwise, ms. */
export const requestTimeoutMs = 10_000;

/** Puts a command's surroundings together; `onNotice` takes a promise of a line to show when all is done. */
export function createCli(
  runtime: Runtime,
  flags: GlobalFlags,
  onNotice: (notice: Promise<string | undefined>) => void = () => {},
): Cli {
  return {
    runtime,
    flags,
    connect: async (use) => {
      // Loaded late: commands that ask no server, such as TAB's, have no time for it.
      const { resolveContext } = await import('./context.ts');
      const context = await resolveContext(runtime, flags, use);
      if (!flags.quiet && !isForPrograms(flags.output)) {
        for (const warning of context.warnings ?? []) runtime.stderr.write(`warning: ${warning}\n`);
      }
      if (use === 'mutation') await confirmOverride(runtime, flags, context);
      const token = await tokenOf(runtime, context);
      const dispatcher = await dispatcherOf(routeOf(context));
      const api = await runtime.connect({
        server: context.server,
        // Read again for each request: a watch outlives many tokens.
        get token() {
          return token();
        },
        client: clientName(runtime),
        timeoutMs: flags.requestTimeoutMs,
        unreachableHint: context.name === 'local' ? 'tacos up' : `curl -sS ${context.server}/healthz`,
        ...(dispatcher === undefined ? {} : { dispatcher }),
        ...(flags.verbose > 0 ? { trace: (line: string) => runtime.stderr.write(`${line}\n`) } : {}),
      });
      if (use !== 'anonymous') onNotice(noticeOf(runtime, flags, api));
      return { context, api: withMemory(runtime, context, api) };
    },
  };
}

/** What the CLI calls itself towards a server; kept in the audit trail. */
export const clientName = ({ version, userName, hostName }: Runtime): string =>
  `tacos/${version} (${userName}@${hostName})`.replace(/[^\x20-\x7e]/g, '');

/** The token now: that of a sign-in is renewed as long as the command runs. */
async function tokenOf(runtime: Runtime, context: ResolvedContext): Promise<() => string | undefined> {
  if (context.tokenOrigin !== signInOrigin) return () => context.token;
  const { keepFresh } = await import('./auth/keep-fresh.ts');
  return keepFresh(runtime, context);
}

const routeOf = ({ caFile, tlsServerName, proxy }: ResolvedContext) => ({
  ...(caFile === undefined ? {} : { caFile }),
  ...(tlsServerName === undefined ? {} : { tlsServerName }),
  ...(proxy === undefined ? {} : { proxy }),
});

/** TACOS_CONTEXT and -c name two places: only the name typed again says which one is meant. @throws CliError (5) */
async function confirmOverride(
  runtime: Runtime,
  { input, isDryRun }: GlobalFlags,
  { name, overrides }: ResolvedContext,
): Promise<void> {
  if (overrides === undefined || isDryRun) return;
  const why = `TACOS_CONTEXT says "${overrides}", -c says "${name}"`;
  if (runtime.isInteractive && input) {
    const typed = await runtime.ask(`${why}. Type the name of the one to change: `);
    if (typed.trim() === name) return;
  }
  throw new CliError(`two contexts are named: say which one to change`, {
    code: 'CONTEXT_AMBIGUOUS',
    exitCode: exitCodes.noConsent,
    why: `${why}; nothing was changed`,
    hint: `export TACOS_CONTEXT=${name}`,
  });
}

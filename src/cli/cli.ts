/** What a command gets: the machine, the global flags, and a connection when it asks for one. */
import type { AdminApi } from './api-client.ts';
import { type ContextFlags, type ResolvedContext, resolveContext, type Use } from './context.ts';
import type { OutputFlags } from './output/document.ts';
import type { Runtime } from './runtime.ts';

/** Global flags, parsed. */
export interface GlobalFlags extends OutputFlags, ContextFlags {
  readonly quiet: boolean;
  /** 1 = requests, 2 = stack traces too. */
  readonly verbose: number;
  readonly color: 'auto' | 'always' | 'never';
  readonly ascii: boolean;
  /** False: never ask, fail instead. */
  readonly input: boolean;
  /** --timeout as given, ms. */
  readonly timeoutMs?: number;
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
  connect(use: Use): Promise<Connection>;
}

/** Longest wait for an answer where --timeout says nothing, ms. */
export const requestTimeoutMs = 10_000;

/** Puts a command's surroundings together. */
export function createCli(runtime: Runtime, flags: GlobalFlags): Cli {
  return {
    runtime,
    flags,
    connect: async (use) => {
      const context = await resolveContext(runtime, flags, use);
      const api = runtime.connect({
        server: context.server,
        token: context.token,
        client: clientName(runtime),
        timeoutMs: flags.timeoutMs ?? requestTimeoutMs,
        unreachableHint: context.name === 'local' ? 'tacos up' : `curl -sS ${context.server}/healthz`,
        ...(flags.verbose > 0 ? { trace: (line: string) => runtime.stderr.write(`${line}\n`) } : {}),
      });
      return { context, api };
    },
  };
}

/** What the CLI calls itself towards a server; kept in the audit trail. */
export const clientName = ({ version, userName, hostName }: Runtime): string =>
  `tacos/${version} (${userName}@${hostName})`.replace(/[^\x20-\x7e]/g, '');

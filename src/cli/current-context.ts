/** Which context is in force where -c says nothing. */
import type { Config } from './config-file.ts';
import { envName } from './context-names.ts';
import type { Runtime } from './runtime.ts';

/** A name and what decided it. */
export interface Chosen {
  readonly name: string | undefined;
  /** `TACOS_CONTEXT`, `TACOS_SERVER` or the file; undefined = nothing names one. */
  readonly origin: 'TACOS_CONTEXT' | 'TACOS_SERVER' | 'config.yaml' | undefined;
}

/** The context where -c says nothing; no name = the running local one, if any. */
export function currentContext({ env }: Pick<Runtime, 'env'>, config: Config): Chosen {
  if (env.TACOS_CONTEXT) return { name: env.TACOS_CONTEXT, origin: 'TACOS_CONTEXT' };
  if (env.TACOS_SERVER) return { name: envName, origin: 'TACOS_SERVER' };
  return config.current === undefined
    ? { name: undefined, origin: undefined }
    : { name: config.current, origin: 'config.yaml' };
}

/** Server of a context; undefined where there is no such one. */
export function originOf({ env }: Pick<Runtime, 'env'>, config: Config, name: string): string | undefined {
  const server = name === envName ? env.TACOS_SERVER : config.contexts[name]?.server;
  return server?.replace(/\/+$/, '');
}

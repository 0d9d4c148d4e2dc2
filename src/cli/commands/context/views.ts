/** Contexts as they are shown, made from config.yaml, the environment and the running `tacos up`. */

import { environmentKindOf } from '../../../contract/environment.ts';
import { readLogin } from '../../auth/login-store.ts';
import { type Config, type ConfigContext, isProtected } from '../../config-file.ts';
import { envName, localName } from '../../context-names.ts';
import { currentContext } from '../../current-context.ts';
import { findLocal, type LocalContext } from '../../local.ts';
import type { Runtime } from '../../runtime.ts';
import type { ContextView } from '../../schema-kinds.ts';

/** All contexts that a command could take, those of the file first. `chosen` is the -c of the command line. */
export function contextViews(runtime: Runtime, config: Config, chosen: string | undefined): ContextView[] {
  const local = findLocal(runtime);
  const inForce = chosen ?? currentContext(runtime, config).name ?? (local.runs ? localName : undefined);
  const view = (name: string, written: ConfigContext): ContextView =>
    viewOf({ runtime, name, written, inForce });
  const { TACOS_SERVER: server } = runtime.env;
  return [
    ...Object.entries(config.contexts).map(([name, written]) => view(name, written)),
    ...(server ? [view(envName, { server })] : []),
    ...(local.runs ? [{ ...view(localName, writtenOf(local.context)), signedIn: true }] : []),
  ];
}

/** The running local one as a file would have it. */
function writtenOf({ server, gateway, environment }: LocalContext): ConfigContext {
  const kind = environmentKindOf(environment);
  return { server, gateway, ...(kind === undefined ? {} : { kind }) };
}

interface Shown {
  readonly runtime: Runtime;
  readonly name: string;
  readonly written: ConfigContext;
  readonly inForce: string | undefined;
}

function viewOf({ runtime, name, written, inForce }: Shown): ContextView {
  const {
    server,
    oidc: _oidc,
    protected: _protected,
    requireReason,
    readOnly,
    kind,
    proxy,
    ...rest
  } = written;
  const origin = server.replace(/\/+$/, '');
  return {
    context: name,
    server: origin,
    current: name === inForce,
    ...(kind === undefined ? {} : { kind }),
    protected: isProtected(written),
    requireReason: requireReason ?? false,
    readOnly: readOnly ?? false,
    ...(rest as Omit<Partial<ContextView>, 'context'>),
    ...(proxy === undefined ? {} : { proxy: proxy.replace(/\/\/[^@/]*@/, '//***@') }),
    signedIn: readLogin(runtime, name, origin) !== undefined,
  };
}

import type { Cli } from '../../cli.ts';
import { editConfig } from '../../config-edit.ts';
import { isProtected, readConfig } from '../../config-file.ts';
import { contextNamePattern, envName, localName } from '../../context-names.ts';
import { usageError } from '../../errors.ts';
import { configFile } from '../../paths.ts';

/** Flags of `tacos context set`; absent = leave as it is. */
export interface ContextSetFlags {
  readonly server?: string;
  readonly gateway?: string;
  readonly kind?: string;
  readonly protected?: boolean;
  readonly requireReason?: boolean;
  readonly readOnly?: boolean;
  readonly maxRefill?: number;
  readonly maxCapacity?: number;
  readonly maxStep?: string;
  readonly caFile?: string;
  readonly tlsServerName?: string;
  readonly proxy?: string;
  readonly kubeNamespace?: string;
  readonly kubeHpa?: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: string;
}

/** Flag to path in the context. */
const paths: Readonly<Record<keyof ContextSetFlags, readonly string[]>> = {
  server: ['server'],
  gateway: ['gateway'],
  kind: ['kind'],
  protected: ['protected'],
  requireReason: ['requireReason'],
  readOnly: ['readOnly'],
  maxRefill: ['limits', 'maxRefill'],
  maxCapacity: ['limits', 'maxCapacity'],
  maxStep: ['limits', 'maxStep'],
  caFile: ['caFile'],
  tlsServerName: ['tlsServerName'],
  proxy: ['proxy'],
  kubeNamespace: ['kube', 'namespace'],
  kubeHpa: ['kube', 'hpa'],
  issuer: ['oidc', 'issuer'],
  clientId: ['oidc', 'clientId'],
  scope: ['oidc', 'scope'],
};

/** `tacos context set NAME`. @throws CliError (2) when the file would not be valid; it stays as it was */
export async function contextSet({ runtime, flags: { quiet } }: Cli, name: string, flags: ContextSetFlags) {
  if (name === localName || name === envName) {
    throw usageError(
      name === localName
        ? '"local" is the tacos up of this machine and is not in config.yaml'
        : '"env" is what TACOS_SERVER makes and is not in config.yaml',
    );
  }
  if (!contextNamePattern.test(name)) {
    throw usageError(
      `context "${name}": a name has 1 to 64 letters, digits, . _ - and begins with none of . _ -`,
    );
  }
  const isNew = (await readConfig(runtime)).contexts[name] === undefined;
  if (isNew && flags.server === undefined)
    throw usageError(`context "${name}" is new: it needs --server URL`);
  const given = Object.entries(paths).flatMap(([flag, path]) => {
    const value = flags[flag as keyof ContextSetFlags];
    return value === undefined ? [] : [{ path, value }];
  });
  if (given.length === 0) throw usageError('nothing to set: give at least one flag');
  const config = await editConfig(runtime, (edit) => {
    for (const { path, value } of given) edit.set(['contexts', name, ...path], value);
  });
  if (quiet) return;
  runtime.stderr.write(`ok: context "${name}" ${isNew ? 'made' : 'changed'} in ${configFile(runtime)}\n`);
  if (config.current !== name && isNew) {
    const next = isProtected(config.contexts[name])
      ? `export TACOS_CONTEXT=${name}`
      : `tacos context use ${name}`;
    runtime.stderr.write(`next: ${next}\n`);
  }
}

/** The flags of `tacos context set`: where each is written, and whether its value can be. */
import { environmentKinds } from '../../../contract/environment.ts';
import { contextSchema } from '../../config-file.ts';
import { usageError } from '../../errors.ts';

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
export const contextPaths: Readonly<Record<keyof ContextSetFlags, readonly string[]>> = {
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

/** What a flag takes, where the schema's own words would not say it. */
const choices: Readonly<Record<string, string>> = {
  server: 'is not a URL such as https://admin.example',
  gateway: 'is not a URL such as https://tickets.example',
  issuer: 'is not a URL such as https://login.example',
  kind: `is not one of ${environmentKinds.join(', ')}`,
};

/** Checks values before they are written. @throws CliError (2) naming the flag and what it takes */
export function checkContextFlags(
  given: readonly { readonly path: readonly string[]; readonly value: unknown }[],
): void {
  for (const { path, value } of given) {
    const tree = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    const parsed = contextSchema.partial().safeParse(tree);
    if (parsed.success) continue;
    const flag =
      Object.entries(contextPaths).find(([, each]) => each.join('.') === path.join('.'))?.[0] ?? '';
    const words = choices[flag] ?? `is not valid: ${parsed.error.issues[0]?.message ?? ''}`;
    throw usageError(`--${kebab(flag)} "${value}" ${words}`);
  }
}

const kebab = (flag: string): string => flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The operator's config.yaml: what may stand in it, and reading it. `config-edit.ts` writes it. */

import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { environmentKinds } from '../contract/environment.ts';
import { contextNamePattern, envName, localName } from './context-names.ts';
import { parseDuration } from './duration.ts';
import { type CliError, usageError } from './errors.ts';
import { configFile } from './paths.ts';
import type { Runtime } from './runtime.ts';

/** `2x` = to twice the value and to half of it; 1.01 to 100. */
const stepSchema = z
  .string()
  .regex(/^\d+(\.\d+)?x$/, 'a factor such as 2x')
  .refine((text) => stepFactor(text) > 1 && stepFactor(text) <= 100, 'a factor above 1x and up to 100x');

/** Bounds that a context adds to the server's own. They can only be tighter: both are checked. */
const limitsSchema = z.strictObject({
  /** Admissions per second. */
  maxRefill: z.number().positive().optional(),
  /** Tokens. */
  maxCapacity: z.number().positive().optional(),
  /** Largest factor between the value before and after, either way. */
  maxStep: stepSchema.optional(),
});
/** Bounds of a context, as written. */
export type ContextLimits = z.infer<typeof limitsSchema>;

/** The factor of `2x`. */
export const stepFactor = (text: string): number => Number(text.slice(0, -1));

const proxySchema = z
  .string()
  .regex(/^(https?|socks5h):\/\/[^\s/]+\/?$/, 'http://HOST:PORT or socks5h://HOST:PORT');

/** One context. Unknown keys are refused: a misspelt `protected` must not pass for an open one. */
export const contextSchema = z.strictObject({
  server: z.url({ protocol: /^https?$/ }),
  /** Visitor API of the same place. */
  gateway: z.url({ protocol: /^https?$/ }).optional(),
  kind: z.enum(environmentKinds).optional(),
  protected: z.boolean().optional(),
  requireReason: z.boolean().optional(),
  readOnly: z.boolean().optional(),
  /** Only told to the admin API, which alone reaches Kubernetes. */
  kube: z.strictObject({ namespace: z.string().optional(), hpa: z.string().optional() }).optional(),
  limits: limitsSchema.optional(),
  /** PEM file of the authority that signs the server's certificate. */
  caFile: z.string().min(1).optional(),
  /** Name in the server's certificate, where it is not the URL's: behind a tunnel. */
  tlsServerName: z.string().min(1).optional(),
  proxy: proxySchema.optional(),
  /** For `auth login`, where the server does not name them. */
  oidc: z
    .strictObject({
      issuer: z.url({ protocol: /^https?$/ }).optional(),
      clientId: z.string().min(1).optional(),
      scope: z.string().min(1).optional(),
    })
    .optional(),
});
/** One context as written. */
export type ConfigContext = z.infer<typeof contextSchema>;

const contextsSchema = z
  .record(z.string().regex(contextNamePattern, 'letters, digits, . _ -'), contextSchema)
  .refine(
    (contexts) => contexts[localName] === undefined && contexts[envName] === undefined,
    'the names local and env are taken',
  );

/** The file as a whole. */
export const configSchema = z.strictObject({
  current: z.string().optional(),
  color: z.enum(['auto', 'always', 'never']).optional(),
  ascii: z.boolean().optional(),
  accessible: z.boolean().optional(),
  /** Such as 10s. */
  timeout: z.string().refine(isDuration, 'a duration such as 10s').optional(),
  contexts: contextsSchema.default({}),
});
/** The file, checked. */
export type Config = z.infer<typeof configSchema>;

type Place = Pick<Runtime, 'env' | 'home' | 'platform'>;

function isDuration(text: string): boolean {
  try {
    return parseDuration('timeout', text) > 0;
  } catch {
    return false;
  }
}

/** Reads the file; empty where there is none. @throws CliError (usage) naming all that is wrong */
export async function readConfig(place: Place): Promise<Config> {
  const file = configFile(place);
  if (!existsSync(file)) return { contexts: {} };
  const { parse } = await import('yaml');
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    throw usageError(
      `${file} cannot be read: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
    );
  }
  return checkConfig(file, content);
}

/**
 * Checks a parsed file; whether its `current` can be used is asked apart, by `problemOfCurrent`.
 *
 * @throws CliError (usage)
 */
export function checkConfig(file: string, content: unknown): Config {
  const parsed = configSchema.safeParse(content);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('.')}: ${message}`,
    );
    throw usageError(`${file} is not valid: ${problems.join('; ')}`);
  }
  return parsed.data;
}

/** Why `current` cannot be used, undefined = it can: only what would use it fails, so that the file can be mended. */
export function problemOfCurrent(file: string, { current, contexts }: Config): CliError | undefined {
  if (current === undefined) return undefined;
  const another = 'make another one current: tacos context use NAME';
  if (contexts[current] === undefined) {
    const sentence = `${file} is not valid: current: there is no context "${current}"`;
    return usageError(sentence, { why: another, hint: 'tacos context list' });
  }
  if (!isProtected(contexts[current])) return undefined;
  return usageError(`${file}: "${current}" is protected, so it cannot be current`, {
    why: `${another}; or take this one for one shell`,
    hint: `export TACOS_CONTEXT=${current}`,
  });
}

/** Whether changes there need consent: production always, others as written. */
export const isProtected = (context: ConfigContext | undefined): boolean =>
  context?.kind === 'prod' || context?.protected === true;

/** The operator's config.yaml. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { usageError } from './errors.ts';
import { configFile } from './paths.ts';
import type { Runtime } from './runtime.ts';

const contextSchema = z.object({
  server: z.url({ protocol: /^https?$/ }),
  kind: z.enum(['prod', 'staging', 'test', 'dev']).optional(),
  protected: z.boolean().optional(),
  requireReason: z.boolean().optional(),
  readOnly: z.boolean().optional(),
});
/** One context as written. */
export type ConfigContext = z.infer<typeof contextSchema>;

const configSchema = z.object({
  current: z.string().optional(),
  contexts: z.record(z.string().min(1).max(64), contextSchema).default({}),
});
/** The file as a whole. */
export type Config = z.infer<typeof configSchema>;

/** Reads the file; empty where there is none. @throws CliError (usage) naming all that is wrong */
export async function readConfig(place: Pick<Runtime, 'env' | 'home' | 'platform'>): Promise<Config> {
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
  const parsed = configSchema.safeParse(content);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw usageError(`${file} is not valid: ${problems.join('; ')}`);
  }
  const { current, contexts } = parsed.data;
  if (current !== undefined && contexts[current] === undefined) {
    throw usageError(`${file} is not valid: current: there is no context "${current}"`);
  }
  if (current !== undefined && isProtected(contexts[current])) {
    throw usageError(
      `${file}: "${current}" is protected, so it cannot be current`,
      `export TACOS_CONTEXT=${current}`,
    );
  }
  return parsed.data;
}

/** Whether changes there need consent: as written, and always for production. */
export const isProtected = (context: ConfigContext | undefined): boolean =>
  context?.protected ?? context?.kind === 'prod';

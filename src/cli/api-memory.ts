/** An admin API that remembers for completion what it has listed, and says how to sign in where that is missing. */
import type { AdminApi } from './admin-api.ts';
import type { ResolvedContext } from './context.ts';
import { flagOfContext, localName } from './context-names.ts';
import { CliError } from './errors.ts';
import { rememberEvents, rememberedEvents } from './event-memory.ts';
import { nearestOf } from './nearest.ts';
import type { Runtime } from './runtime.ts';

/** Wraps an API. Streams and figures pass through as they are. */
export function withMemory(runtime: Runtime, context: ResolvedContext, api: AdminApi): AdminApi {
  const note = (name: string, reply: unknown): void => {
    if (name !== 'listEvents' && name !== 'overview') return;
    const { items, events = items } = reply as Named;
    rememberEvents(
      runtime,
      context.name,
      (events ?? []).map(({ event }) => event),
    );
  };
  return new Proxy(api, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name !== 'string') return value;
      return (...args: readonly unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        if (!(result instanceof Promise)) return result;
        return result.then(
          (reply) => {
            note(name, reply);
            return reply;
          },
          async (error: unknown) => {
            throw await withGuess(withSignIn(error, context), async () => {
              const known = rememberedEvents(runtime, context.name);
              return known.length > 0 ? known : (await target.listEvents()).items.map(({ event }) => event);
            });
          },
        );
      };
    },
  });
}

interface Named {
  readonly items?: readonly { readonly event: string }[];
  readonly events?: readonly { readonly event: string }[];
}

/** An event that is not there, with the one that may be meant; `idsOf` is asked only then. */
async function withGuess(error: unknown, idsOf: () => Promise<readonly string[]>): Promise<unknown> {
  if (!(error instanceof CliError) || error.details.code !== 'EVENT_NOT_FOUND') return error;
  const asked = /^event "(.+)" not found$/.exec(error.message)?.[1];
  if (asked === undefined) return error;
  const guess = nearestOf(asked, await idsOf().catch(() => []));
  return guess === undefined
    ? error
    : new CliError(`${error.message}: did you mean ${guess}?`, error.details);
}

/** A refused token's next step is a new one, where one can be had. */
function withSignIn(error: unknown, { name, tokenOrigin }: ResolvedContext): unknown {
  if (!(error instanceof CliError) || error.details.code !== 'UNAUTHENTICATED') return error;
  if (name === localName) return error;
  const why = tokenOrigin === undefined ? {} : { why: `the token is from ${tokenOrigin}` };
  return new CliError(error.message, {
    ...error.details,
    ...why,
    hint: `tacos auth login${flagOfContext(name)}`,
  });
}

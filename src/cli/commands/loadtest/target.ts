/** What is aimed at, and whether it may be: protected places bear load only at their test events. */
import type { EventView } from '../../../contract/admin-api.ts';
import { refused } from '../../change-errors.ts';
import type { Cli, Connection } from '../../cli.ts';
import { CliError, usageError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { badgeOf, checkEnvironment, contextFlagOf, placeOf } from '../../mutation.ts';

const versionMs = 5_000;

export interface Target {
  readonly baseUrl: string;
  /** Where the server side is seen; undefined = only the gateway is known. */
  readonly connection: Connection | undefined;
  /** Name of the context, or the gateway's host. */
  readonly place: string;
  readonly badge: string;
  readonly isProtected: boolean;
  readonly requireReason: boolean;
  readonly warnings: readonly string[];
}

/**
 * Finds the target and checks that it may be loaded.
 *
 * @throws CliError (2 no gateway known, 3 no such event, 6 not at this place, 7 not reached)
 */
export async function findTarget(
  cli: Cli,
  { event, baseUrl: asked }: { readonly event: string; readonly baseUrl?: string | undefined },
): Promise<Target> {
  const given = asked?.replace(/\/+$/, '');
  if (given !== undefined && !isHttp(given)) {
    throw usageError(`--base-url "${given}" is not a URL such as https://gateway.example`);
  }
  const connection = await connectionTo(cli, given);
  const baseUrl = given ?? connection?.context.gateway;
  if (baseUrl === undefined) {
    const { name } = connection?.context ?? { name: '' };
    throw usageError(`context "${name}" names no gateway`, {
      why: 'the load goes to the visitor API, not to the admin API',
      hint: `tacos context set ${name} --gateway URL`,
    });
  }
  const gatewayBadge = badgeOf(await environmentOf(baseUrl));
  if (connection === undefined) {
    const isProtected = gatewayBadge === 'PROD';
    if (isProtected)
      throw notATest(`${baseUrl} calls itself production, and no context says what ${event} is`);
    const place = new URL(baseUrl).host;
    return {
      baseUrl,
      connection,
      place,
      badge: gatewayBadge,
      isProtected,
      requireReason: false,
      warnings: [],
    };
  }
  await connection.api.version();
  const badge = checkEnvironment(connection);
  const { context } = connection;
  if (context.readOnly) throw refused(`context "${context.name}" is read-only`, 'READ_ONLY');
  const { isProtected, requireReason = false } = placeOf(connection, badge);
  const found = await findEvent(connection, event, isProtected);
  if (isProtected && found?.kind !== 'test') {
    const flag = contextFlagOf(cli);
    throw notATest(`${event} is no test event, and ${badge} is protected`, `tacos event list${flag}`);
  }
  const warnings =
    found?.kind === 'operator'
      ? [`${event} is no test event: its visitors stand in line with the load's`]
      : [];
  return { baseUrl, connection, place: context.name, badge, isProtected, requireReason, warnings };
}

/** With --base-url the context only counts where it leads to the same gateway, or was named. */
async function connectionTo(cli: Cli, baseUrl: string | undefined): Promise<Connection | undefined> {
  if (baseUrl === undefined || cli.flags.context !== undefined) return cli.connect('mutation');
  try {
    const connection = await cli.connect('mutation');
    const { gateway } = connection.context;
    return gateway !== undefined && new URL(gateway).origin === new URL(baseUrl).origin
      ? connection
      : undefined;
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}

/** Outside of protected places a missing event is made by the first join, where gateways do that. */
async function findEvent(
  { api }: Connection,
  event: string,
  isNeeded: boolean,
): Promise<EventView | undefined> {
  try {
    return (await api.event(event)).item;
  } catch (error) {
    const isMissing = error instanceof CliError && error.details.exitCode === exitCodes.notFound;
    if (isMissing && !isNeeded) return undefined;
    throw error;
  }
}

/** What the gateway calls its environment. @throws CliError (7) */
async function environmentOf(baseUrl: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${baseUrl}/version`, { signal: AbortSignal.timeout(versionMs) });
    const body: unknown = await answer.json();
    const isOurs = typeof body === 'object' && body !== null && 'environment' in body;
    return isOurs && typeof body.environment === 'string' ? body.environment : undefined;
  } catch (cause) {
    throw new CliError(`the gateway ${baseUrl} does not answer`, {
      code: 'GATEWAY_UNREACHABLE',
      exitCode: exitCodes.unreachable,
      why: `${cause instanceof Error ? cause.message : String(cause)}; nothing was sent`,
      hint: `curl -sS ${baseUrl}/version`,
    });
  }
}

const isHttp = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/** Load is refused here: the event is none made with --test. */
export function notATest(message: string, hint?: string): CliError {
  return new CliError(message, {
    code: 'NOT_A_TEST_EVENT',
    exitCode: exitCodes.refused,
    why: 'load goes to test events only there (tacos event create EVT --test); nothing was sent',
    ...(hint === undefined ? {} : { hint }),
  });
}

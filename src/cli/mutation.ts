/**
 * The one way of every change: plan, environment check, plan shown, consent, action, receipt. Commands give it an
 * action; the live screen uses the same parts with its own dialog.
 */
import { randomUUID } from 'node:crypto';
import { type Action, type ChangeReply, eventlessActions, type Plan } from '../contract/actions.ts';
import { environmentKindOf } from '../contract/environment.ts';
import {
  checkNotRefused,
  checkVersion,
  exitOfResults,
  explained,
  isRefused,
  refused,
  throwIfFailed,
} from './change-errors.ts';
import { checkFlags, type MutationFlags } from './change-flags.ts';
import {
  isForPeople,
  printChange,
  printPlan,
  showPlan,
  unchangedReply,
  writeReceipt,
} from './change-report.ts';
import type { Cli, Connection } from './cli.ts';
import { type Ask, type ConsentPlace, consentNeeds, type NamedChange, obtainConsent } from './consent.ts';
import { checkLimits } from './context-limits.ts';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { clean } from './output/clean.ts';
import { waitDefaultMs, waitForGoals } from './wait.ts';

/** A change to make. */
export interface Change {
  /** Event ids; empty for actions of no single event. */
  readonly events: readonly string[] | 'all';
  /** The action, or how to find it out once connected. */
  readonly action: Action | ((connection: Connection) => Promise<Action>);
  readonly flags: MutationFlags;
  /** Asks also where nothing else would. */
  readonly alwaysAsk?: boolean;
  /** What a yes means; asked once the action is known. */
  readonly named?: () => NamedChange | undefined;
}

const badgeByKind = { prod: 'PROD', staging: 'STAGING', test: 'TEST', dev: 'DEV' } as const;

/** Short name of where a change lands, from what the server calls itself. */
export function badgeOf(environment: string | undefined): string {
  if (environment === undefined) return '?';
  const kind = environmentKindOf(environment);
  return kind === undefined ? clean(environment).toUpperCase() : badgeByKind[kind];
}

/** The first words of every change and screen: ` DEV  local / evt_demo`. */
export const contextLine = (badge: string, context: string, event: string): string =>
  ` ${badge}  ${context} / ${event}`;

/** Where a change lands, as the consent to it sees it: the server's own name decides, whatever the context says. */
export const placeOf = ({ context }: Pick<Connection, 'context'>, badge: string): ConsentPlace => ({
  isProtected: context.isProtected || badge === badgeByKind.prod,
  requireReason: context.requireReason,
  badge,
});

/** The error of a plan: whatever it was, nothing was changed yet, and that is said. */
const untouched = (error: unknown): never => {
  if (!(error instanceof CliError) || error.details.why !== undefined) throw error;
  throw new CliError(error.message, { ...error.details, why: 'nothing was changed' });
};

/** The badge of the server, once it has answered. @throws CliError (6) when it is not what the context says */
export function checkEnvironment({ context, api }: Connection): string {
  const badge = badgeOf(api.environment);
  const expected = context.kind === undefined ? badge : badgeByKind[context.kind];
  if (badge === expected) return badge;
  throw refused(
    `context "${context.name}" says ${expected}, the server calls itself ${badge}`,
    'ENVIRONMENT_MISMATCH',
  );
}

/** What to add to a command so that it goes to the same place: ` -c apne2-prod`, or nothing where none was given. */
export const contextFlagOf = ({ flags: { context } }: Pick<Cli, 'flags'>): string =>
  context === undefined ? '' : ` -c ${context}`;

/**
 * Makes a change, or only its plan. Resolves with the exit code.
 *
 * @throws CliError (2 flags, 5 no consent, 6 refused, 7 not reached, 8 --wait ran out, 9 answer lost)
 */
export async function runAction(cli: Cli, change: Change): Promise<number> {
  const { flags, events } = change;
  checkFlags(flags, events);
  const connection = await cli.connect('mutation');
  const { api, context } = connection;
  if (context.readOnly && flags.dryRun !== true) {
    throw refused(`context "${context.name}" is read-only`, 'READ_ONLY');
  }
  const action = typeof change.action === 'function' ? await change.action(connection) : change.action;
  const override = flags.override === true ? { override: true } : {};
  const request = { events: events === 'all' ? events : [...events], action, ...override };
  const plan = await api.plan(request).catch(untouched);
  const badge = checkEnvironment(connection);
  const { accessible: isAccessible } = cli.flags;
  const named = change.named?.();
  const place = { ...placeOf(connection, badge), alwaysAsk: change.alwaysAsk === true, isAccessible, named };
  const ask = flags.dryRun === true ? undefined : askOf(cli);
  const isAsked = ask !== undefined && consentNeeds(plan, place).ask;
  const told = showPlan(cli, { plan, badge, context: context.name, isAsked });
  const scene = { api, plan, contextFlag: contextFlagOf(cli) };
  // The server answers a key that it knows as it did before, whatever has become of the settings since.
  const isRepeatable = flags.idempotencyKey !== undefined;
  if (!isRepeatable) await checkVersion(flags, scene);
  checkLimits(context.limits, plan);
  if (flags.dryRun === true) {
    const refusal = isRefused(plan, flags);
    await printPlan(cli, { plan, context: context.name, isRefused: refusal });
    return refusal ? exitCodes.refused : exitCodes.done;
  }
  if (!isRepeatable) checkNotRefused(plan, flags);
  // Also true where there is no event at all.
  const isSame = !isRepeatable && plan.items.every(({ unchanged }) => unchanged);
  if (isSame) return report(cli, { connection, action, flags, told, reply: unchangedReply(plan) });
  const consent = await obtainConsent(plan, { place, given: flags, ask });
  const ticket = flags.ticket === undefined ? {} : { ticket: flags.ticket };
  const headers = {
    ...ifRevision(plan, change, action),
    idempotencyKey: flags.idempotencyKey ?? randomUUID(),
  };
  let reply: ChangeReply;
  try {
    reply = await api.act({ ...request, planHash: plan.hash, ...consent, ...ticket }, headers);
  } catch (error) {
    throw await explained(error, scene);
  }
  return report(cli, { connection, action, flags, told, reply });
}

/** How to ask; undefined where nobody is there, or where the question would mix with data. */
export function askOf({ runtime, flags }: Pick<Cli, 'runtime' | 'flags'>): Ask | undefined {
  const canAsk = runtime.isInteractive && flags.input && !runtime.env.CI && isForPeople(flags.output);
  return canAsk ? (question) => runtime.ask(question) : undefined;
}

/** The version that the plan rests on, for changes of one event that exists; several are guarded by the plan's hash. */
function ifRevision(plan: Plan, { events, flags }: Change, { type }: Action): { ifRevision?: number } {
  if (flags.ifVersion !== undefined) return { ifRevision: flags.ifVersion };
  const [item] = plan.items;
  const isVersioned = type !== 'event.create' && !eventlessActions.includes(type);
  const isOne = events !== 'all' && events.length === 1;
  return isVersioned && isOne && item !== undefined ? { ifRevision: item.revision } : {};
}

interface Made {
  readonly connection: Connection;
  readonly action: Action;
  readonly flags: MutationFlags;
  readonly told: readonly string[];
  readonly reply: ChangeReply;
}

async function report(cli: Cli, { connection, action, flags, told, reply }: Made): Promise<number> {
  throwIfFailed(reply);
  const isText = isForPeople(cli.flags.output);
  if (isText) writeReceipt(cli, reply, { contextFlag: contextFlagOf(cli), told });
  const timeoutMs = cli.flags.timeoutMs ?? waitDefaultMs;
  const { api, context } = connection;
  const { runtime } = cli;
  const unfinished =
    flags.wait === true ? await waitForGoals({ api, runtime, action, reply, timeoutMs }) : [];
  if (!isText) {
    await printChange(cli, context.name, { ...reply, warnings: [...reply.warnings, ...unfinished] });
    return unfinished.length > 0 ? exitCodes.notFinished : exitOfResults(reply);
  }
  if (unfinished.length > 0) throw notFinished(unfinished, reply);
  return exitOfResults(reply);
}

const notFinished = (unfinished: readonly string[], { results }: ChangeReply): CliError =>
  new CliError(`not finished in time: ${unfinished.join('; ')}`, {
    code: 'NOT_FINISHED',
    exitCode: exitCodes.notFinished,
    why: 'the change was made; its effect is not complete yet',
    ...(results[0]?.event ? { hint: `tacos queue watch ${results[0].event}` } : {}),
    applied: 'yes',
  });

/**
 * How careful a change must be: what is asked before it is applied. Pure; command line and live screen share it.
 *
 * S1 asks yes or no in protected places only; S2 there a yes and a reason, elsewhere it is as S1; S3 always wants the
 * event's id typed, and in protected places a reason too. Who cannot be asked gives the same by flags.
 */
import { consentDataAgeSecMax, type Plan, reasonCharsMin } from '../contract/actions.ts';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';

/** Where a change lands. */
export interface ConsentPlace {
  /** The context is protected, or the server calls itself production. */
  readonly isProtected: boolean;
  /** Short name of the server's environment, such as PROD. */
  readonly badge: string;
  /** The context wants a reason for every change. */
  readonly requireReason?: boolean;
  /** Ask also where nothing else would, such as when the change was not named. */
  readonly alwaysAsk?: boolean;
  /** Choices are numbered, for screen readers. */
  readonly isAccessible?: boolean;
  /** What a yes means, in place of `Apply`; and the command that says the same without being asked. */
  readonly named?: NamedChange | undefined;
}

/** A change that the person did not spell out. */
export interface NamedChange {
  /** Such as `undo aud_7R0D: refill 10.0/s -> 50.0/s of evt_demo, 40s ago by root`. */
  readonly what: string;
  /** Such as `tacos undo aud_7R0D`; undefined = the person gave it so already. */
  readonly instead?: string;
}

/** What a change needs before it may be applied. */
export interface ConsentNeeds {
  /** A yes, or what must be typed. */
  readonly ask: boolean;
  readonly reason: boolean;
  /** To be typed letter by letter: the ids of all events, separated by commas; undefined = yes or no will do. */
  readonly typed: string | undefined;
  /** The question, ended by a space. */
  readonly question: string;
}

/** What consent depends on. */
export type Weighed = Pick<Plan, 'level' | 'dataAgeSec'> & {
  readonly items: readonly Pick<Plan['items'][number], 'event' | 'subject'>[];
};

/** What consent a plan needs. */
export function consentNeeds({ level, items }: Weighed, place: ConsentPlace): ConsentNeeds {
  const { isProtected, badge, requireReason = false, alwaysAsk = false, isAccessible = false } = place;
  const { named } = place;
  const apply =
    named === undefined ? `Apply to ${badge}` : `${named.what}${isProtected ? ` at ${badge}` : ''}`;
  const yesOrNo = isAccessible ? `${apply}? Type 1 to apply, 2 to cancel: ` : `${apply}? [y/N] `;
  const typed = level === 'S3' ? items.flatMap(({ event, subject }) => event ?? subject ?? []).join(',') : '';
  return {
    ask: level === 'S3' || isProtected || alwaysAsk,
    reason: requireReason || (isProtected && level !== 'S1'),
    typed: typed === '' ? undefined : typed,
    question: typed === '' ? yesOrNo : `Type ${typed} to apply to ${badge}: `,
  };
}

/** Whether the ids typed are the ones wanted; order and spaces do not matter, letters do. */
export const isTyped = (text: string, typed: string): boolean => idsOf(text) === idsOf(typed);

/** Whether somebody said yes, or its number; everything else is no. */
export const isYes = (text: string): boolean => /^(y|yes|1)$/i.test(text.trim());

/** Whether a text will do as a reason. */
export const isReason = (text: string | undefined): text is string =>
  text !== undefined && text.trim().length >= reasonCharsMin;

/** What was given ahead of any question. */
export interface GivenConsent {
  readonly reason?: string;
  readonly yes?: boolean;
  readonly confirm?: string;
}

/** How to ask; absent where nobody can be asked. */
export type Ask = (question: string) => Promise<string>;

/** What goes with the action. */
export interface Consent {
  readonly reason?: string;
  readonly confirm?: string;
}

/** Gets what a plan needs from the flags, else by asking. @throws CliError (5) when it stays incomplete, (7) on old data */
export async function obtainConsent(
  plan: Weighed,
  { place, given, ask }: { place: ConsentPlace; given: GivenConsent; ask: Ask | undefined },
): Promise<Consent> {
  checkAge(plan);
  const needs = consentNeeds(plan, place);
  if (!needs.ask && !needs.reason) return given.reason === undefined ? {} : { reason: given.reason };
  if (given.confirm !== undefined && needs.typed !== undefined && !isTyped(given.confirm, needs.typed)) {
    throw noConsent(`--confirm "${given.confirm}" does not name ${needs.typed}`);
  }
  const isConfirmed = needs.typed === undefined ? given.yes === true : given.confirm !== undefined;
  const lacksReason = needs.reason && given.reason === undefined;
  if (ask === undefined && ((needs.ask && !isConfirmed) || lacksReason))
    throw missingFlags(needs, place, given);
  const reason = lacksReason && ask !== undefined ? await askReason(ask) : given.reason;
  if (needs.ask && !isConfirmed && ask !== undefined) {
    const answer = await ask(needs.question);
    const isAgreed = needs.typed === undefined ? isYes(answer) : isTyped(answer, needs.typed);
    if (!isAgreed) throw noConsent('not applied, as asked');
  }
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(needs.typed === undefined ? {} : { confirm: needs.typed }),
  };
}

/** A refusal for want of consent. */
export const noConsent = (message: string, hint?: string): CliError =>
  new CliError(message, {
    code: 'NO_CONSENT',
    exitCode: exitCodes.noConsent,
    why: 'nothing was changed',
    ...(hint === undefined ? {} : { hint }),
  });

function checkAge({ dataAgeSec }: Weighed): void {
  if (dataAgeSec <= consentDataAgeSecMax) return;
  throw new CliError(
    `the plan rests on data that is ${dataAgeSec.toFixed(1)} s old: nobody can consent to it`,
    {
      code: 'STALE',
      exitCode: exitCodes.unreachable,
      why: `no consent counts above ${consentDataAgeSecMax} s; nothing was changed`,
      hint: 'tacos doctor',
    },
  );
}

/** Names every flag that is missing, so that one more try is enough. */
function missingFlags(
  { ask, reason, typed }: ConsentNeeds,
  { badge, isProtected, named }: ConsentPlace,
  given: GivenConsent,
): CliError {
  const consentFlag = typed === undefined ? '--yes' : `--confirm ${typed}`;
  const isConfirmed = typed === undefined ? given.yes === true : given.confirm !== undefined;
  const flags = [
    ...(ask && !isConfirmed ? [consentFlag] : []),
    ...(reason && given.reason === undefined ? ['--reason TEXT'] : []),
  ].join(' and ');
  const isYesAlone = typed !== undefined && given.yes === true && given.confirm === undefined;
  const sentence = isYesAlone
    ? `--yes is not enough for what cannot be fully undone: it needs ${flags}`
    : `this change at ${badge} needs ${flags}`;
  const { instead } = named ?? {};
  // Asked only because it was not named: naming it is as good as a yes.
  if (instead !== undefined && !isProtected && flags === '--yes') {
    return noConsent(`${sentence}, or the id of the change: that is enough`, instead);
  }
  return noConsent(sentence, `add ${flags}`);
}

async function askReason(ask: Ask): Promise<string> {
  const reason = await ask(`Reason (at least ${reasonCharsMin} characters): `);
  if (isReason(reason)) return reason.trim();
  throw noConsent(`not applied: a reason has at least ${reasonCharsMin} characters`);
}

const idsOf = (text: string): string =>
  text
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')
    .toSorted()
    .join(',');

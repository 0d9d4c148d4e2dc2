/** Settings beside the bucket: window, tiers, presence, most waiting; and what an event is called and when it opens. */
import type { ParsedAction } from '../../../contract/actions.ts';
import { isTimeZone, type Tier, tierWaitMs, windowAt } from '../../settings.ts';
import { counted } from '../counted.ts';
import { bucketView } from '../views.ts';
import { badRequest, type Draft, peopleOf, type Seen, settingsDraft } from './draft.ts';
import { formatTiers, summaryOfRows, withFields } from './setting-rows.ts';
import { burstWarnings } from './warnings.ts';

type SettingsSet = Extract<ParsedAction, { type: 'settings.set' }>;
type EventSet = Extract<ParsedAction, { type: 'event.set' }>;

/** Settings whose row has another name. */
const rowNames: Readonly<Record<string, string>> = { challengeBits: 'challenge' };

/** Window, tiers, presence, claim time, most waiting and the challenge. */
export function settingsSet(seen: Seen, action: SettingsSet): Draft {
  const { window, tiers, presenceSec, claimSec, maxWaiting, challengeBits } = action;
  const fields = {
    ...(window === undefined ? {} : { window: String(window ?? 0) }),
    ...(tiers === undefined ? {} : { tiers: formatTiers(tiersOf(tiers)) }),
    ...(presenceSec === undefined ? {} : { presenceMs: String(Math.round(presenceSec * 1000)) }),
    ...(claimSec === undefined ? {} : { claimMs: String(Math.round(claimSec * 1000)) }),
    ...(maxWaiting === undefined ? {} : { maxWaiting: String(maxWaiting) }),
    ...(challengeBits === undefined ? {} : { challenge: String(challengeBits) }),
  };
  const { type: _, ...given } = action;
  const asked = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [rowNames[name] ?? name],
  );
  if (asked.length === 0) throw badRequest('Nothing to set is given.');
  const after = withFields(seen.settings, fields);
  if (tiers !== undefined || window !== undefined) checkTiers(after.tiers, windowAt(after, seen.nowMs));
  const draft = settingsDraft(
    seen,
    { after, touched: Object.keys(fields), asked },
    { level: 'S1', undoSec: 900, people: seen.waiting, summary: '', operation: { kind: 'settings', fields } },
  );
  const isFull = maxWaiting !== undefined && maxWaiting > 0 && peopleOf(seen) >= maxWaiting;
  return {
    ...draft,
    summary: summaryOfRows(draft.rows.filter(({ unit }) => unit !== 'flag')),
    warnings: [
      ...challengeWarnings(challengeBits ?? 0),
      ...(window === undefined
        ? []
        : burstWarnings(bucketView(after, seen.tokensMicro, seen.nowMs), {
            windowIsDefault: after.window === 0,
          }).filter((text) => text.startsWith('window'))),
      ...(isFull
        ? [
            `${counted(peopleOf(seen))} people wait already: nobody else can join until fewer than ${counted(maxWaiting)} do`,
          ]
        : []),
    ],
  };
}

/** Above it phones take long: a plan says so, from the number of hashes alone. */
const challengeBitsEasy = 18;

const challengeWarnings = (bits: number): string[] =>
  bits > challengeBitsEasy
    ? [
        `challenge ${bits}: a visitor's device computes ${counted(2 ** bits)} hashes on average before it may join; old phones do some 100,000 a second`,
      ]
    : [];

const tiersOf = (tiers: NonNullable<SettingsSet['tiers']>): Tier[] =>
  tiers
    .map(({ first, last, waitSec }) => ({ first, last, waitMs: Math.round(waitSec * 1000) }))
    .toSorted((a, b) => a.first - b.first);

/**
 * Nobody may be held for longer than those behind them: they would be overtaken by people who came later.
 *
 * @throws TacosError BAD_REQUEST
 */
export function checkTiers(tiers: readonly Tier[], window: number): void {
  for (const [index, { first, last }] of tiers.entries()) {
    if (last !== 0 && last < first) throw badRequest(`The tier ${first}-${last} ends before it begins.`);
    const next = tiers[index + 1];
    if (next && (last === 0 || next.first <= last))
      throw badRequest(`The tiers ${first}-${last || ''} and ${next.first}-${next.last || ''} overlap.`);
  }
  // Waits change only at these positions.
  const starts = [1, ...tiers.flatMap(({ first, last }) => (last === 0 ? [first] : [first, last + 1]))];
  let longest = 0;
  for (const position of starts.filter((start) => start <= window).sort((a, b) => a - b)) {
    const waitMs = tierWaitMs(tiers, position);
    if (waitMs < longest)
      throw badRequest(
        `Position ${position} would wait ${waitMs / 1000} s, people in front of it ${longest / 1000} s: ` +
          'waits must not grow towards the front.',
        'give the last tier the end 0, the end of the window',
      );
    longest = waitMs;
  }
}

/** Name, opening time, beginning of the prequeue, time zone. */
export function eventSet(seen: Seen, action: EventSet): Draft {
  const { name, opensAt, prequeueFrom, timeZone } = action;
  const at = (text: string): number => Date.parse(text);
  const isBefore = seen.phase === 'scheduled' || seen.phase === 'prequeue';
  if (!isBefore && (opensAt !== undefined || prequeueFrom !== undefined))
    throw badRequest(
      `This event is ${seen.phase}: it has its opening behind it.`,
      seen.phase === 'closed' ? `tacos queue open ${seen.id} --at T` : 'tacos event create ID --opens-at T',
    );
  if (opensAt !== undefined && at(opensAt) <= seen.nowMs)
    throw badRequest('This opening time has passed: give one that is to come.');
  if (timeZone !== undefined && !isTimeZone(timeZone)) throw badRequest('This time zone is not known.');
  const fields = {
    ...(name === undefined ? {} : { name }),
    ...(opensAt === undefined ? {} : { opensAt: String(at(opensAt)) }),
    ...(prequeueFrom === undefined ? {} : { prequeueFrom: String(at(prequeueFrom)) }),
    ...(timeZone === undefined ? {} : { timeZone }),
  };
  const asked = Object.keys(fields);
  if (asked.length === 0) throw badRequest('Nothing to set is given.');
  const after = withFields(seen.settings, fields);
  if (after.opensAtMs > 0 && after.prequeueFromMs > after.opensAtMs)
    throw badRequest('The prequeue would begin after the opening.');
  const draft = settingsDraft(
    seen,
    { after, touched: asked, asked },
    {
      level: 'S1',
      undoSec: 900,
      people: peopleOf(seen),
      summary: '',
      operation: { kind: 'settings', fields },
    },
  );
  return { ...draft, summary: summaryOfRows(draft.rows) };
}

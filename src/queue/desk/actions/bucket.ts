/** Actions on the bucket: refill and capacity, at once, along a ramp or for a time; and back to earlier values. */
import type { Level, ParsedAction } from '../../../contract/actions.ts';
import { microPerToken } from '../../../contract/limits.ts';
import { capacityAt } from '../../bucket.ts';
import type { EventSettings } from '../../settings.ts';
import type { TimedChange } from '../../store.ts';
import { constant, formatTimedValue, parseTimedValue, type TimedValue, valueAt } from '../../timed-value.ts';
import { bucketView } from '../views.ts';
import { claimOf } from './claim.ts';
import { badRequest, type Draft, type Seen, settingsDraft } from './draft.ts';
import { planRates } from './rates.ts';
import { type RawFields, summaryOfRows, withFields } from './setting-rows.ts';
import { burstWarnings, endedLimitWarnings } from './warnings.ts';

type BucketSet = Extract<ParsedAction, { type: 'bucket.set' }>;

/** Beyond this factor, or below its inverse, a change is felt by visitors: S2. */
const smallStep = 2;

/** Refill and capacity as asked. */
export function bucketSet(seen: Seen, action: BucketSet): Draft {
  const { capacity, refillPerSec, rampSec, forSec } = action;
  if (capacity === undefined && refillPerSec === undefined)
    throw badRequest('Neither a capacity nor a refill is given.');
  if (rampSec !== undefined && forSec !== undefined && rampSec > forSec)
    throw badRequest(`The ramp of ${rampSec} s is longer than the ${forSec} s that the value is to last.`);
  const times = {
    ...(rampSec === undefined ? {} : { rampMs: Math.round(rampSec * 1000) }),
    ...(forSec === undefined ? {} : { forMs: Math.round(forSec * 1000) }),
  };
  const timed: { refill?: TimedChange; capacity?: TimedChange } = {
    ...(refillPerSec === undefined
      ? {}
      : { refill: { to: Math.round(refillPerSec * microPerToken), ...times } }),
    ...(capacity === undefined ? {} : { capacity: { to: capacity * microPerToken, ...times } }),
  };
  const after = { ...seen.settings, ...planRates(seen.settings, timed, seen.nowMs) };
  const isPlain = rampSec === undefined && forSec === undefined;
  const asked = [
    ...(refillPerSec === undefined ? [] : ['refillPerSec']),
    ...(capacity === undefined ? [] : ['capacity']),
  ];
  const touched = [...(timed.refill ? ['refill'] : []), ...(timed.capacity ? ['capacity'] : [])];
  const draft = bucketDraft(seen, { after, touched, asked });
  const suffix = [
    ...(rampSec === undefined ? [] : [`over ${rampSec} s`]),
    ...(forSec === undefined ? [] : [`for ${forSec} s`]),
  ];
  return {
    ...draft,
    unchanged: isPlain && draft.unchanged,
    summary: [
      summaryOfRows(draft.rows.filter(({ unit }) => unit !== 'time' && unit !== 'flag')),
      ...suffix,
    ].join(' '),
    operation: { kind: 'settings', timed },
  };
}

/** Refill and capacity of an earlier version, given as that version's meta; without its times. */
export function bucketRestore(
  seen: Seen,
  version: { readonly revision: number; readonly meta: RawFields; readonly isReset: boolean },
): Draft {
  const lasting = (text: string): TimedValue => constant(parseTimedValue(text).to);
  const { meta, revision } = version;
  const fields = {
    refill: formatTimedValue(lasting(meta.refill ?? '')),
    capacity: meta.capacity ? formatTimedValue(lasting(meta.capacity)) : '',
  };
  const after = withFields(seen.settings, fields);
  const draft = bucketDraft(seen, {
    after,
    touched: ['refill', 'capacity'],
    asked: ['refillPerSec', 'capacity'],
  });
  const rows = draft.rows.filter(({ unit }) => unit !== 'time' && unit !== 'flag');
  const what = version.isReset ? 'bucket as the event was made with' : `bucket of version ${revision}`;
  return {
    ...draft,
    level: version.isReset ? draft.level : 'S2',
    summary: `${what}: ${summaryOfRows(rows)}`,
    operation: { kind: 'settings', fields },
  };
}

function bucketDraft(
  seen: Seen,
  change: { after: EventSettings; touched: readonly string[]; asked: readonly string[] },
): Draft {
  const { settings, nowMs } = seen;
  const { after } = change;
  return settingsDraft(seen, change, {
    moves: true,
    level: stepLevel(settings, after, nowMs),
    undoSec: 900,
    people: seen.waiting,
    claim: { before: claimOf(settings, nowMs), after: claimOf(after, nowMs) },
    warnings: [
      ...burstWarnings(bucketView(after, seen.tokensMicro, nowMs), { windowIsDefault: after.window === 0 }),
      ...endedLimitWarnings(settings, after, nowMs),
    ],
    summary: '',
    operation: { kind: 'settings' },
  });
}

function stepLevel(before: EventSettings, after: EventSettings, nowMs: number): Level {
  const isLarge = (from: number, to: number): boolean => to > smallStep * from || to * smallStep < from;
  const refillIsLarge = isLarge(valueAt(before.refill, nowMs), after.refill.to);
  // A default capacity follows the refill, so only one that was set counts by itself.
  const capacityIsLarge =
    after.capacity !== undefined && isLarge(capacityAt(before, nowMs), after.capacity.to);
  return refillIsLarge || capacityIsLarge ? 'S2' : 'S1';
}

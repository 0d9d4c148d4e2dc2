/** Settings as raw meta fields and as the rows of a plan: what differs between two of them. */
import type { ChangeRow, PlainValue } from '../../../contract/audit.ts';
import { microPerToken } from '../../../contract/limits.ts';
import { capacityAt } from '../../bucket.ts';
import { type EventSettings, parseSettings, phaseAt, type Tier, windowAt } from '../../settings.ts';
import { formatTimedValue, type TimedValue, valueAt } from '../../timed-value.ts';

/** Meta fields by name, as the scripts keep them. */
export type RawFields = Readonly<Record<string, string>>;

/** Tiers as meta keeps them: `1-10=0,51-=5000`. */
export const formatTiers = (tiers: readonly Tier[]): string =>
  tiers.map(({ first, last, waitMs }) => `${first}-${last || ''}=${waitMs}`).join(',');

/** Every meta field that an operator may set, as it is now. */
export function rawOf(settings: EventSettings): RawFields {
  return {
    name: settings.name,
    timeZone: settings.timeZone,
    opensAt: String(settings.opensAtMs),
    prequeueFrom: String(settings.prequeueFromMs),
    phase: settings.phase,
    paused: settings.paused ? '1' : '0',
    deadline: String(settings.deadlineMs),
    window: String(settings.window),
    tiers: formatTiers(settings.tiers),
    presenceMs: String(settings.presenceMs),
    claimMs: String(settings.claimMs),
    maxWaiting: String(settings.maxWaiting),
    challenge: String(settings.challengeBits),
    message: settings.message,
    messageUntil: String(settings.messageUntilMs),
    refill: formatTimedValue(settings.refill),
    capacity: settings.capacity ? formatTimedValue(settings.capacity) : '',
  };
}

/** The settings with some fields put in place. */
export function withFields(settings: EventSettings, fields: RawFields): EventSettings {
  const parsed = parseSettings({ ...rawOf(settings), ...fields });
  const { life, incarnation, epoch, kid, revision, kind, baseMs, createdAtMs, changedAtMs, brake } = settings;
  return {
    ...parsed,
    life,
    incarnation,
    epoch,
    kid,
    revision,
    kind,
    baseMs,
    createdAtMs,
    changedAtMs,
    brake,
  };
}

const timeOrNull = (ms: number): string | null => (ms > 0 ? new Date(ms).toISOString() : null);
/** Where a value is going: the end of its ramp, or what holds after its limit where that has passed. */
const targetOf = (timed: TimedValue, nowMs: number): number =>
  timed.untilMs > 0 && timed.untilMs <= nowMs ? timed.after : timed.to;
const futureOrNull = (ms: number, nowMs: number): string | null => (ms > nowMs ? timeOrNull(ms) : null);

type Shape = Omit<ChangeRow, 'before' | 'after'> & {
  readonly of: (settings: EventSettings, nowMs: number) => PlainValue;
  /** Where the value before is another one than the value it is going to. */
  readonly now?: (settings: EventSettings, nowMs: number) => PlainValue;
};

const challengeText = (bits: number): string => (bits === 0 ? 'off' : `${bits} bits`);

const shapes: readonly Shape[] = [
  { name: 'name', unit: 'text', of: ({ name }) => name },
  { name: 'phase', unit: 'text', of: phaseAt },
  { name: 'paused', unit: 'flag', of: ({ paused }) => paused },
  { name: 'opensAt', unit: 'time', of: ({ opensAtMs }) => timeOrNull(opensAtMs) },
  { name: 'prequeueFrom', unit: 'time', of: ({ prequeueFromMs }) => timeOrNull(prequeueFromMs) },
  { name: 'closesAt', unit: 'time', of: ({ deadlineMs }) => timeOrNull(deadlineMs) },
  { name: 'timeZone', unit: 'text', of: ({ timeZone }) => timeZone },
  {
    name: 'refillPerSec',
    unit: 'perSec',
    of: ({ refill }, nowMs) => targetOf(refill, nowMs) / microPerToken,
    now: ({ refill }, nowMs) => valueAt(refill, nowMs) / microPerToken,
  },
  { name: 'refillRampEndsAt', unit: 'time', of: ({ refill }, nowMs) => futureOrNull(refill.toAtMs, nowMs) },
  { name: 'refillUntil', unit: 'time', of: ({ refill }, nowMs) => futureOrNull(refill.untilMs, nowMs) },
  {
    name: 'capacity',
    unit: 'tokens',
    of: (settings, nowMs) =>
      (settings.capacity
        ? targetOf(settings.capacity, nowMs)
        : capacityAt(settings, rampEnd(settings, nowMs))) / microPerToken,
    now: (settings, nowMs) => capacityAt(settings, nowMs) / microPerToken,
  },
  {
    name: 'capacityUntil',
    unit: 'time',
    of: ({ capacity }, nowMs) => futureOrNull(capacity?.untilMs ?? 0, nowMs),
  },
  { name: 'capacityIsDefault', unit: 'flag', of: ({ capacity }) => capacity === undefined },
  {
    name: 'window',
    unit: 'places',
    of: (settings, nowMs) => windowAt(settings, rampEnd(settings, nowMs)),
    now: windowAt,
  },
  { name: 'windowIsDefault', unit: 'flag', of: ({ window }) => window === 0 },
  { name: 'tiers', unit: 'text', of: ({ tiers }) => tiersText(tiers) },
  { name: 'presenceSec', unit: 'sec', of: ({ presenceMs }) => presenceMs / 1000 },
  { name: 'claimSec', unit: 'sec', of: ({ claimMs }) => claimMs / 1000 },
  { name: 'maxWaiting', unit: 'people', of: ({ maxWaiting }) => maxWaiting },
  { name: 'challenge', unit: 'text', of: ({ challengeBits }) => challengeText(challengeBits) },
  { name: 'message', unit: 'text', of: ({ message }) => message || null },
  { name: 'messageUntil', unit: 'time', of: ({ messageUntilMs }) => timeOrNull(messageUntilMs) },
];

/** What follows the refill is looked at where its ramp ends, unless a limit ends it before. */
function rampEnd({ refill }: EventSettings, nowMs: number): number {
  const endMs = Math.max(nowMs, refill.toAtMs);
  return refill.untilMs > nowMs ? Math.min(endMs, refill.untilMs - 1) : endMs;
}

/** Tiers as operators write them: `1-10=0s 51-=5s`. */
export const tiersText = (tiers: readonly Tier[]): string =>
  tiers.map(({ first, last, waitMs }) => `${first}-${last || ''}=${waitMs / 1000}s`).join(' ');

/** Rows of all settings that differ, and of those asked for by name even where they do not. */
export function diffRows(change: {
  before: EventSettings;
  after: EventSettings;
  nowMs: number;
  asked?: readonly string[];
}): ChangeRow[] {
  const { before, after, nowMs, asked = [] } = change;
  return shapes.flatMap(({ name, unit, of, now }) => {
    // A course that goes on as it did is no change, though its value now is not where it is going.
    const same =
      of(before, nowMs) === of(after, nowMs) && (now ?? of)(before, nowMs) === (now ?? of)(after, nowMs);
    if (same && !asked.includes(name)) return [];
    const value = of(after, nowMs);
    return [{ name, unit, before: same ? value : (now ?? of)(before, nowMs), after: value }];
  });
}

/** As people say it: `refillPerSec` is refill, `refillUntil` refill until. */
const labelOf = (name: string): string =>
  name
    .replace(/(PerSec|Sec)$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
const shown = ({ unit }: ChangeRow, value: PlainValue): string => {
  if (value === null) return 'none';
  if (unit === 'flag') return value ? 'yes' : 'no';
  if (unit === 'time') return String(value).replace(/\.\d+Z$/, 'Z');
  if (unit === 'perSec') return `${value}/s`;
  return unit === 'sec' ? `${value} s` : String(value);
};

function changeText(row: ChangeRow): string {
  const { name, before, after } = row;
  if (!name.endsWith('IsDefault')) return `${labelOf(name)} ${shown(row, before)} -> ${shown(row, after)}`;
  return `${labelOf(name.replace(/IsDefault$/, ''))} ${after === true ? 'follows' : 'no longer follows'} the refill`;
}

/** Rows in one line, for the audit trail; what stays as it is is left out. */
export function summaryOfRows(rows: readonly ChangeRow[]): string {
  const changed = rows.filter((row) => row.before !== row.after);
  return changed.map(changeText).join(', ');
}

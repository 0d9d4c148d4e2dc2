/** Flags of `tacos simulate` as the model's input. */
import {
  burstMin,
  burstSecDefault,
  pollAfterSecMin,
  refillPerSecDefault,
  tierWaitsDefault,
} from '../../../contract/limits.ts';
import { refillCourse } from '../../../forecast/course.ts';
import type { RatePiece } from '../../../forecast/curve.ts';
import type { ForecastInput } from '../../../forecast/forecast.ts';
import { seededRandom } from '../../../forecast/random.ts';
import type { Connection } from '../../cli.ts';
import { parseDuration } from '../../duration.ts';
import { usageError } from '../../errors.ts';
import type { Runtime } from '../../runtime.ts';
import { readArrivals } from './arrivals.ts';
import { liveStart } from './live.ts';

/** Flags of `tacos simulate`. */
export interface SimulateFlags {
  readonly event?: string;
  readonly fromLive?: string;
  readonly visitors?: number;
  readonly over?: string;
  readonly arrivals?: string;
  readonly refill?: number;
  readonly ramp?: string;
  readonly capacity?: number;
  /** True = not given: commander's default of a flag that begins with no. */
  readonly noShow?: number | true;
  readonly opensIn?: string;
  readonly horizon?: string;
  readonly seed?: number;
  readonly assert?: string;
}

/** What is run, and where it came from. */
export interface Scenario {
  readonly input: ForecastInput;
  readonly event: string | null;
  readonly timeZone: string | undefined;
  /** When "now" is, ms. */
  readonly nowMs: number;
  readonly warnings: readonly string[];
}

/** A live line never empties while people keep coming: what they do now says little of later. */
const liveHorizon = '1h';

type Start = Omit<ForecastInput, 'horizonSec'>;

/** Before anything is read: flags that cannot go together. @throws CliError (usage) */
export function checkFlags(flags: SimulateFlags): void {
  const { event, fromLive, visitors, over, arrivals, refill, ramp } = flags;
  if (event !== undefined && fromLive !== undefined)
    throw usageError('give --event or --from-live, not both');
  if (arrivals !== undefined && visitors !== undefined)
    throw usageError('give --visitors or --arrivals, not both');
  if (over !== undefined && visitors === undefined) throw usageError('--over needs --visitors');
  if (ramp !== undefined && refill === undefined) throw usageError('--ramp needs --refill');
  if (fromLive === undefined && visitors === undefined && arrivals === undefined) {
    throw usageError('there is nobody to forecast for: give --visitors, --arrivals or --from-live');
  }
}

/** Puts the scenario together; `connection` is there when an event is named. @throws CliError */
export async function scenarioOf(
  runtime: Runtime,
  flags: SimulateFlags,
  connection: Connection | undefined,
): Promise<Scenario> {
  const event = flags.fromLive ?? flags.event ?? null;
  const found = await startOf(runtime, flags, connection);
  const start = withPeople(withBucket(found.start, flags, found.capacityIsDefault), flags, {
    arrivals: flags.arrivals === undefined ? undefined : await readArrivals(runtime, flags.arrivals),
  });
  const input: ForecastInput = {
    ...start,
    ...(typeof flags.noShow === 'number' ? { noShow: flags.noShow } : {}),
    ...(flags.opensIn === undefined ? {} : { openAtSec: parseDuration('--opens-in', flags.opensIn) / 1000 }),
    ...(flags.seed === undefined ? {} : { random: seededRandom(flags.seed) }),
    horizonSec:
      parseDuration('--horizon', flags.horizon ?? (flags.fromLive === undefined ? '24h' : liveHorizon)) /
      1000,
  };
  const { timeZone, nowMs } = found;
  return { input, event, timeZone, nowMs, warnings: [...found.warnings, ...roomWarnings(input)] };
}

async function startOf(
  runtime: Runtime,
  { fromLive, event }: SimulateFlags,
  connection: Connection | undefined,
) {
  const nothing: Start = {
    waiting: 0,
    tokens: Number.POSITIVE_INFINITY,
    capacity: Math.max(burstMin, burstSecDefault * refillPerSecDefault),
    refill: [{ atSec: 0, perSec: refillPerSecDefault }],
    use: 1,
    noShow: 0,
    arrivals: [],
    openAtSec: 0,
    pollSec: pollAfterSecMin,
    tiers: tierWaitsDefault,
    isFresh: true,
  };
  const nowMs = runtime.clock.now();
  const fresh = { start: nothing, capacityIsDefault: true, nowMs, timeZone: undefined, warnings: [] };
  if (connection === undefined) return fresh;
  const { api } = connection;
  if (fromLive !== undefined) {
    const snapshot = await api.snapshot(fromLive);
    const { phase, paused, stale, ageSec } = snapshot;
    const warnings = [
      ...(paused ? [`${fromLive} is paused: the forecast is as if it went on now`] : []),
      ...(phase === 'closed' ? [`${fromLive} is closed: the forecast is as if it opened now`] : []),
      ...(stale ? [`the data is ${ageSec.toFixed(1)} s old`] : []),
    ];
    return {
      start: liveStart(snapshot),
      capacityIsDefault: snapshot.bucket.capacityIsDefault,
      nowMs: Date.parse(snapshot.asOf),
      timeZone: snapshot.timeZone,
      warnings,
    };
  }
  const { item, asOf } = await api.bucket(event ?? '');
  const refill = refillCourse(item.refillPerSec, Date.parse(asOf));
  const start = { ...nothing, refill, capacity: item.capacity.target, window: item.window };
  return { ...fresh, start, capacityIsDefault: item.capacityIsDefault };
}

/** The refill and capacity that are asked for; a capacity of the default follows the refill, as on the server. */
function withBucket(start: Start, flags: SimulateFlags, capacityIsDefault: boolean): Start {
  const { refill, ramp, capacity } = flags;
  if (refill === undefined && capacity === undefined) return start;
  const { window, ...rest } = start;
  const followed =
    refill === undefined ? start.capacity : Math.max(burstMin, Math.ceil(burstSecDefault * refill));
  return {
    ...rest,
    capacity: capacity ?? (capacityIsDefault ? followed : start.capacity),
    ...(refill === undefined ? {} : { refill: rampTo(start.refill, refill, ramp) }),
    // A window that follows the refill never holds less than it needs; one that was set stays.
    ...(window === undefined || refill !== undefined ? {} : { window }),
  };
}

function rampTo(before: readonly RatePiece[], perSec: number, ramp: string | undefined): RatePiece[] {
  if (ramp === undefined) return [{ atSec: 0, perSec }];
  const atSec = parseDuration('--ramp', ramp) / 1000;
  return [
    { atSec: 0, perSec: before[0]?.perSec ?? 0 },
    { atSec, perSec },
  ];
}

function withPeople(
  start: Start,
  { visitors, over }: SimulateFlags,
  { arrivals }: { arrivals: readonly RatePiece[] | undefined },
): Start {
  if (arrivals !== undefined) return { ...start, arrivals };
  if (visitors === undefined) return start;
  if (over === undefined) return { ...start, waiting: start.waiting + visitors, arrivals: [] };
  const sec = parseDuration('--over', over) / 1000;
  const perSec = visitors / sec;
  const pieces = [
    { atSec: 0, perSec },
    { atSec: sec, perSec },
    { atSec: sec, perSec: 0 },
  ];
  return { ...start, arrivals: pieces };
}

function roomWarnings({ capacity, refill }: ForecastInput): string[] {
  const most = Math.max(...refill.map(({ perSec }) => perSec));
  const needed = Math.ceil(burstSecDefault * most);
  if (capacity >= needed) return [];
  return [
    `capacity ${capacity} holds less than ${burstSecDefault} s of refill; ${needed} would reach the rate`,
  ];
}

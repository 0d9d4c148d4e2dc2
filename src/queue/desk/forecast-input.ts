/** What the model of the line needs, from an event as the desk sees it, under the settings of today or of a plan. */
import { microPerToken } from '../../contract/limits.ts';
import type { ForecastInput } from '../../forecast/forecast.ts';
import { capacityAt } from '../bucket.ts';
import type { Flow } from '../flow.ts';
import { type EventSettings, phaseAt, windowAt } from '../settings.ts';
import { type TimedValue, valueAt, valueBefore } from '../timed-value.ts';
import type { Seen } from './actions/draft.ts';

/** Longest time that plans look ahead, s; less where so many people come that the model would take long. */
export const horizonSec = 14_400;
const newcomersMax = 500_000;
/** Time over which behaviour is measured, s. */
const measureSec = 900;
/** Fewer people than this whose turn or stay has ended teach nothing. */
const measuredMin = 30;
/** So long after a change the rate of the last minute is not that of the settings, ms. */
const changeMs = 60_000;
const useMin = 0.05;

/** What people do, as measured lately; see `ForecastInput`. */
export interface Behaviour {
  readonly use: number;
  readonly noShow: number;
  /** Over the last minute. */
  readonly joinPerSec: number;
  /** Whether `use` was measured: what stands in the bucket stood there then too, and is no more used than it was. */
  readonly isSteady: boolean;
}

/** Measures it; where nothing can be said yet, all of the refill is used and everybody comes. */
export function behaviourOf(
  flow: Flow,
  seen: Pick<Seen, 'settings' | 'waiting' | 'nowMs'> & {
    readonly measured: Pick<Seen['measured'], 'admitPerSec1m' | 'joinPerSec' | 'watchedSec'>;
  },
): Behaviour {
  const { settings, waiting, measured, nowMs } = seen;
  // Admissions are known from before the desk watched, all else is not: shares are taken of one and the same time.
  const sec = Math.max(1, Math.min(measureSec, Math.floor(measured.watchedSec)));
  const entered = flow.sum('entered', nowMs, sec);
  const gone =
    flow.sum('left', nowMs, sec) +
    Math.max(
      0,
      flow.sum('silent', nowMs, sec) + flow.sum('unclaimed', nowMs, sec) - flow.sum('back', nowMs, sec),
    );
  const refill = valueAt(settings.refill, nowMs) / microPerToken;
  const isSteady =
    nowMs - settings.changedAtMs > changeMs &&
    !settings.paused &&
    nowMs - settings.opensAtMs > changeMs &&
    // Only with people to let through does the rate say how much of the refill they use.
    waiting > windowAt(settings, nowMs) &&
    flow.sum('entered', nowMs, measureSec) >= measuredMin;
  return {
    use: isSteady ? Math.min(1, Math.max(useMin, measured.admitPerSec1m / refill)) : 1,
    noShow: entered + gone >= measuredMin ? gone / (entered + gone) : 0,
    joinPerSec: measured.joinPerSec,
    isSteady,
  };
}

/** The line under some settings; where it stands, nothing is refilled. */
export function forecastInput(line: {
  readonly settings: EventSettings;
  readonly waiting: number;
  readonly tokensMicro: number;
  readonly behaviour: Behaviour;
  readonly nowMs: number;
}): ForecastInput {
  const { settings, waiting, behaviour, nowMs } = line;
  const phase = phaseAt(settings, nowMs);
  const isBefore = phase === 'scheduled' || phase === 'prequeue';
  const capacity = capacityAt(settings, nowMs);
  const stands = settings.paused || phase === 'closed' || (isBefore && settings.opensAtMs === 0);
  const joins = phase === 'open' || phase === 'prequeue';
  return {
    waiting,
    tokens:
      stands || behaviour.isSteady ? 0 : Math.max(0, Math.min(line.tokensMicro, capacity)) / microPerToken,
    capacity: capacity / microPerToken,
    refill: stands ? [{ atSec: 0, perSec: 0 }] : courseOf(settings.refill, nowMs),
    use: behaviour.use,
    noShow: behaviour.noShow,
    arrivals: joins && behaviour.joinPerSec > 0 ? [{ atSec: 0, perSec: behaviour.joinPerSec }] : [],
    openAtSec: isBefore && !stands ? Math.max(0, (settings.opensAtMs - nowMs) / 1000) : 0,
    horizonSec: Math.max(60, Math.min(horizonSec, newcomersMax / Math.max(1, behaviour.joinPerSec))),
  };
}

/** A course from now on: where it bends two points, one before and one after the jump. */
export function courseOf(timed: TimedValue, nowMs: number): { atSec: number; perSec: number }[] {
  const at = (ms: number, micro: number) => ({ atSec: (ms - nowMs) / 1000, perSec: micro / microPerToken });
  const points = [at(nowMs, valueAt(timed, nowMs))];
  const { toAtMs, untilMs } = timed;
  if (toAtMs > nowMs && (untilMs === 0 || toAtMs < untilMs)) points.push(at(toAtMs, timed.to));
  if (untilMs > nowMs) points.push(at(untilMs, valueBefore(timed, untilMs)), at(untilMs, timed.after));
  return points;
}

/**
 * Parts of the tests of rules: for every alarm a course of its metrics along which it goes on and off again. Samples are
 * 5 s apart; at 0 s the Unix time is 0.
 */
import type { Severity } from '../../../src/contract/alarms.ts';

/** An alert that is on: its severity, with labels where they are not those of the case. */
export type On =
  | Severity
  | { readonly severity: Severity; readonly labels: Readonly<Record<string, string>> };

export interface RuleCase {
  readonly id: string;
  /** What it is about, where an alarm has several cases. */
  readonly what?: string;
  /** Series to their values, as promtool writes them. */
  readonly series: Readonly<Record<string, string>>;
  /** Which of the alarm's alerts are on at a time, s. */
  readonly on: readonly (readonly [atSec: number, alerts: readonly On[]])[];
  /** Labels that the alerts have from their series; default none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A value that stands for so many samples. */
export const hold = (...parts: readonly (readonly [value: number, samples: number])[]): string =>
  parts.map(([value, samples]) => `${value}+0x${samples - 1}`).join(' ');

/** A counter that rises by so much from sample to sample. */
export function counter(...parts: readonly (readonly [by: number, samples: number])[]): string {
  let total = 0;
  return parts
    .map(([by, samples]) => {
      const from = total + by;
      total += by * samples;
      return `${from}+${by}x${samples - 1}`;
    })
    .join(' ');
}

/** Labels of series about one event. */
export const event = { event: 'evt_x' };
const series = (job: string, instance: string) => (metric: string, labels: Record<string, string | number>) =>
  `${metric}{${Object.entries({ job, instance, ...labels })
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;
/** Series of two gateways and an admin API; `gw`, `admin` and `ofEvent` with the usual labels. */
export const gw1 = series('tacos-gateway', 'gw-1');
export const gw2 = series('tacos-gateway', 'gw-2');
export const admin1 = series('tacos-admin', 'admin-1');
export const gw = (metric: string): string => gw1(metric, event);
export const admin = (metric: string): string => admin1(metric, {});
export const ofEvent = (metric: string): string => admin1(metric, event);
/** No alert at any time. */
export const never = (sec: number): RuleCase['on'] =>
  Array.from({ length: sec / 60 }, (_, index) => [60 * (index + 1), []]);

/** How long a phase of a course takes, samples; twice what any rule waits. */
export const phase = 24;
/** Shortly before the end of so many phases, s. */
export const endOf = (phases: number): number => 5 * phase * phases - 10;

/** Fine, over the first limit, over the second, fine again. */
export const twoLimits = [
  [endOf(1), []],
  [endOf(2), ['warn']],
  [endOf(3), ['warn', 'crit']],
  [endOf(4), []],
] as const satisfies RuleCase['on'];
/** Fine, not, fine again. */
export const oneLimit = (severity: Severity) =>
  [
    [endOf(1), []],
    [endOf(2), [severity]],
    [endOf(3), []],
  ] as const satisfies RuleCase['on'];
/** A value for each phase; of a counter, by how much it rises. */
export const inPhases = (...values: readonly number[]): string =>
  hold(...values.map((value) => [value, phase] as const));
export const countedInPhases = (...values: readonly number[]): string =>
  counter(...values.map((value) => [value, phase] as const));

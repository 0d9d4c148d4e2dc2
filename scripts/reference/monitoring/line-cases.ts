/** Courses of the alarms about lines. */
import {
  admin,
  countedInPhases,
  counter,
  event,
  gw,
  hold,
  inPhases,
  never,
  ofEvent,
  oneLimit,
  type RuleCase,
} from './rule-course.ts';

/** A line with a refill of 50/s that runs for so many samples; `change` replaces parts of it. */
const line = (
  samples: number,
  change: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  [gw('admission_rate_counter')]: counter([250, samples]),
  [gw('queue_waiting')]: hold([9000, samples]),
  [gw('bucket_tokens')]: hold([40, samples]),
  [gw('queue_admitting')]: hold([1, samples]),
  [gw('bucket_refill_per_second')]: hold([50, samples]),
  [gw('admission_brake_ratio')]: hold([1, samples]),
  ...change,
});
/** Tests of the alarms about lines. */
export const lineCases: readonly RuleCase[] = [
  {
    id: 'admissions-none',
    series: line(90, { [gw('admission_rate_counter')]: counter([250, 30], [0, 24], [250, 36]) }),
    on: [
      [140, []],
      [260, ['crit']],
      [440, []],
    ],
    labels: event,
  },
  {
    id: 'admissions-none',
    what: 'while paused',
    series: line(72, {
      [gw('admission_rate_counter')]: counter([250, 36], [0, 36]),
      [gw('queue_admitting')]: hold([1, 35], [0, 37]),
    }),
    on: never(360),
  },
  {
    id: 'admissions-low',
    series: line(72, { [gw('admission_rate_counter')]: countedInPhases(250, 150, 250) }),
    on: oneLimit('warn'),
    labels: event,
  },
  {
    id: 'admissions-low',
    what: 'of a slow refill, judged over 5 min',
    series: line(240, {
      [gw('admission_rate_counter')]: counter([0.5, 100], [0.1, 60], [0.5, 80]),
      [gw('bucket_refill_per_second')]: hold([0.1, 240]),
    }),
    on: [
      [490, []],
      [790, ['warn']],
      [1190, []],
    ],
    labels: event,
  },
  {
    id: 'admissions-low',
    what: 'when people begin to come, to a line that was empty or is new',
    series: {
      ...line(96, {
        [gw('admission_rate_counter')]: counter([0, 36], [250, 60]),
        [gw('queue_waiting')]: hold([0, 35], [9000, 61]),
      }),
      ...Object.fromEntries(
        Object.entries(line(60, { [gw('admission_rate_counter')]: counter([0, 4], [250, 56]) })).map(
          ([series, values]) => [series.replace('evt_x', 'evt_new'), `_x36 ${values}`],
        ),
      ),
    },
    on: never(480).concat([
      [195, []],
      [210, []],
      [225, []],
    ]),
  },
  {
    id: 'admissions-low',
    what: 'when the refill is raised fivefold, and while the brake holds it back',
    series: line(96, {
      [gw('admission_rate_counter')]: counter([50, 36], [250, 24], [100, 36]),
      [gw('bucket_refill_per_second')]: hold([10, 35], [50, 61]),
      [gw('admission_brake_ratio')]: hold([1, 59], [0.4, 37]),
    }),
    on: never(480),
  },
  {
    id: 'refill-over-budget',
    series: {
      [admin('backend_budget_per_second')]: hold([120, 72]),
      [admin('backend_budget_used_per_second')]: inPhases(110, 130, 110),
    },
    on: oneLimit('warn'),
  },
  {
    id: 'over-bound',
    series: { [ofEvent('queue_over_bound')]: inPhases(0, 3, 0) },
    on: oneLimit('crit'),
    labels: event,
  },
  {
    id: 'dead-heads',
    series: {
      [ofEvent('queue_dead_heads')]: inPhases(30, 50, 30),
      [gw('queue_window')]: hold([200, 72]),
      [gw('queue_admitting')]: hold([1, 72]),
    },
    on: oneLimit('warn'),
    labels: event,
  },
  {
    id: 'eta-error',
    series: { [gw('eta_accuracy_gauge')]: inPhases(0.93, 0.6, 0.93) },
    on: oneLimit('warn'),
    labels: event,
  },
  {
    id: 'change-ending',
    // Ends at 400 s, and is not told of any more then.
    series: { [gw('bucket_change_end_seconds')]: `${hold([400, 80])} stale` },
    on: [
      [270, []],
      [390, ['warn']],
      [420, []],
    ],
    labels: event,
  },
];

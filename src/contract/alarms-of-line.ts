/** Alarms about one line: is it let through as fast as it was set to be. */
import type { AlarmFacts } from './alarm-facts.ts';
import { type AlarmRow, type Found, inWords, short } from './alarm-row.ts';
import { admissionsLowRule, admissionsNoneRule, deadHeadsRule, most } from './alarm-rules.ts';
import { burstSecDefault } from './limits.ts';

/** Share of the refill below which admissions are low. */
export const admitShareMin = 0.8;
/** Fewest admissions that are expected in a time before a rate is judged by it. */
const expectedMin = 10;
/** Share of the window above which absent people are told. */
export const deadHeadShareMax = 0.2;
/** Mean error of the waits shown above which they are not to be trusted, share of the real one. */
export const etaErrorMax = 0.25;
/** The end of a limited change is announced so long before, s; of one that lasts less than twice as long, from half of it on. */
export const changeEndingSec = 120;

const runs = ({ phase, paused, stale }: AlarmFacts): boolean =>
  (phase === 'open' || phase === 'draining') && !paused && !stale;

const doctor = ({ event }: AlarmFacts): string => `tacos doctor ${event}`;

export const lineAlarms: readonly AlarmRow[] = [
  {
    id: 'admissions-none',
    title: 'Nobody is let through',
    meaning: 'The queue is open, people wait and the bucket holds tokens, but for 15 s nobody has entered.',
    // The rate is that of the last 10 s.
    forSec: 5,
    evaluate: (facts) =>
      runs(facts) && facts.couldEnter && facts.settledSec >= 10 && facts.admitPerSec === 0
        ? crit(`nobody was let through for 15 s, and ${facts.waiting} people wait`)
        : null,
    rules: [
      {
        severity: 'crit',
        expr: admissionsNoneRule,
        forSec: 15,
      },
    ],
    next: doctor,
  },
  {
    id: 'admissions-low',
    title: 'Fewer are let through than the refill allows',
    meaning: 'Admissions are below 80 % of the refill for 15 s, although more people wait than could enter.',
    forSec: 15,
    evaluate: admissionsLow,
    rules: [
      {
        severity: 'warn',
        expr: admissionsLowRule({ shareMin: admitShareMin, expectedMin, crowdSec: burstSecDefault }),
        forSec: 15,
      },
    ],
    next: doctor,
  },
  {
    id: 'refill-over-budget',
    title: 'All refills together are over the budget',
    meaning: 'The events that may admit now add up to more admissions a second than the backends bear.',
    forSec: 0,
    evaluate: ({ budget: { usedPerSec, perSec } }) =>
      perSec !== null && usedPerSec > perSec
        ? warn(`all events together admit ${short(usedPerSec)} of ${short(perSec)}/s that the budget allows`)
        : null,
    rules: [
      {
        severity: 'warn',
        expr: 'max(backend_budget_used_per_second) > max(backend_budget_per_second)',
        forSec: 0,
      },
    ],
    next: ({ event, bucket, budget }) => {
      const refill = bucket.refillPerSec.target - (budget.usedPerSec - (budget.perSec ?? 0));
      return refill > 0
        ? `tacos bucket set ${event} --refill ${Math.floor(refill * 100) / 100}`
        : 'tacos budget get';
    },
  },
  {
    id: 'over-bound',
    title: 'More were let through than the bucket allows',
    meaning: 'In some window of time more people entered than capacity, overdraft and refill allow.',
    forSec: 0,
    evaluate: ({ overBound }) =>
      overBound !== null && overBound > 0
        ? crit(`${short(overBound)} people more than the bucket allows were let through`)
        : null,
    rules: [{ severity: 'crit', expr: `${most('queue_over_bound')} > 0`, forSec: 0 }],
    next: ({ event }) => `tacos queue pause ${event}`,
  },
  {
    id: 'dead-heads',
    title: 'Many at the front are not there',
    meaning:
      'More than 20 % of the window is taken by people who are silent. The line steps around them by itself.',
    forSec: 10,
    evaluate: (facts) =>
      runs(facts) && facts.deadHeads > deadHeadShareMax * facts.bucket.window
        ? warn(
            `${facts.deadHeads} people at the front are silent, ` +
              `${Math.round((100 * facts.deadHeads) / facts.bucket.window)} % of the window of ${facts.bucket.window}`,
          )
        : null,
    rules: [{ severity: 'warn', expr: deadHeadsRule(deadHeadShareMax), forSec: 10 }],
  },
  {
    id: 'eta-error',
    title: 'The waits shown are wrong',
    meaning: 'The waits that people were shown differ from their real ones by more than 25 % on average.',
    forSec: 30,
    evaluate: ({ gateways: { etaErrorRatio } }) =>
      etaErrorRatio !== null && etaErrorRatio > etaErrorMax
        ? warn(`the waits shown are ${Math.round(etaErrorRatio * 100)} % off on average`)
        : null,
    rules: [
      { severity: 'warn', expr: `avg by (event) (eta_accuracy_gauge) < ${1 - etaErrorMax}`, forSec: 30 },
    ],
  },
  {
    id: 'change-ending',
    title: 'A limited change is about to end',
    meaning:
      'A refill or a capacity that was set for a time goes back to the value before within two minutes.',
    forSec: 0,
    evaluate: changeEnding,
    rules: [
      {
        severity: 'warn',
        expr: `${most('bucket_change_end_seconds')} - time() < ${changeEndingSec}`,
        forSec: 0,
      },
    ],
    next: ({ event, bucket, nowMs, setAtMs }) =>
      endsInMs(bucket.refillPerSec.until, { nowMs, setAtMs: setAtMs.refill }) === null
        ? `tacos bucket set ${event} --capacity ${bucket.capacity.target}`
        : `tacos bucket set ${event} --refill ${bucket.refillPerSec.target}`,
  },
];

const warn = (text: string): Found => ({ severity: 'warn', text });
const crit = (text: string): Found => ({ severity: 'crit', text });

/** Judged by the shortest time in which enough admissions were to be expected, and only once it is all of one kind. */
function admissionsLow(facts: AlarmFacts): Found | null {
  const refill = facts.bucket.refillPerSec.now * (facts.brake?.ratio ?? 1);
  const crowd = Math.max(facts.bucket.tokens, burstSecDefault * refill);
  if (!runs(facts) || !facts.couldEnter || facts.waiting <= crowd) return null;
  const measured = [
    { sec: 10, perSec: facts.admitPerSec },
    { sec: 60, perSec: facts.admitPerSec1m },
    { sec: 300, perSec: facts.admitPerSec5m },
  ].find(({ sec }) => refill * sec >= expectedMin);
  if (measured === undefined || facts.settledSec < measured.sec) return null;
  const { perSec } = measured;
  if (perSec === 0 || perSec >= admitShareMin * refill) return null;
  const share = Math.round((100 * perSec) / refill);
  return warn(`${short(perSec)}/s are let through, ${share} % of the refill of ${short(refill)}/s`);
}

function changeEnding({ bucket, nowMs, phase, setAtMs }: AlarmFacts): Found | null {
  if (phase === 'closed') return null;
  for (const [name, value] of [
    ['refill', bucket.refillPerSec],
    ['capacity', bucket.capacity],
  ] as const) {
    const leftMs = endsInMs(value.until, { nowMs, setAtMs: setAtMs[name] });
    if (leftMs === null) continue;
    return warn(
      `${name} ${short(value.target)} goes back to ${short(value.after ?? 0)} in ${inWords(leftMs)}`,
    );
  }
  return null;
}

/** Time to an end that is near; null = none is. */
function endsInMs(
  until: string | undefined,
  { nowMs, setAtMs }: { readonly nowMs: number; readonly setAtMs: number },
): number | null {
  if (until === undefined) return null;
  const endsAtMs = Date.parse(until);
  const leftMs = endsAtMs - nowMs;
  // Whoever has just set a short one knows of its end.
  const toldMs = Math.min(changeEndingSec * 1000, (endsAtMs - setAtMs) / 2);
  return leftMs > 0 && leftMs <= toldMs ? leftMs : null;
}

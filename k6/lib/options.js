/** k6's options of a scenario, from its profile. */
import { profiles, scaled, virtualUsers } from './profiles.js';
import { neverBroken } from './promises.js';
import { patienceSec, scale, timeScale, vus } from './target.js';

const exec = { couples: 'couple', joins: 'joiner', requests: 'request', attacks: 'attack' };
/** Timed apart by k6, whether a scenario has a threshold for them or not. */
const calls = ['join', 'status', 'enter', 'reserve', 'intent', 'payment', 'confirm', 'attack'];
const timed = Object.fromEntries(calls.map((call) => [`http_req_duration{name:${call}}`, []]));

/** Time to finish what was begun, s. Couples wait in line. */
const stopSec = { couples: patienceSec, joins: 5, requests: 5, attacks: 5 };

/** Whole iterations in a unit of time that is long enough for a scaled rate to be one. */
const unitSec = 10;
const perUnit = (perSec) => Math.round(perSec * unitSec);

function executor(load) {
  const sized = scaled(load, { scale, timeScale });
  const { what, from, stages } = sized;
  const most = Math.ceil(vus || virtualUsers(sized));
  return {
    executor: 'ramping-arrival-rate',
    exec: exec[what],
    timeUnit: `${unitSec}s`,
    startRate: perUnit(from),
    stages: stages.map(({ sec, perSec }) => ({ duration: `${sec}s`, target: Math.max(1, perUnit(perSec)) })),
    preAllocatedVUs: Math.max(1, Math.ceil(most / 2)),
    maxVUs: most,
    gracefulStop: `${stopSec[what]}s`,
  };
}

/** The options of the scenario of that name; `thresholds` beside those of correctness. */
export function optionsOf(name, thresholds) {
  const { loads } = profiles[name];
  return {
    scenarios: Object.fromEntries(loads.map((load) => [load.what, executor(load)])),
    thresholds: { ...timed, ...neverBroken, ...thresholds },
    summaryTrendStats: ['min', 'avg', 'med', 'p(90)', 'p(95)', 'p(99)', 'max', 'count'],
    userAgent: 'tacos-loadtest',
  };
}

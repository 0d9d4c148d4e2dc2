/** The small language of --until: `waiting==0 && admitPerSec<1 || phase==closed`. Nothing in it is run as code. */
import type { QueueSnapshot } from '../contract/snapshot.ts';
import { usageError } from './errors.ts';
import { numberOf, takeApart, type WrittenComparison } from './expression.ts';

type Scalar = number | string | boolean;
type Test = (snapshot: QueueSnapshot) => boolean;

const fields: Readonly<Record<string, (snapshot: QueueSnapshot) => Scalar>> = {
  phase: ({ phase }) => phase,
  paused: ({ paused }) => paused,
  waiting: ({ waiting }) => waiting,
  away: ({ away }) => away,
  silentOver60Sec: ({ silentOver60Sec }) => silentOver60Sec,
  joinedTotal: ({ joinedTotal }) => joinedTotal,
  admittedTotal: ({ admittedTotal }) => admittedTotal,
  leftTotal: ({ leftTotal }) => leftTotal,
  expiredTotal: ({ expiredTotal }) => expiredTotal,
  admitPerSec: ({ admitPerSec }) => admitPerSec,
  admitPerSec1m: ({ admitPerSec1m }) => admitPerSec1m,
  admitPerSec5m: ({ admitPerSec5m }) => admitPerSec5m,
  joinPerSec: ({ joinPerSec }) => joinPerSec,
  tokens: ({ bucket }) => bucket.tokens,
  capacity: ({ bucket }) => bucket.capacity.now,
  refillPerSec: ({ bucket }) => bucket.refillPerSec.now,
  window: ({ bucket }) => bucket.window,
  etaTailSec: ({ etaTailSec }) => etaTailSec,
  etaMedianSec: ({ etaMedianSec }) => etaMedianSec,
  confidence: ({ confidence }) => confidence,
  alarms: ({ alarms }) => alarms.length,
  revision: ({ revision }) => revision,
  gatewaysSeen: ({ gateways }) => gateways.seen,
  gatewaysInForce: ({ gateways }) => gateways.inForce,
  ageSec: ({ ageSec }) => ageSec,
};

/** Field names that --until knows. */
export const untilFields: readonly string[] = Object.keys(fields);

/** Parses an expression; && binds tighter than ||. @throws CliError (usage) */
export function parseUntil(text: string): Test {
  const either = takeApart(text, readComparison);
  return (snapshot) => either.some((all) => all.every((test) => test(snapshot)));
}

function readComparison({ text, field, operator, value, compare }: WrittenComparison): Test {
  if (compare === undefined) {
    throw usageError(`--until cannot read "${text}": write it as waiting==0, joined by && or ||`);
  }
  const read = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (read === undefined) {
    throw usageError(`--until does not know the field "${field}": it knows ${untilFields.join(', ')}`);
  }
  const right = scalarOf(field, operator, value);
  return (snapshot) => compare(read(snapshot), right);
}

function scalarOf(name: string, operator: string, value: string): Scalar {
  if (name === 'phase' || name === 'paused') {
    if (operator !== '==' && operator !== '!=') throw usageError(`--until: ${name} goes with == or != only`);
    if (name === 'phase') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw usageError(`--until: ${name} is true or false, not "${value}"`);
  }
  const number = numberOf(value);
  if (number === undefined) throw usageError(`--until: ${name} goes with a number, not "${value}"`);
  return number;
}

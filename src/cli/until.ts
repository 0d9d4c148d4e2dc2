/** The small language of --until: `waiting==0 && admitPerSec<1 || phase==closed`. Nothing in it is run as code. */
import type { QueueSnapshot } from '../contract/snapshot.ts';
import { usageError } from './errors.ts';

type Scalar = number | string | boolean;
type Test = (snapshot: QueueSnapshot) => boolean;

const operators: Readonly<Record<string, (left: Scalar, right: Scalar) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
};

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
  const either = text.split('||').map((part) => part.split('&&').map(parseComparison));
  return (snapshot) => either.some((all) => all.every((test) => test(snapshot)));
}

function parseComparison(text: string): Test {
  const [, name = '', operator = '', value = ''] =
    /^\s*(\w+)\s*(==|!=|<=|>=|<|>)\s*([\w.+-]+)\s*$/.exec(text) ?? [];
  const compare = operators[operator];
  if (compare === undefined) {
    throw usageError(`--until cannot read "${text.trim()}": write it as waiting==0, joined by && or ||`);
  }
  const read = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (read === undefined) {
    throw usageError(`--until does not know the field "${name}": it knows ${untilFields.join(', ')}`);
  }
  const right = scalarOf(name, operator, value);
  return (snapshot) => compare(read(snapshot), right);
}

function scalarOf(name: string, operator: string, value: string): Scalar {
  if (name === 'phase' || name === 'paused') {
    if (operator !== '==' && operator !== '!=') throw usageError(`--until: ${name} goes with == or != only`);
    if (name === 'phase') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw usageError(`--until: ${name} is true or false, not "${value}"`);
  }
  const number = /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) throw usageError(`--until: ${name} goes with a number, not "${value}"`);
  return number;
}

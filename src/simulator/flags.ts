import { bad, durationMs, flagsOf, share, whole } from './flag-values.ts';
import { type Arrivals, type CrowdOptions, type NoShowMoment, noShowMoments } from './options.ts';

/** What the command line asks for. */
export interface SimulatorFlags {
  readonly crowd: CrowdOptions;
  readonly report: 'text' | 'json';
  readonly help: boolean;
  /** Ends when standard input does, so that the crowd never outlives the process that started it. */
  readonly untilStdinEnds: boolean;
}

export const usage = `Simulated visitors of a tacos gateway on this machine.

  --gateway URL         http://127.0.0.1:8000, or grpc://127.0.0.1:8001; again for more gateways
  --event EVT           evt_demo
  --visitors N          1000
  --arrivals HOW        burst | poisson:100/s
  --keep N              then keep N in the line: one comes for each that ends
  --no-show SHARE       join and disappear, 0 to 1
  --no-show-at WHEN     join | ready | either
  --never-enter SHARE   go on polling and never enter
  --leave SHARE         leave within a minute, unless ready before
  --double-click SHARE  send the join twice at once
  --buy SHARE           of those who enter: buy one or two seats
  --buy-gateway URL     where to buy, http: by default that of --gateway; again for more
  --never-pay SHARE     of the buyers: reserve and never pay
  --pay-fail SHARE      of the buyers: their payment is declined
  --pay-slow SHARE      of the buyers: their payment takes seconds
  --repeat SHARE        of the buyers' requests: sent in racing copies, and once more
  --signed-in SHARE     join with a bearer token
  --enter-copies N      send every enter N times at once, 1
  --connections N       sockets per gateway, 128
  --seed N              1
  --run ID              part of the visitors' ids; by default a new one each time
  --for DURATION        end by then: 90s, 10m, 2h; default: when all have ended
  --leave-at-end        everybody still in the line leaves when the run ends
  --report FORM         text | json
  --until-stdin-ends    end when standard input does
  --help
`;

const text = { type: 'string' } as const;
const yesNo = { type: 'boolean' } as const;
const flags = {
  gateway: { type: 'string', multiple: true },
  event: text,
  visitors: text,
  arrivals: text,
  keep: text,
  'no-show': text,
  'no-show-at': text,
  'never-enter': text,
  leave: text,
  'double-click': text,
  buy: text,
  'buy-gateway': { type: 'string', multiple: true },
  'never-pay': text,
  'pay-fail': text,
  'pay-slow': text,
  repeat: text,
  'signed-in': text,
  'enter-copies': text,
  connections: text,
  seed: text,
  run: text,
  for: text,
  report: text,
  'leave-at-end': yesNo,
  'until-stdin-ends': yesNo,
  help: yesNo,
} as const;

/** Parses the command line. Throws CrowdOptionsError with a sentence that names the flag. */
export function parseFlags(args: readonly string[]): SimulatorFlags {
  const values = flagsOf(args, flags);
  const crowd: CrowdOptions = {
    gateway: values.gateway ?? ['http://127.0.0.1:8000'],
    event: values.event ?? 'evt_demo',
    ...given('visitors', values.visitors, (value) => whole('--visitors', value)),
    ...given('arrivals', values.arrivals, arrivalsOf),
    ...given('keep', values.keep, (value) => whole('--keep', value)),
    ...given('noShow', values['no-show'], (value) => share('--no-show', value)),
    ...given('noShowAt', values['no-show-at'], momentOf),
    ...given('neverEnter', values['never-enter'], (value) => share('--never-enter', value)),
    ...given('leave', values.leave, (value) => share('--leave', value)),
    ...given('doubleClick', values['double-click'], (value) => share('--double-click', value)),
    ...given('buy', values.buy, (value) => share('--buy', value)),
    ...(values['buy-gateway'] === undefined ? {} : { buyGateway: values['buy-gateway'] }),
    ...given('neverPay', values['never-pay'], (value) => share('--never-pay', value)),
    ...given('payFail', values['pay-fail'], (value) => share('--pay-fail', value)),
    ...given('paySlow', values['pay-slow'], (value) => share('--pay-slow', value)),
    ...given('repeat', values.repeat, (value) => share('--repeat', value)),
    ...given('signedIn', values['signed-in'], (value) => share('--signed-in', value)),
    ...given('enterCopies', values['enter-copies'], (value) => whole('--enter-copies', value)),
    ...given('connections', values.connections, (value) => whole('--connections', value)),
    ...given('seed', values.seed, (value) => whole('--seed', value)),
    ...given('runId', values.run, (value) => value),
    ...(values['leave-at-end'] === true ? { leaveAtEnd: true } : {}),
    ...given('forMs', values.for, (value) => durationMs('--for', value)),
  };
  const report = values.report ?? 'text';
  if (report !== 'text' && report !== 'json') bad('--report', report, 'text or json');
  const untilStdinEnds = values['until-stdin-ends'] === true;
  return { crowd, report, help: values.help === true, untilStdinEnds };
}

function given<Name extends string, Value>(
  name: Name,
  value: string | undefined,
  read: (text: string) => Value,
) {
  return (value === undefined ? {} : { [name]: read(value) }) as { [Key in Name]?: Value };
}

function arrivalsOf(value: string): Arrivals {
  if (value === 'burst') return { kind: 'burst' };
  const perSec = Number(/^poisson:(\d*\.?\d+)\/s$/.exec(value)?.[1] ?? Number.NaN);
  return perSec > 0
    ? { kind: 'poisson', perSec }
    : bad('--arrivals', value, 'burst or such as poisson:100/s');
}

function momentOf(value: string): NoShowMoment {
  const moment = noShowMoments.find((each) => each === value);
  return moment ?? bad('--no-show-at', value, `one of ${noShowMoments.join(', ')}`);
}

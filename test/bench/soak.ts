/**
 * `npm run soak [-- --for 20m] [--json]`: a day of events in 20 minutes, an hour of it in 50 s, on real processes: Redis
 * with its append-only file, two gateways, the admin API with watchers, the services behind the line. Each hour an event is
 * made, opens, takes a crowd, is changed, paused, drained and deleted, while strangers and refused requests go on. Memory,
 * handles and keys at the end of each hour must not grow: exit 1 where one does. `--for 3m` is a try of four hours.
 */
import { parseArgs } from 'node:util';
import { pause } from '../helpers/fleet.ts';
import { tokenOf } from '../helpers/office.ts';
import { machine, redisVersion, show } from './lib/rows.ts';
import { hourSec, type Lived, liveHour } from './soak/hour.ts';
import { Noise } from './soak/noise.ts';
import { openStream } from './soak/open-stream.ts';
import { Samples } from './soak/samples.ts';
import { hoursMin, judge, type Verdict } from './soak/verdict.ts';
import { openWorld } from './soak/world.ts';

const { values } = parseArgs({
  options: { for: { type: 'string', default: '20m' }, json: { type: 'boolean', default: false } },
});
/** When an hour's levels are taken: its event has been gone for some seconds, s. */
const levelAtSec = 46;
/** People let in an hour, in the mean, below which the soak shows nothing. */
const enteredMin = 100;

const minutes = Number(/^(\d+(?:\.\d+)?)m$/.exec(values.for)?.[1]);
const hours = Math.round((minutes * 60) / hourSec);
if (!(hours >= hoursMin)) {
  console.error(`--for takes minutes, such as 20m, and ${hoursMin * hourSec} s at least`);
  process.exit(2);
}
const on = machine(redisVersion());
const say = (progress: string): void => console.error(`  soak: ${progress}`);

const world = await openWorld();
const lived: Lived[] = [];
const overview = new AbortController();
const samples = new Samples(world);
const noise = new Noise(world);
try {
  void openStream(`${world.office.admins[0]?.url}/admin/v1/stream`, overview.signal, tokenOf('vera'));
  for (let hour = 0; hour < hours; hour += 1) await passHour(hour);
} finally {
  samples.stop();
  overview.abort();
  await noise.stop();
  await world.stop();
}
report();

async function passHour(hour: number): Promise<void> {
  const startedMs = performance.now();
  const rest = (sec: number): Promise<void> => pause(Math.max(0, startedMs + sec * 1000 - performance.now()));
  const life = await liveHour(world, noise, hour);
  lived.push(life);
  await rest(levelAtSec);
  await samples.hour();
  const held = samples.all().filter(({ what }) => /held|, data/.test(what));
  const figures = held.map(({ what, levels }) => `${what} ${show(levels.at(-1) ?? 0)} MB`).join('; ');
  say(`hour ${hour + 1} of ${hours}: ${life.entered} let in, ${life.polls} polls; ${figures}`);
  await rest(hourSec);
}

function report(): void {
  const verdicts = samples.all().map(judge);
  const answers = Object.fromEntries([...noise.answers].sort(([a], [b]) => a - b));
  const sum = (of: (one: Lived) => number): number => lived.reduce((total, one) => total + of(one), 0);
  const wrong = [
    ...verdicts.filter(({ isFlat }) => !isFlat).map(({ what }) => `${what} grows`),
    ...(sum(({ entered }) => entered) < hours * enteredMin ? ['too few were let in'] : []),
    ...(answers[0] || answers[500] ? ['requests without an answer, or with a 500'] : []),
  ];
  const run = {
    hours,
    hourSec,
    entered: sum(({ entered }) => entered),
    polls: sum(({ polls }) => polls),
    troubles: sum(({ troubles }) => troubles),
    refusedAndStrange: answers,
    keysMax: samples.keysMax,
    tooBusyFor: world.busy,
  };
  const levels = Object.fromEntries(samples.all().map(({ what, levels: each }) => [what, each]));
  if (values.json) console.log(JSON.stringify({ machine: on, run, verdicts, levels, wrong }, undefined, 2));
  else console.log(`\n${table(verdicts)}\n\n${JSON.stringify(run)}\n${on}`);
  if (wrong.length === 0) return;
  console.error(`not flat: ${wrong.join('; ')}`);
  process.exitCode = 1;
}

function table(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(
    ({ what, unit, early, late, perHour, allowed, isFlat }) =>
      `| ${[what, `${show(early)} ${unit}`, show(late), show(perHour), allowed === Number.POSITIVE_INFINITY ? 'bounded' : show(allowed), isFlat ? 'yes' : 'NO'].join(' | ')} |`,
  );
  return [
    '| what | second quarter | last quarter | an hour | may grow by | flat |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

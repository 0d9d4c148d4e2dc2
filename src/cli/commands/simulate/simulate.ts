import { courseSamples, type ForecastSample, forecast } from '../../../forecast/forecast.ts';
import type { Cli } from '../../cli.ts';
import { formatDuration } from '../../duration.ts';
import { exitCodes } from '../../exit-codes.ts';
import { failing, parseExpression } from '../../expression.ts';
import { printResult } from '../../output/document.ts';
import { count, plain, rate, timeOfDay } from '../../output/format.ts';
import { type Column, renderTable } from '../../output/table.ts';
import { checkFlags, type Scenario, type SimulateFlags, scenarioOf } from './scenario.ts';

/** What --assert knows. */
export const assertFields = [
  'tailWaitSec',
  'emptyInSec',
  'longestWaitSec',
  'waitP50Sec',
  'waitP95Sec',
  'peakWaiting',
  'admitted',
] as const;

/** What comes out; times in s from now, null = not within the horizon. */
export interface Simulation {
  readonly event: string | null;
  readonly emptyInSec: number | null;
  readonly emptyAt: string | null;
  readonly tailWaitSec: number | null;
  readonly longestWaitSec: number | null;
  readonly waitP50Sec: number | null;
  readonly waitP95Sec: number | null;
  readonly peakWaiting: number;
  readonly admitted: number;
  /** What the model was given. */
  readonly given: {
    readonly waiting: number;
    readonly tokens: number;
    readonly capacity: number;
    readonly refillPerSec: number;
    readonly use: number;
    readonly noShow: number;
    readonly opensInSec: number;
    readonly horizonSec: number;
  };
  readonly course: readonly ForecastSample[];
}

/** `tacos simulate`: exit 10 when --assert does not hold. */
export async function simulate(cli: Cli, flags: SimulateFlags): Promise<number> {
  checkFlags(flags);
  const asserted =
    flags.assert === undefined
      ? [[]]
      : parseExpression(flags.assert, { flag: '--assert', fields: assertFields });
  const isOfEvent = flags.event !== undefined || flags.fromLive !== undefined;
  const connection = isOfEvent ? await cli.connect('read') : undefined;
  const scenario = await scenarioOf(cli.runtime, flags, connection);
  const found = simulationOf(scenario);
  const { runtime } = cli;
  const columns = columnsOf(scenario.timeZone);
  const warnings = [...scenario.warnings, ...endlessWarning(found)];
  await printResult(
    runtime,
    {
      kind: 'Simulation',
      context: connection?.context.name ?? '',
      asOf: new Date(scenario.nowMs).toISOString(),
      items: [found],
      single: true,
      warnings,
      columns,
      name: ({ event }) => event ?? 'simulation',
    },
    cli.flags,
  );
  if (cli.flags.output === 'wide') runtime.stdout.write(`\n${courseTable(found, cli.flags.headers)}`);
  const missed = failing(asserted, { ...found, given: null, course: null } as Record<string, number | null>);
  for (const { text, field } of missed) {
    const value = found[field as (typeof assertFields)[number]];
    runtime.stderr.write(
      `assert: ${text} does not hold: ${field} is ${value === null ? 'not known' : plain(value)}\n`,
    );
  }
  return missed.length === 0 ? exitCodes.done : exitCodes.checkFailed;
}

/** Runs the model. Where people stop coming, it looks at the last of them; else at the last who waits now. */
export function simulationOf({ input, event, nowMs }: Scenario): Simulation {
  const capacity = input.capacity;
  const tokens = Math.min(input.tokens, capacity);
  const found = forecast({ ...input, tokens });
  const isEndless = (input.arrivals.at(-1)?.perSec ?? 0) > 0;
  const emptyInSec = isEndless ? found.emptyInSec : found.doneInSec;
  const round = (sec: number | null): number | null => (sec === null ? null : Math.round(sec * 10) / 10);
  return {
    event,
    emptyInSec: round(emptyInSec),
    emptyAt: emptyInSec === null ? null : new Date(nowMs + emptyInSec * 1000).toISOString(),
    tailWaitSec: round(isEndless ? found.tailWaitSec : found.lastWaitSec),
    longestWaitSec: round(found.longestWaitSec),
    waitP50Sec: round(found.waitP50Sec),
    waitP95Sec: round(found.waitP95Sec),
    peakWaiting: found.peakWaiting,
    admitted: found.admitted,
    given: {
      waiting: input.waiting,
      tokens,
      capacity,
      refillPerSec: input.refill[0]?.perSec ?? 0,
      use: Math.round(input.use * 1000) / 1000,
      noShow: Math.round(input.noShow * 1000) / 1000,
      opensInSec: input.openAtSec,
      horizonSec: input.horizonSec,
    },
    course: found.course.map(({ atSec, ...people }) => ({ atSec: Math.round(atSec * 10) / 10, ...people })),
  };
}

const endlessWarning = ({ emptyInSec, given }: Simulation): string[] =>
  emptyInSec === null ? [`the line is not empty within ${formatDuration(given.horizonSec)}`] : [];

const duration = (sec: number | null): string | undefined => (sec === null ? undefined : formatDuration(sec));

const columnsOf = (timeZone: string | undefined): readonly Column<Simulation>[] => [
  { head: 'EMPTY_IN', value: ({ emptyInSec }) => duration(emptyInSec), align: 'right' },
  { head: 'EMPTY_AT', value: ({ emptyAt }) => (emptyAt === null ? undefined : timeOfDay(emptyAt, timeZone)) },
  { head: 'TAIL_WAIT', value: ({ tailWaitSec }) => duration(tailWaitSec), align: 'right' },
  { head: 'LONGEST', value: ({ longestWaitSec }) => duration(longestWaitSec), align: 'right' },
  { head: 'P50', value: ({ waitP50Sec }) => duration(waitP50Sec), align: 'right' },
  { head: 'P95', value: ({ waitP95Sec }) => duration(waitP95Sec), align: 'right' },
  { head: 'PEAK', value: ({ peakWaiting }) => count(peakWaiting), align: 'right' },
  { head: 'ADMITTED', value: ({ admitted }) => count(admitted), align: 'right' },
  { head: 'WAITING', value: ({ given }) => count(given.waiting), align: 'right', wide: true },
  { head: 'REFILL', value: ({ given }) => rate(given.refillPerSec), align: 'right', wide: true },
  { head: 'CAPACITY', value: ({ given }) => plain(given.capacity), align: 'right', wide: true },
  { head: 'USE', value: ({ given }) => plain(given.use), align: 'right', wide: true },
  { head: 'NO_SHOW', value: ({ given }) => plain(given.noShow), align: 'right', wide: true },
];

/** Every sixth sample: 21 rows. */
const courseStep = 6;
const courseColumns: readonly Column<ForecastSample>[] = [
  { head: 'AFTER', value: ({ atSec }) => formatDuration(atSec), align: 'right' },
  { head: 'WAITING', value: ({ waiting }) => count(waiting), align: 'right' },
  { head: 'ADMITTED', value: ({ admitted }) => count(admitted), align: 'right' },
];

const courseTable = ({ course }: Simulation, headers: boolean): string =>
  renderTable(
    courseColumns,
    course.filter((_, at) => at % courseStep === 0 || at === courseSamples - 1),
    { headers },
  );

import { type Capacity, type CapacityCosts, capacityCostsSchema } from '../../../contract/capacity.ts';
import { capacityOf } from '../../../forecast/capacity.ts';
import { measuredCosts } from '../../../forecast/capacity-costs.ts';
import type { Cli } from '../../cli.ts';
import { formatDuration, parseDuration } from '../../duration.ts';
import { usageError } from '../../errors.ts';
import { readGiven } from '../../given-file.ts';
import { bytes, count, plain } from '../../output/format.ts';
import { type KeyValue, printStory } from '../key-values.ts';

/** Flags of `tacos capacity`; those without `?` have defaults. */
export interface CapacityFlags {
  readonly visitors: number;
  readonly joinRate?: number;
  readonly admitRate: number;
  readonly events: number;
  readonly podCores: number;
  readonly podsMax: number;
  /** GB of 10⁹ bytes. */
  readonly redisMemory: number;
  readonly for?: string;
  readonly priceCore: number;
  readonly priceRedis: number;
  readonly priceGb: number;
  readonly calibration?: string;
}

/** Where nobody says how fast they come: all within so long, s. */
const rushSec = 10;

/** `tacos capacity`: asks no server. @throws CliError (usage) */
export async function capacity(cli: Cli, flags: CapacityFlags): Promise<void> {
  const costs = flags.calibration === undefined ? measuredCosts : readCosts(flags.calibration);
  const item = capacityFromFlags(costs, flags);
  await printStory(
    cli,
    {
      kind: 'Capacity',
      context: '',
      asOf: new Date(cli.runtime.clock.now()).toISOString(),
      item,
      warnings: item.limits
        .filter(({ use }) => use > 1)
        .map(({ limit, use, text, next }) => `${limit} is ${percent(use)} full: ${text}; ${next}`),
      name: ({ limits }) => limits[0]?.limit ?? 'capacity',
    },
    capacityLines,
  );
}

/** The sizes for a command line. */
export function capacityFromFlags(costs: CapacityCosts, flags: CapacityFlags): Capacity {
  return capacityOf(costs, {
    visitors: flags.visitors,
    joinPerSec: flags.joinRate ?? Math.ceil(flags.visitors / rushSec),
    admitPerSec: flags.admitRate,
    events: flags.events,
    podCores: flags.podCores,
    podsMax: flags.podsMax,
    redisNodeBytes: flags.redisMemory * 1e9,
    prices: { coreHourUsd: flags.priceCore, redisHourUsd: flags.priceRedis, gbOutUsd: flags.priceGb },
    ...(flags.for === undefined ? {} : { hours: parseDuration('--for', flags.for) / 3_600_000 }),
  });
}

function readCosts(file: string): CapacityCosts {
  const text = readGiven(`--calibration ${file}`, file);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw usageError(`--calibration ${file} is not JSON`);
  }
  const parsed = capacityCostsSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw usageError(`--calibration ${file}: ${issue?.path.join('.')}: ${issue?.message}`, {
    hint: `npm run bench -- --only capacity --calibration ${file}`,
  });
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const cores = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
const bits = (perSec: number): string => `${plain(perSec / 1e6)} Mbit/s`;
const usd = (value: number): string => `${value.toFixed(2)} USD`;

/** The sizes as lines for people. */
export function capacityLines({ given, line, gateway, redis, network, money, limits }: Capacity): KeyValue[] {
  return [
    [
      'visitors',
      `${count(given.visitors)} in ${given.events === 1 ? 'one event' : `${given.events} events`}, ${count(given.joinPerSec)} joins/s at the peak`,
    ],
    [
      'wait',
      `${formatDuration(line.tailWaitSec)} for the last one, at ${count(given.admitPerSec)} admissions/s`,
    ],
    ['polls', `${count(line.pollPerSec)}/s when all wait`],
    [
      'pods',
      `${gateway.pods} of ${given.podCores} cores and ${bytes(gateway.podBytes)} (${cores(gateway.cores)} cores busy)`,
    ],
    [
      '',
      `joins ${cores(gateway.joinCores)} + polls ${cores(gateway.pollCores)} + enters ${cores(gateway.enterCores)} + reservations ${cores(gateway.reservationCores)}`,
    ],
    [
      'redis',
      `${redis.masters} master${redis.masters === 1 ? '' : 's'}, a replica each; ${percent(redis.eventCores)} of a core for the busiest event`,
    ],
    [
      '',
      `joins ${cores(redis.joinCores)} + gateways that follow ${cores(redis.tailCores)} + the rest ${cores(redis.otherCores)} cores`,
    ],
    ['memory', `${bytes(redis.bytes)} of data: maxmemory ${bytes(redis.maxmemoryBytes)}`],
    [
      'network',
      `${bits(network.inBitPerSec)} in, ${bits(network.outBitPerSec)} out; Redis ${bits(network.redisOutBitPerSec)}; ${bytes(network.outBytes)} out in all`,
    ],
    [
      'money',
      `${usd(money.usd)} for ${formatDuration(given.hours * 3_600)}: pods ${usd(money.podUsd)}, Redis ${usd(money.redisUsd)}, network ${usd(money.networkUsd)}`,
    ],
    ...limits.map(
      ({ limit, use, text }, at): KeyValue => [
        at === 0 ? 'breaks first' : at === 1 ? 'then' : '',
        `${limit} ${percent(use)}: ${text}`,
      ],
    ),
    ['measured', given.source],
  ];
}

/** docs/scale.md: the arithmetic of `tacos capacity`, step by step, with the function's own figures. */
import { capacityFromFlags, capacityLines } from '../../src/cli/commands/capacity/capacity.ts';
import { keyValueText } from '../../src/cli/commands/key-values.ts';
import { formatDuration } from '../../src/cli/duration.ts';
import type { Capacity, CapacityCosts } from '../../src/contract/capacity.ts';
import {
  entriesPerSec,
  gatewayUse,
  podRoom,
  podsMin,
  redisRoom,
  redisUse,
} from '../../src/forecast/capacity.ts';
import { measuredCosts, priceDefaults } from '../../src/forecast/capacity-costs.ts';

interface Scene {
  readonly title: string;
  readonly about: string;
  readonly visitors: string;
  readonly joinRate: string;
  readonly admitRate: number;
  readonly events: number;
}

const scenes: readonly Scene[] = [
  {
    title: '300,000 visitors, one event',
    about: 'The sale that tacos was made for: everybody within ten seconds, 500 admissions a second.',
    visitors: '300k',
    joinRate: '30k',
    admitRate: 500,
    events: 1,
  },
  {
    title: '3,000,000 visitors, one event',
    about: 'The same rush ten times as large, all for one event.',
    visitors: '3M',
    joinRate: '300k',
    admitRate: 500,
    events: 1,
  },
  {
    title: '3,000,000 visitors, ten events',
    about:
      'The same people for ten nights of a tour, each an event of its own, and backends that take 5,000 a second.',
    visitors: '3M',
    joinRate: '300k',
    admitRate: 5_000,
    events: 10,
  },
];

/** The page. */
export function scalePage(costs: CapacityCosts = measuredCosts): string {
  return `${intro(costs)}\n${scenes.map((scene) => section(scene, costs)).join('\n')}\n${outro}`;
}

function found({ visitors, joinRate, admitRate, events }: Scene, costs: CapacityCosts): Capacity {
  const number = (text: string): number => Number(text.replace('k', 'e3').replace('M', 'e6'));
  return capacityFromFlags(costs, {
    visitors: number(visitors),
    joinRate: number(joinRate),
    admitRate,
    events,
    podCores: 2,
    podsMax: 50,
    redisMemory: 13,
    priceCore: priceDefaults.coreHourUsd,
    priceRedis: priceDefaults.redisHourUsd,
    priceGb: priceDefaults.gbOutUsd,
  });
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const short = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
const mega = (value: number): string => `${whole(value / 1e6)} MB`;

function section(scene: Scene, costs: CapacityCosts): string {
  const { visitors, joinRate, admitRate, events } = scene;
  const command = `tacos capacity --visitors ${visitors} --join-rate ${joinRate} --admit-rate ${admitRate} --events ${events}`;
  const capacity = found(scene, costs);
  return `## ${scene.title}

${scene.about}

\`\`\`
$ ${command}
${keyValueText(capacityLines(capacity)).trimEnd()}
\`\`\`

${sums(capacity, costs).join('\n')}
`;
}

/** Each sum as a line of a list, in the order in which one follows from the other. */
function sums({ given, line, gateway, redis, network, money }: Capacity, costs: CapacityCosts): string[] {
  const { gatewayUs, redisUs, bytes } = costs;
  const processes = gateway.pods * given.podCores;
  const entries = entriesPerSec(given);
  return [
    `- Wait of the last: ${whole(given.visitors)} ÷ ${whole(given.admitPerSec)}/s = ${formatDuration(line.tailWaitSec)}. Polls when all wait: ${whole(line.pollPerSec)}/s.`,
    `- Gateway: ${whole(given.joinPerSec)} × ${gatewayUs.join} µs + ${whole(line.pollPerSec)} × ${gatewayUs.poll} µs + ${whole(given.admitPerSec)} × (${gatewayUs.enter} + ${gatewayUs.reservation}) µs = ${short(gateway.cores)} cores;`,
    `  ÷ ${gatewayUse} of a core each = ${gateway.workers} processes, ÷ ${given.podCores} a pod, at least ${podsMin} = **${gateway.pods} pods**.`,
    `- Memory of a process: ${mega(gateway.workerBytes)}; of a pod, ${given.podCores} of them × ${podRoom} = ${mega(gateway.podBytes)}.`,
    `- Redis: ${whole(given.joinPerSec)} × ${redisUs.join} µs + ${whole(entries)} journal entries × ${processes} processes × ${redisUs.tail} µs + ${short(redis.otherCores)} = ${short(redis.cores)} cores,`,
    `  ÷ ${given.events} = **${Math.round(100 * redis.eventCores)} % of a core for each event**.`,
    `- Memory of Redis: ${mega(bytes.redisBase)} + ${whole(given.visitors)} × ${bytes.redisPerson} B + ${given.events} × ${mega(bytes.redisJournal)} of journal = ${mega(redis.bytes)}; × ${redisRoom} = maxmemory ${mega(redis.maxmemoryBytes)} in all.`,
    `- Out to visitors: ${whole(given.visitors)} joins × ${bytes.joinOut} B + ${whole(line.pollsInAll / 1e6)} M polls × ${bytes.pollOut} B = ${(network.outBytes / 1e9).toFixed(1)} GB.`,
    `- Money: ${gateway.pods} × ${given.podCores} cores × ${given.hours.toFixed(2)} h × ${money.prices.coreHourUsd} + ${redis.masters} × 2 nodes × ${given.hours.toFixed(2)} h × ${money.prices.redisHourUsd} + ${(network.outBytes / 1e9).toFixed(1)} GB × ${money.prices.gbOutUsd} = **${money.usd.toFixed(2)} USD**.`,
  ];
}

const intro = ({ source }: CapacityCosts): string => `# Scale

What a sale takes, from the measured cost of one join, poll and enter. The figures below are those of \`tacos capacity\`;
this page is made from the same function by \`npm run docs\`, and a test fails where the two differ.

Costs: ${source}.
How well they foretell larger crowds is measured: [benchmarks.md](benchmarks.md#capacity). To reckon with your own
machines, run \`npm run bench -- --only capacity --calibration costs.json\` there, and give \`--calibration costs.json\`.

## The rules

- **Polls.** Who expects to wait w seconds asks again after w ÷ 8, at least 2 and at most 30 s, ± 20 %. With N people and A
  admissions a second that is 1.014 × (8A + 8A × ln 15 + (N − 240A) ÷ 30) polls a second, for N above 240A.
- **Gateways.** One process a core, planned at ${gatewayUse * 100} % of it (the HPA's target). Joins, polls, enters and
  reservations at their peak all at once.
- **Redis.** One event is one slot, so one core of one node. Its joins cost the same however many gateways there are; but
  every gateway process reads every journal entry, of which an event writes 1,000 a second at most while people join.
  Planned at ${redisUse * 100} % of a core, the alarm's warning.
- **Memory.** Each process holds every place, and the clients that it heard in the last 4 s. Redis has twice its data, for
  buffers and the pages that a save copies; a pod has one and a half times what its processes hold.
- **Not in it**: TLS and the load balancer before the gateways, the backends, logs and traces, machines that stand idle.
`;

const outro = `## What breaks first

The list at the end of each answer is sorted by how full a bound is; above 100 % it breaks. In one event it is Redis's one
core, in two ways: by joins, and by gateways, as each further process reads the journal too. So more pods alone do not
help: fewer, busier ones do, and a pre-queue that opens minutes before the sale, as then people come over minutes. Ten
events spread over ten masters of a [Redis Cluster](operate/redis.md#redis-cluster) are ten times one event. Pods that an
autoscaler starts within the rush are too late: have them standing before.
`;

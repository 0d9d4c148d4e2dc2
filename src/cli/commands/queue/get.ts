import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { rate, tokens } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';
import { brakeText } from '../../watch/brake-text.ts';
import { stateOf } from '../../watch/line-row.ts';
import { recoveryText } from '../../watch/recovery-text.ts';

const columns: readonly Column<QueueSnapshot>[] = [
  { head: 'EVENT', value: ({ event }) => event },
  { head: 'STATE', value: stateOf },
  { head: 'WAITING', value: ({ waiting }) => waiting, align: 'right' },
  { head: 'AWAY', value: ({ away }) => away, align: 'right' },
  { head: 'ADMIT/S', value: ({ admitPerSec }) => rate(admitPerSec), align: 'right' },
  { head: 'TOKENS', value: ({ bucket }) => `${tokens(bucket.tokens)}/${tokens(bucket.capacity.now)}` },
  { head: 'REFILL', value: ({ bucket }) => rate(bucket.refillPerSec.now), align: 'right' },
  { head: 'ETA_TAIL', value: ({ etaTailSec }) => `${Math.round(etaTailSec)}s`, align: 'right' },
  { head: 'CONF', value: ({ confidence }) => confidence.toFixed(2), align: 'right' },
  { head: 'JOIN/S', value: ({ joinPerSec }) => rate(joinPerSec), align: 'right', wide: true },
  { head: 'LEAVE/S', value: ({ leavePerSec }) => rate(leavePerSec), align: 'right', wide: true },
  { head: 'JOINED', value: ({ joinedTotal }) => joinedTotal, align: 'right', wide: true },
  { head: 'ADMITTED', value: ({ admittedTotal }) => admittedTotal, align: 'right', wide: true },
  { head: 'LEFT', value: ({ leftTotal }) => leftTotal, align: 'right', wide: true },
  { head: 'EXPIRED', value: ({ expiredTotal }) => expiredTotal, align: 'right', wide: true },
  { head: 'GATEWAYS', value: ({ gateways }) => `${gateways.inForce}/${gateways.seen}`, wide: true },
  { head: 'BRAKE', value: (item) => brakeText(item) || 'none', wide: true },
  { head: 'VERSION', value: ({ revision }) => revision, align: 'right', wide: true },
];

/** `tacos queue get EVT`. */
export async function queueGet(cli: Cli, event: string): Promise<void> {
  const { api, context } = await cli.connect('read');
  const snapshot = await api.snapshot(event);
  const warnings = [
    ...(snapshot.stale ? [`the data is ${snapshot.ageSec.toFixed(1)} s old`] : []),
    ...[brakeText(snapshot), recoveryText(snapshot)].filter((text) => text !== ''),
  ];
  await printResult(
    cli.runtime,
    {
      kind: 'QueueSnapshot',
      context: context.name,
      asOf: snapshot.asOf,
      items: [snapshot],
      single: true,
      warnings,
      columns,
      name: (item) => item.event,
    },
    cli.flags,
  );
}

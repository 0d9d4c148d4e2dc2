import type { EventView } from '../../../contract/admin-api.ts';
import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { rate } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';
import { stateOf } from '../../watch/line-row.ts';

const columns: readonly Column<EventView>[] = [
  { head: 'EVENT', value: ({ event }) => event },
  { head: 'STATE', value: stateOf },
  { head: 'WAITING', value: ({ waiting }) => waiting, align: 'right' },
  { head: 'AWAY', value: ({ away }) => away, align: 'right' },
  { head: 'REFILL', value: ({ refillPerSec }) => rate(refillPerSec), align: 'right' },
  { head: 'CAPACITY', value: ({ capacity }) => capacity, align: 'right' },
  { head: 'NAME', value: ({ name }) => name, wide: true },
  { head: 'ADMIT/S', value: ({ admitPerSec }) => rate(admitPerSec), align: 'right', wide: true },
  { head: 'ETA_TAIL', value: ({ etaTailSec }) => `${Math.round(etaTailSec)}s`, align: 'right', wide: true },
  { head: 'ALARM', value: ({ alarm }) => alarm ?? undefined, wide: true },
  { head: 'OPENS_AT', value: ({ opensAt }) => opensAt, wide: true },
  { head: 'VERSION', value: ({ revision }) => revision, align: 'right', wide: true },
];

/** `tacos queue list`. */
export async function queueList(cli: Cli): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, items, warnings } = await api.listEvents();
  const result = { kind: 'QueueList', context: context.name, asOf, items, warnings, columns };
  await printResult(cli.runtime, { ...result, name: ({ event }) => event }, cli.flags);
}

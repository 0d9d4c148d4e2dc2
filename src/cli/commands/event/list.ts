import type { EventView } from '../../../contract/admin-api.ts';
import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { plain } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';
import { stateOf } from '../../watch/line-row.ts';

const columns: readonly Column<EventView>[] = [
  { head: 'EVENT', value: ({ event }) => event },
  { head: 'NAME', value: ({ name }) => name },
  { head: 'STATE', value: stateOf },
  { head: 'WAITING', value: ({ waiting }) => waiting, align: 'right' },
  { head: 'REFILL', value: ({ refillPerSec }) => plain(refillPerSec), align: 'right' },
  { head: 'CAPACITY', value: ({ capacity }) => plain(capacity), align: 'right' },
  { head: 'KIND', value: ({ kind }) => kind },
  { head: 'OPENS_AT', value: ({ opensAt }) => opensAt, wide: true },
  { head: 'ZONE', value: ({ timeZone }) => timeZone, wide: true },
  { head: 'MAX_WAITING', value: ({ maxWaiting }) => maxWaiting || undefined, align: 'right', wide: true },
  { head: 'VERSION', value: ({ revision }) => revision, align: 'right', wide: true },
  { head: 'CREATED', value: ({ createdAt }) => createdAt, wide: true },
];

/** `tacos event list`. */
export async function eventList(cli: Cli): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, items, warnings } = await api.listEvents();
  const result = { kind: 'EventList', context: context.name, asOf, items, warnings, columns };
  await printResult(cli.runtime, { ...result, name: ({ event }) => event }, cli.flags);
}

import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { eventColumnsOf } from './columns.ts';

/** `tacos event list`. */
export async function eventList(cli: Cli): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, items, warnings } = await api.listEvents();
  const columns = eventColumnsOf(items);
  const result = { kind: 'EventList', context: context.name, asOf, items, warnings, columns };
  await printResult(cli.runtime, { ...result, name: ({ event }) => event }, cli.flags);
}

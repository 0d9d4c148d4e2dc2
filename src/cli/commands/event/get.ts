import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { eventColumnsOf } from './columns.ts';

/** `tacos event get EVT`. */
export async function eventGet(cli: Cli, [event = '']: readonly string[]): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, item, warnings } = await api.event(event);
  const result = { kind: 'Event', context: context.name, asOf, items: [item], single: true, warnings };
  const name = (each: typeof item): string => each.event;
  await printResult(cli.runtime, { ...result, columns: eventColumnsOf([item]), name }, cli.flags);
}

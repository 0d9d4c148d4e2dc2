import type { VersionView } from '../../../contract/admin-api.ts';
import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { plain, rate } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';

const columns: readonly Column<VersionView>[] = [
  { head: 'VERSION', value: ({ revision }) => revision, align: 'right' },
  { head: 'AT', value: ({ at }) => at },
  { head: 'REFILL', value: ({ refillPerSec }) => rate(refillPerSec), align: 'right' },
  { head: 'CAPACITY', value: ({ capacity }) => plain(capacity), align: 'right' },
  { head: 'ACTOR', value: ({ actor }) => actor },
  { head: 'AUDIT', value: ({ auditId }) => auditId },
  { head: 'UNTIL', value: ({ until }) => until, wide: true },
  { head: 'DEFAULT', value: (item) => (item.capacityIsDefault ? 'capacity' : undefined), wide: true },
  { head: 'SUMMARY', value: ({ summary }) => summary, wide: true },
];

/** `tacos bucket history EVT`. */
export async function bucketHistory(cli: Cli, [event = '']: readonly string[]): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, items, warnings } = await api.history(event);
  const result = { kind: 'VersionList', context: context.name, asOf, items, warnings, columns };
  await printResult(cli.runtime, { ...result, name: ({ revision }) => String(revision) }, cli.flags);
}

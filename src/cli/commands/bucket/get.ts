import type { BucketItem } from '../../../contract/admin-api.ts';
import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { plain, rate, tokens } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';

const columns: readonly Column<BucketItem>[] = [
  { head: 'EVENT', value: ({ event }) => event },
  { head: 'TOKENS', value: (item) => tokens(item.tokens), align: 'right' },
  { head: 'CAPACITY', value: ({ capacity }) => plain(capacity.now), align: 'right' },
  { head: 'REFILL', value: ({ refillPerSec }) => rate(refillPerSec.now), align: 'right' },
  { head: 'WINDOW', value: ({ window }) => window, align: 'right' },
  { head: 'UNTIL', value: ({ refillPerSec, capacity }) => refillPerSec.until ?? capacity.until },
  { head: 'THEN', value: ({ refillPerSec }) => thenOf(refillPerSec.after), align: 'right' },
  { head: 'VERSION', value: ({ revision }) => revision, align: 'right' },
  { head: 'RAMP_TO', value: ({ refillPerSec }) => rate(refillPerSec.target), align: 'right', wide: true },
  { head: 'RAMP_ENDS', value: ({ refillPerSec }) => refillPerSec.rampEndsAt, wide: true },
  {
    head: 'DEFAULT',
    value: ({ capacityIsDefault }) => (capacityIsDefault ? 'capacity' : undefined),
    wide: true,
  },
];

const thenOf = (after: number | undefined): string | undefined =>
  after === undefined ? undefined : rate(after);

/** `tacos bucket get EVT`. */
export async function bucketGet(cli: Cli, [event = '']: readonly string[]): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, item, warnings } = await api.bucket(event);
  await printResult(
    cli.runtime,
    {
      kind: 'Bucket',
      context: context.name,
      asOf,
      items: [item],
      single: true,
      warnings,
      columns,
      name: (bucket) => bucket.event,
    },
    cli.flags,
  );
}

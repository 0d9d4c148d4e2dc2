/** Columns of events. */
import type { EventView } from '../../../contract/admin-api.ts';
import { plain } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';
import { stateOf } from '../../watch/line-row.ts';

/** Of `event list` and `event get`. */
export const eventColumns: readonly Column<EventView>[] = [
  { head: 'EVENT', value: ({ event }) => event },
  { head: 'NAME', value: ({ name }) => name },
  { head: 'STATE', value: stateOf },
  { head: 'WAITING', value: ({ waiting }) => waiting, align: 'right' },
  { head: 'REFILL', value: ({ refillPerSec }) => plain(refillPerSec), align: 'right' },
  { head: 'CAPACITY', value: ({ capacity }) => plain(capacity), align: 'right' },
  { head: 'KIND', value: ({ kind }) => kind },
  { head: 'OPENS_AT', value: ({ opensAt }) => opensAt, wide: true },
  { head: 'PREQUEUE', value: ({ prequeueFrom }) => prequeueFrom, wide: true },
  { head: 'ZONE', value: ({ timeZone }) => timeZone, wide: true },
  { head: 'MAX_WAITING', value: ({ maxWaiting }) => maxWaiting || undefined, align: 'right', wide: true },
  { head: 'ALARM', value: ({ alarm }) => alarm ?? undefined, wide: true },
  { head: 'VERSION', value: ({ revision }) => revision, align: 'right', wide: true },
  { head: 'CREATED', value: ({ createdAt }) => createdAt, wide: true },
];

/** Columns of events. */
import type { EventView } from '../../../contract/admin-api.ts';
import { plain } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';
import { stateOf } from '../../watch/line-row.ts';

/** Of `event list` and `event get`: OPENS_AT is always shown where one of them is not open yet. */
export const eventColumnsOf = (events: readonly EventView[]): readonly Column<EventView>[] => {
  const isAwaited = events.some(({ phase }) => phase === 'scheduled' || phase === 'prequeue');
  return isAwaited
    ? columns.map((each) => (each.head === 'OPENS_AT' ? { ...each, wide: false } : each))
    : columns;
};

const columns: readonly Column<EventView>[] = [
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

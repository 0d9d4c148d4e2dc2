/** Versions of an event's bucket: the settings kept per revision, with who made each of them. */
import type { VersionView } from '../../contract/admin-api.ts';
import { microPerToken } from '../../contract/limits.ts';
import type { RedisClient } from '../../redis/client.ts';
import { capacityAt } from '../bucket.ts';
import { parseSettings } from '../settings.ts';
import type { Store } from '../store.ts';
import { newestRecords } from './actions/record.ts';
import type { ChangedEvent } from './changes-parts.ts';

/** Records in which the makers of versions are looked up. */
const recordsMax = 1_000;

/** Newest first; versions that left the bucket as it was are passed over. */
export async function historyOf(
  parts: { readonly redis: RedisClient; readonly store: Store },
  event: ChangedEvent,
): Promise<VersionView[]> {
  const [versions, records] = await Promise.all([
    parts.store.versions(event.ref),
    newestRecords(parts.redis, event.id, recordsMax),
  ]);
  // Several records may have one revision: what time did, and the change that came with it; the change is the newest.
  const makers = new Map(
    records
      .filter(({ addsTo }) => addsTo === undefined)
      .toReversed()
      .map(({ entry }) => [entry.revision, entry]),
  );
  const changed = versions.filter(({ meta }, index) => {
    const older = versions[index + 1]?.meta;
    return !older || older.refill !== meta.refill || older.capacity !== meta.capacity;
  });
  return changed.map(({ revision, meta }) => {
    const settings = parseSettings(meta);
    const { refill, capacity } = settings;
    const atMs = settings.changedAtMs > 0 ? settings.changedAtMs : settings.createdAtMs;
    const maker = makers.get(revision);
    const untilMs = Math.max(refill.untilMs, capacity?.untilMs ?? 0);
    const rates = { refill: { ...refill, untilMs: 0 }, capacity };
    return {
      event: event.id,
      revision,
      at: maker?.at ?? new Date(atMs).toISOString(),
      refillPerSec: refill.to / microPerToken,
      capacity: (capacity?.to ?? capacityAt(rates, Number.POSITIVE_INFINITY)) / microPerToken,
      capacityIsDefault: capacity === undefined,
      ...(untilMs > atMs ? { until: new Date(untilMs).toISOString() } : {}),
      auditId: maker?.auditId ?? '',
      actor: maker?.actor ?? 'system',
      summary: maker?.summary ?? '',
    };
  });
}

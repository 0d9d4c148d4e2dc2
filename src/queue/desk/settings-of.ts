/** The settings of an event beside its bucket; two of them are in Redis alone. */
import type { SettingsView } from '../../contract/admin-api.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { DeskEvent } from './desk-event.ts';
import { settingsView } from './views.ts';

/** Reads them. `nowMs`: Redis time. */
export async function settingsOf(
  { id, replica, ref }: DeskEvent,
  redis: RedisClient,
  nowMs: number,
): Promise<SettingsView> {
  const [near, far] = await redis.hmget(ref.keys.meta, 'expireNearMs', 'expireFarMs');
  return settingsView(id, replica.settings, {
    nowMs,
    expireNearMs: Number(near ?? 0),
    expireFarMs: Number(far ?? 0),
  });
}

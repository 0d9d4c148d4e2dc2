/** The event that tests begin with; each changes what it is about. */
import type { NewEvent } from '../../src/queue/settings.ts';

export const newEvent: NewEvent = {
  life: 'life0001',
  incarnation: 'inc00001',
  kid: 'k1',
  name: 'Test',
  kind: 'operator',
  timeZone: 'UTC',
  opensAtMs: 0,
  prequeueFromMs: 0,
  maxWaiting: 0,
  refillPerSec: 10,
  capacity: undefined,
  presenceMs: 20_000,
  claimMs: 60_000,
  expireNearMs: 300_000,
  expireFarMs: 1_800_000,
};

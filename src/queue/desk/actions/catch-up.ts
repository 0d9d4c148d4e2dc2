/** Waiting until the desk has read of an event what is known to be in Redis. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangesParts } from '../changes-parts.ts';

const longestMs = 1_000;
const everyMs = 10;

/** Resolves once the desk has the revision, or another event of that name, or after a second in vain. */
export async function catchUp(
  parts: Pick<ChangesParts, 'event'>,
  event: string,
  revision: number,
): Promise<void> {
  const lastMs = performance.now() + longestMs;
  while (performance.now() < lastMs) {
    if ((await parts.event(event)).replica.settings.revision >= revision) return;
    await sleep(everyMs);
  }
}

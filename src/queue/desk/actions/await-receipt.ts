/** Waiting for the gateways: how many have a change, and how many people have seen a message. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt } from '../../../contract/admin-api.ts';
import type { RedisClock } from '../../redis-clock.ts';
import type { Store } from '../../store.ts';
import type { ChangedEvent } from '../changes-parts.ts';
import { receiptOf } from '../receipt.ts';

const receiptMs = 1_000;
const receiptPollMs = 20;
/** People get so long to ask for their status, and the gateways so long to say who did, ms. */
const seenMs = 150;
const answerMs = 150;

/** Asks until all gateways that were seen lately have the revision, or a second has passed since `sentMs`. */
export async function awaitReceipt(
  event: ChangedEvent,
  change: { readonly revision: number; readonly sentMs: number; readonly clock: RedisClock },
): Promise<Receipt> {
  for (;;) {
    const reports = await event.reports();
    const afterMs = Math.round(performance.now() - change.sentMs);
    const receipt = { ...receiptOf(reports, change.revision, change.clock.nowMs()), afterMs };
    if (receipt.missing.length === 0 || afterMs >= receiptMs) return receipt;
    await sleep(receiptPollMs);
  }
}

/** People who ask for their status from a time on that has just begun, as far as is known 0.3 s later. */
export async function countSeen(store: Store, event: ChangedEvent, sinceMs: number): Promise<number> {
  await sleep(seenMs);
  const askId = `seen-${crypto.randomUUID()}`;
  await store.ask(event.ref, { askId, what: 'seen', seq: 0, sinceMs });
  await sleep(answerMs);
  return countBits((await store.answers(event.ref, askId)).map(({ payload }) => payload));
}

/** Bits set in any of the bitmaps: one person may have asked at several gateways. */
export function countBits(bitmaps: readonly Uint8Array[]): number {
  const bytes = Math.max(0, ...bitmaps.map(({ length }) => length));
  let people = 0;
  for (let at = 0; at < bytes; at += 1) {
    let byte = 0;
    for (const bitmap of bitmaps) byte |= bitmap[at] ?? 0;
    for (; byte > 0; byte &= byte - 1) people += 1;
  }
  return people;
}

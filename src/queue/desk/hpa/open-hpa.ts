/** How a desk comes to its autoscaler, if it has one. */
import { TacosError } from '../../../contract/errors.ts';
import type { HpaQuery, HpaView } from '../../../contract/hpa.ts';
import type { RedisClient } from '../../../redis/client.ts';
import type { DeskOptions } from '../desk-options.ts';
import { nothingOutside, type OutsideFacts } from '../desk-wide.ts';
import { HpaDesk } from './hpa-desk.ts';

/** Undefined where the server steers none. `tell`: tells the webhook of a record that nobody else tells of. */
export function openHpaDesk(
  { autoscaler, log }: Pick<DeskOptions, 'autoscaler' | 'log'>,
  { redis, tell }: { readonly redis: RedisClient; tell(auditId: string): Promise<void> },
): HpaDesk | undefined {
  if (autoscaler === undefined) return undefined;
  // What could not be told stands in the trail all the same.
  return new HpaDesk({ redis, autoscaler, log, tell: (auditId) => void tell(auditId).catch(() => {}) });
}

/** What is known outside the desk, and of the autoscaler. */
export const withHpa =
  (outside: (() => OutsideFacts) | undefined, hpa: HpaDesk | undefined): (() => OutsideFacts) =>
  () => ({ ...(outside?.() ?? nothingOutside), hpa: hpa?.facts() ?? null });

/** @throws TacosError CLUSTER_NOT_SET, and as `HpaDesk.view` */
export async function hpaView(hpa: HpaDesk | undefined, query: HpaQuery): Promise<HpaView> {
  if (hpa === undefined) throw new TacosError('CLUSTER_NOT_SET', { hint: 'docs/operate/hpa.md' });
  return hpa.view(query);
}

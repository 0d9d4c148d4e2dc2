/** A recovery of what Redis lost, in as few words as fit beside a label. */
import { needsSettings, type QueueSnapshot } from '../../contract/snapshot.ts';
import { formatDuration } from '../duration.ts';
import { count } from '../output/format.ts';

/**
 * `recovering 2s: 3 gateways unheard, 1,204 back` while nobody is let in for it; what to do where only the visitors' tokens
 * were left, until somebody has resumed the event; '' else. At most 46 columns below a million places.
 */
export function recoveryText(snapshot: Pick<QueueSnapshot, 'recovery' | 'paused'>): string {
  const { recovery } = snapshot;
  if (recovery === null) return '';
  const { state, unheard, entersHeldSec } = recovery;
  const back = `${count(recovery.placesGivenBack + recovery.placesByTokens)} back`;
  const running = `recovering ${formatDuration(entersHeldSec)}:`;
  if (state === 'givingBack') return `${running} nobody enters yet, ${back}`;
  if (state === 'hearing') {
    const whom = `${unheard} ${unheard === 1 ? 'gateway' : 'gateways'} unheard`;
    return `${running} ${unheard === 0 ? 'asking gateways' : whom}, ${back}`;
  }
  return needsSettings(snapshot) ? 'only tokens left: set its rate, then resume' : '';
}

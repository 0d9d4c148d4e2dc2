/** What operators see of an event's adaptive brake, from its settings and from what the gateways' workers report. */
import type { BrakeView } from '../../contract/snapshot.ts';
import { parseReason, reasonText } from '../brake.ts';
import { brakeAt, brakeNone } from '../bucket.ts';
import { isBraked } from '../eta-inputs.ts';
import type { EventSettings } from '../settings.ts';
import { type Report, seenWithinMs } from './receipt.ts';

/** What holds is in the settings; the mode, and what shadow mode would do, say the workers heard lately. */
export function brakeView(settings: EventSettings, reports: readonly Report[], nowMs: number): BrakeView {
  const figures = reports.flatMap((report) =>
    report.figures && nowMs - report.lastMs <= seenWithinMs ? [report.figures] : [],
  );
  const { brakeSinceMs = 0, brakeWhy = '' } = settings;
  const ratio = brakeAt(settings, nowMs) / brakeNone;
  const isBraking = ratio < 1 || isBraked(settings, nowMs);
  if (isBraking || figures.some(({ bm }) => bm === 'on')) {
    const since = isBraking ? brakeSinceMs : 0;
    return { mode: 'on', ratio, ...causeOf(isBraking ? brakeWhy : '', since) };
  }
  if (figures.every(({ bm }) => bm !== 'shadow')) return null;
  const decided = figures.map(({ bd }) => bd).find((text) => text !== '');
  const [permille = brakeNone, sinceMs = 0] = (decided ?? '').split(' ').filter(Boolean).map(Number);
  const wouldBe = Math.min(1, permille / brakeNone);
  const why = wouldBe < 1 ? (decided?.split(' ')[2] ?? '') : '';
  return { mode: 'shadow', ratio, ...causeOf(why, wouldBe < 1 ? sinceMs : 0), wouldBe };
}

function causeOf(why: string, sinceMs: number): { reason: string | null; sinceAt: string | null } {
  const reason = parseReason(why);
  return {
    reason: reason === undefined ? null : reasonText(reason),
    sinceAt: sinceMs > 0 ? new Date(sinceMs).toISOString() : null,
  };
}

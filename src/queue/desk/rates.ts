/** How many people move a second, over no longer than was watched. */
import type { Flow, FlowKind } from '../flow.ts';

/** Rate over a window, people a second, to two decimals. `sinceMs`: when watching began, as `nowMs` in Redis ms. */
export function ratePerSec(
  flow: Flow,
  kind: FlowKind,
  span: { readonly nowMs: number; readonly sinceMs: number; readonly sec: number },
): number {
  const { nowMs, sinceMs, sec } = span;
  // Whole seconds only: the running one would make every rate look low, and so would those before watching began.
  const watchedSec = Math.floor(nowMs / 1000) - Math.floor(sinceMs / 1000);
  const overSec = Math.max(1, Math.min(sec, watchedSec));
  return Math.round((flow.sum(kind, nowMs - 1000, overSec) / overSec) * 100) / 100;
}

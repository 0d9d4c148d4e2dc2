/** Looks at the event loop of this process: how late it comes round, and whether it rests. */
import type { EventLoopUtilization } from 'node:perf_hooks';
import type { LoopLook } from './guard.ts';

/** A timer is set for so long again and again, ms: what it comes later is how long the loop took. */
const everyMs = 10;
/** What was seen is told so often, ms. */
const lookMs = 100;

/** Tells `look` what it saw, ten times a second or as often as the loop comes round, until the returned function is called. */
export function watchLoop(look: (seen: LoopLook) => void): () => void {
  let setAtMs = performance.now();
  let lookedAtMs = setAtMs;
  let lagMs = Number.POSITIVE_INFINITY;
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  let timer: NodeJS.Timeout;
  const wake = (): void => {
    const nowMs = performance.now();
    lagMs = Math.min(lagMs, Math.max(0, nowMs - setAtMs - everyMs));
    const tookMs = nowMs - lookedAtMs;
    if (tookMs >= lookMs) {
      const after = performance.eventLoopUtilization();
      look({ tookMs, lagMs, busy: performance.eventLoopUtilization(after, before).utilization });
      before = after;
      lookedAtMs = nowMs;
      lagMs = Number.POSITIVE_INFINITY;
    }
    setAtMs = nowMs;
    timer = setTimeout(wake, everyMs).unref();
  };
  timer = setTimeout(wake, everyMs).unref();
  return () => clearTimeout(timer);
}

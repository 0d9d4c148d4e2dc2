/**
 * Measures how long what comes now waits until the event loop reads it. A timer cannot tell: with more than 1,024 ready
 * connections libuv goes on reading, up to 48 times as many, before it comes to its timers. So this process sends itself a
 * message again and again, which stands in line with the requests.
 */
import type { EventLoopUtilization } from 'node:perf_hooks';
import { MessageChannel } from 'node:worker_threads';
import type { LoopLook } from './guard.ts';

/** Time from a message's coming to the next one's going, and between two looks, ms. */
const everyMs = 10;
/** Of how busy the loop was, the last so many ms count. */
const busyMs = 100;

/** Watches until it is closed. */
export interface LoopWatch {
  /** Looks now, if it is time to: a message that is long under way says something too. */
  peek(): void;
  close(): void;
}

/** Tells `look` how the loop is, whenever a message came or somebody peeks, at most every 10 ms. */
export function watchLoop(look: (seen: LoopLook) => void): LoopWatch {
  const { port1, port2 } = new MessageChannel();
  let sentMs = performance.now();
  let isUnderWay = true;
  let lastMs = 0;
  let lookedMs = sentMs;
  let busyAtMs = sentMs;
  let busy = 0;
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  let timer: NodeJS.Timeout | undefined;
  const see = (nowMs: number): void => {
    if (nowMs - busyAtMs >= busyMs) {
      const after = performance.eventLoopUtilization();
      busy = performance.eventLoopUtilization(after, before).utilization;
      before = after;
      busyAtMs = nowMs;
    }
    look({ tookMs: nowMs - lookedMs, lagMs: isUnderWay ? Math.max(lastMs, nowMs - sentMs) : lastMs, busy });
    lookedMs = nowMs;
  };
  const send = (): void => {
    clearTimeout(timer);
    sentMs = performance.now();
    isUnderWay = true;
    port1.postMessage(undefined);
  };
  port2.on('message', () => {
    const nowMs = performance.now();
    lastMs = nowMs - sentMs;
    isUnderWay = false;
    if (nowMs - lookedMs >= everyMs) see(nowMs);
    if (lastMs < everyMs) timer = setTimeout(send, everyMs).unref();
    else send();
  });
  port1.unref();
  port2.unref();
  send();
  return {
    peek: () => {
      const nowMs = performance.now();
      // The timer may be late by seconds.
      if (!isUnderWay && nowMs - sentMs >= 2 * everyMs) send();
      if (nowMs - lookedMs >= everyMs) see(nowMs);
    },
    close: () => {
      clearTimeout(timer);
      port1.close();
    },
  };
}

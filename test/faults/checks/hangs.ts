/** Who was left waiting for an answer, or was sent away without being told for how long. */
import type { Finding } from '../checker.ts';
import type { RequestRecord } from '../history.ts';
import type { RunFacts } from './run-facts.ts';

/** The promise, ms. */
const answerMs = 2_000;
/**
 * Beyond it, ms: the promise is the gateway's, this clock is the visitor's. In between lie connecting, two event loops and
 * the scheduling of a Redis, three gateways and the crowd on two cores. An answer that never comes is ten times later.
 */
const hangMarginMs = 1_000;

export function findHangs({ requests, faults, lags }: RunFacts): Finding[] {
  const findings: Finding[] = [];
  for (const request of requests) {
    const { op, gateway, visitor, sentMs, answeredMs } = request;
    if (request.hasRetryAfter === false) {
      const text = `${gateway}: ${request.http} to ${op} of visitor ${visitor} without Retry-After`;
      findings.push({ kind: 'hang', rule: 'a refusal says when to ask again', text, atMs: answeredMs });
    }
    if (op !== 'join' && op !== 'enter') continue;
    const wasDown = faults.some(
      ({ down = [], fromMs, toMs }) => down.includes(gateway) && fromMs < answeredMs && toMs > sentMs,
    );
    const tookMs = answeredMs - sentMs - lagWithin(lags, request);
    if (wasDown || tookMs <= answerMs + hangMarginMs) continue;
    const text = `${gateway}: ${op} of visitor ${visitor} took ${(tookMs / 1000).toFixed(1)} s (${request.http || request.failure})`;
    findings.push({ kind: 'hang', rule: 'an answer within 2 s', text, atMs: answeredMs });
  }
  return findings;
}

/** For how long the suite itself did not get to look, ms. */
export const lagWithin = (lags: RunFacts['lags'], { sentMs, answeredMs }: RequestRecord): number =>
  lags.reduce(
    (sum, { fromMs, toMs }) => sum + Math.max(0, Math.min(toMs, answeredMs) - Math.max(fromMs, sentMs)),
    0,
  );

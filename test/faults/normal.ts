/** When things were as before: from which second on joins and enters were answered as before the fault, for two of them. */
import type { RequestRecord } from './history.ts';

const stepMs = 100;
/** As before for so long, ms. */
const spanMs = 2_000;

/** Refused by a gateway that cannot, or not answered at all: this is no answer. */
export const isFailed = ({ http }: Pick<RequestRecord, 'http'>): boolean => http === 0 || http >= 500;

/**
 * Seconds from `fromMs` until the first span of 2 s with no failed join or enter, at least half as many joins a second as
 * before, and with grants if there were any before; undefined where that never came.
 */
export function secondsUntilNormal(requests: readonly RequestRecord[], fromMs: number): number | undefined {
  const asked = requests.filter(({ op, round }) => (op === 'join' || op === 'enter') && round === undefined);
  const before = countsOf(asked, Number.NEGATIVE_INFINITY, fromMs);
  const firstMs = asked[0]?.sentMs ?? fromMs;
  const joinsPerMs = before.joins / Math.max(1, fromMs - firstMs);
  const lastMs = asked.at(-1)?.answeredMs ?? fromMs;
  for (let atMs = fromMs; atMs + spanMs <= lastMs + stepMs; atMs += stepMs) {
    const { failed, joins, grants } = countsOf(asked, atMs, atMs + spanMs);
    const hasGrants = grants > 0 || before.grants === 0;
    if (failed === 0 && joins >= (joinsPerMs * spanMs) / 2 && hasGrants) return (atMs - fromMs) / 1000;
  }
  return undefined;
}

/** Of requests that were under way at some time from `fromMs` to `toMs`. */
function countsOf(requests: readonly RequestRecord[], fromMs: number, toMs: number) {
  const counts = { failed: 0, joins: 0, grants: 0 };
  for (const request of requests) {
    if (request.sentMs >= toMs || request.answeredMs < fromMs) continue;
    if (isFailed(request)) counts.failed += 1;
    else if (request.op === 'join') counts.joins += 1;
    else if (request.http === 200) counts.grants += 1;
  }
  return counts;
}

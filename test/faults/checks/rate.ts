/** Promise 3: in every window grants <= C + D + what was refilled in it. */
import { overdraftTokens } from '../../../src/contract/limits.ts';
import type { Finding } from '../checker.ts';
import type { SettingsRecord } from '../history.ts';
import type { RunFacts } from './run-facts.ts';

/** A grant happened at some time between these two, ms. */
interface GrantSpan {
  readonly seq: number;
  readonly sentMs: number;
  readonly answeredMs: number;
}

/** Redis's clock and this one do not run alike to the millisecond: one grant more is nobody's fault. */
const clockSlack = 1;

/** The worst window, where there is one too full. Windows begin with a request's sending and end with an answer's coming. */
export function findOverAdmitted(facts: RunFacts): Finding[] {
  const spans = grantSpans(facts);
  let worst: { excess: number; count: number; bound: number; fromMs: number; toMs: number } | undefined;
  const fromTimes = spans.map(({ sentMs }) => sentMs).toSorted((a, b) => a - b);
  const refilled = refillOver(facts.settings, fromTimes[0] ?? 0);
  for (const fromMs of fromTimes) {
    let count = 0;
    for (const { sentMs, answeredMs: toMs } of spans) {
      if (sentMs < fromMs) continue;
      count += 1;
      // Nothing in the settings can make the bound smaller than this.
      if (count <= overdraftTokens + clockSlack) continue;
      const bound =
        largestCapacity(facts.settings, fromMs, toMs) + overdraftTokens + refilled(toMs) - refilled(fromMs);
      const excess = count - bound - clockSlack;
      if (excess > (worst?.excess ?? 1e-9)) worst = { excess, count, bound, fromMs, toMs };
    }
  }
  if (worst === undefined) return [];
  const { count, bound, fromMs, toMs } = worst;
  const text = `${count} grants in ${((toMs - fromMs) / 1000).toFixed(2)} s from ${fromMs.toFixed(0)} ms on, at most ${bound.toFixed(1)} are allowed`;
  return [{ kind: 'over-admitted', rule: 'grants within the rate', text, atMs: fromMs }];
}

/**
 * Each grant once, in order of answers. Which of several copies was the one that was granted, nobody knows: it happened
 * between the first sending of any that may have been and the first answer.
 */
function grantSpans({ places }: RunFacts): GrantSpan[] {
  const spans: GrantSpan[] = [];
  for (const { place, enters, grants } of places.values()) {
    for (const told of Map.groupBy(
      grants,
      ({ pass }) => `${pass.id} ${pass.grantedSec} ${pass.endsSec}`,
    ).values()) {
      const answeredMs = Math.min(...told.map((grant) => grant.answeredMs));
      const mayBe = enters.filter(
        (enter) =>
          enter.sentMs < answeredMs &&
          (enter.http === 0 || enter.http >= 500 || told.some((one) => one === enter)),
      );
      spans.push({ seq: place.seq, sentMs: Math.min(...mayBe.map(({ sentMs }) => sentMs)), answeredMs });
    }
  }
  return spans.toSorted((a, b) => a.answeredMs - b.answeredMs);
}

/** Tokens refilled from a time on, at the highest rate that may have been in force at each moment. */
function refillOver(settings: readonly SettingsRecord[], originMs: number): (ms: number) => number {
  const edges = [...new Set(settings.flatMap(({ sentMs, answeredMs }) => [sentMs, answeredMs]))]
    .filter((ms) => ms > originMs)
    .toSorted((a, b) => a - b);
  const pieces: { readonly fromMs: number; readonly tokens: number; readonly perMs: number }[] = [];
  let tokens = 0;
  let fromMs = originMs;
  for (const edge of [...edges, Number.POSITIVE_INFINITY]) {
    const rates = inForce(settings, fromMs, Math.min(edge, fromMs + 1));
    const perMs = Math.max(0, ...rates.map(({ refillPerSec, paused }) => (paused ? 0 : refillPerSec / 1000)));
    pieces.push({ fromMs, tokens, perMs });
    tokens += perMs * (edge - fromMs);
    fromMs = edge;
  }
  return (ms) => {
    const piece = pieces.findLast((each) => each.fromMs <= ms) ?? { fromMs: ms, tokens: 0, perMs: 0 };
    return piece.tokens + piece.perMs * (ms - piece.fromMs);
  };
}

const largestCapacity = (settings: readonly SettingsRecord[], fromMs: number, toMs: number): number =>
  Math.max(...inForce(settings, fromMs, toMs).map(({ capacity }) => capacity));

/** Every change that may have been in force at some moment from `fromMs` to `toMs`. */
function inForce(settings: readonly SettingsRecord[], fromMs: number, toMs: number): SettingsRecord[] {
  const before = settings.findLast(({ answeredMs }) => answeredMs <= fromMs) ?? settings[0];
  return settings.filter((each) => each === before || (each.sentMs < toMs && each.answeredMs > fromMs));
}

/** Tiers as typed and shown: `11-50=2s`, open at the end `51-=5s`. */
import type { SettingsView } from '../../../contract/admin-api.ts';
import { parseDuration } from '../../duration.ts';
import { usageError } from '../../errors.ts';
import { plain } from '../../output/format.ts';

type Tier = SettingsView['tiers'][number];

/** One tier. @throws CliError (2) */
export function parseTier(text: string): Tier {
  const [whole, from, to, wait] = /^(\d{1,7})-(\d{0,7})=(\S+)$/.exec(text) ?? [];
  const first = Number(from);
  const last = Number(to ?? 0);
  if (whole === undefined || wait === undefined || first < 1 || (to !== '' && last < first)) {
    throw usageError(`--tier "${text}" is not of the form 11-50=2s, or 51-=5s for the rest`);
  }
  return { first, last, waitSec: /^0s?$/.test(wait) ? 0 : parseDuration('--tier', wait) / 1_000 };
}

/** All of them, from the front, none over another. @throws CliError (2) */
export function parseTiers(texts: readonly string[]): Tier[] {
  const tiers = texts.map(parseTier).toSorted((left, right) => left.first - right.first);
  for (const [at, tier] of tiers.entries()) {
    const next = tiers[at + 1];
    if (next === undefined || (tier.last !== 0 && tier.last < next.first)) continue;
    throw usageError(`--tier ${formatTier(tier)} and ${formatTier(next)} overlap`);
  }
  return tiers;
}

/** `11-50=2s`. */
export const formatTier = ({ first, last, waitSec }: Tier): string =>
  `${first}-${last === 0 ? '' : last}=${plain(waitSec)}s`;

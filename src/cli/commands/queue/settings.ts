/** `tacos queue settings get|set`: who may enter, and when silence counts. */
import type { SettingsView } from '../../../contract/admin-api.ts';
import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { runAction } from '../../mutation.ts';
import { printResult } from '../../output/document.ts';
import type { Column } from '../../output/table.ts';
import { secondsOf } from '../seconds.ts';
import { formatTier, parseTiers } from './tiers.ts';

const columns: readonly Column<SettingsView>[] = [
  { head: 'EVENT', value: ({ event }) => event },
  { head: 'WINDOW', value: ({ window }) => window, align: 'right' },
  { head: 'TIERS', value: ({ tiers }) => tiers.map(formatTier).join(' ') },
  { head: 'PRESENCE', value: ({ presenceSec }) => `${presenceSec}s`, align: 'right' },
  { head: 'CLAIM', value: ({ claimSec }) => `${claimSec}s`, align: 'right' },
  { head: 'MAX_WAITING', value: ({ maxWaiting }) => maxWaiting || undefined, align: 'right' },
  { head: 'CHALLENGE', value: ({ challengeBits }) => challengeBits || undefined, align: 'right' },
  { head: 'VERSION', value: ({ revision }) => revision, align: 'right' },
  { head: 'DEFAULT', value: (item) => (item.windowIsDefault ? 'window' : undefined), wide: true },
  { head: 'EXPIRE_NEAR', value: ({ expireNearSec }) => `${expireNearSec}s`, align: 'right', wide: true },
  { head: 'EXPIRE_FAR', value: ({ expireFarSec }) => `${expireFarSec}s`, align: 'right', wide: true },
  { head: 'MESSAGE', value: ({ message }) => message?.text, wide: true },
  { head: 'MESSAGE_UNTIL', value: ({ message }) => message?.until, wide: true },
];

/** `tacos queue settings get EVT`. */
export async function settingsGet(cli: Cli, [event = '']: readonly string[]): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, item, warnings } = await api.settings(event);
  const result = { kind: 'Settings', context: context.name, asOf, items: [item], single: true, warnings };
  await printResult(cli.runtime, { ...result, columns, name: (each) => each.event }, cli.flags);
}

/** Flags of `tacos queue settings set`. */
export interface SettingsSetFlags extends MutationFlags {
  /** A number, or `default`. */
  readonly window?: string;
  readonly tier?: readonly string[];
  readonly presence?: string;
  readonly claim?: string;
  readonly maxWaiting?: number;
  /** Leading zero bits; 0 = off. */
  readonly challenge?: number;
}

/** `tacos queue settings set EVT`. */
export function settingsSet(
  cli: Cli,
  [event = '']: readonly string[],
  flags: SettingsSetFlags,
): Promise<number> {
  const { window, tier, presence, claim, maxWaiting, challenge } = flags;
  if ([window, tier, presence, claim, maxWaiting, challenge].every((each) => each === undefined)) {
    throw usageError(
      'give at least one of --window, --tier, --presence, --claim, --max-waiting and --challenge',
    );
  }
  return runAction(cli, {
    events: [event],
    flags,
    action: {
      type: 'settings.set',
      ...(window === undefined ? {} : { window: windowOf(window) }),
      ...(tier === undefined ? {} : { tiers: parseTiers(tier) }),
      ...secondsOf('presenceSec', '--presence', presence),
      ...secondsOf('claimSec', '--claim', claim),
      ...(maxWaiting === undefined ? {} : { maxWaiting }),
      ...(challenge === undefined ? {} : { challengeBits: challenge }),
    },
  });
}

function windowOf(text: string): number | null {
  if (text === 'default') return null;
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw usageError(`--window "${text}" is neither a number of places nor "default"`);
}

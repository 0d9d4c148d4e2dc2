/** Signing keys that stand in a file, which may be written anew while the gateway runs. */
import type { Environment, KeyWithId } from '../contract/config.ts';
import { type GatewayConfig, loadConfig } from './config.ts';

const lists = {
  WAITING_TOKEN_KEYS: 'waitingTokenKeys',
  RESERVATION_TOKEN_KEYS: 'reservationTokenKeys',
} as const satisfies Record<string, keyof GatewayConfig>;

/** Reads a list again; undefined where it does not come from a file. What it gives throws with all that is wrong. */
export function keyFileReader(
  environment: Environment,
  name: keyof typeof lists,
): (() => readonly KeyWithId[]) | undefined {
  if (!environment[`${name}_FILE`]) return undefined;
  return () => {
    const loaded = loadConfig(environment);
    if ('problems' in loaded) throw new Error(loaded.problems.join('; '));
    return loaded.config[lists[name]];
  };
}

/** Where files are, by the XDG base directory rules (%AppData% on Windows). */
import { join } from 'node:path';
import type { Runtime } from './runtime.ts';

type Place = Pick<Runtime, 'env' | 'home' | 'platform'>;

const folder = ({ env, home, platform }: Place, name: string, unix: readonly string[]): string => {
  const set = env[name];
  if (set !== undefined && set !== '') return join(set, 'tacos');
  if (platform === 'win32') return join(env.APPDATA ?? join(home, 'AppData', 'Roaming'), 'tacos');
  return join(home, ...unix, 'tacos');
};

/** The operator's contexts. */
export const configFile = (place: Place): string =>
  join(folder(place, 'XDG_CONFIG_HOME', ['.config']), 'config.yaml');

/** Folder of what tacos itself keeps: pointers to each running `up`, its data by default, crash reports. */
export const stateFolder = (place: Place): string => folder(place, 'XDG_STATE_HOME', ['.local', 'state']);

/** Folder of what may be lost at any time: names for completion, the day of the last notice. */
export const cacheFolder = (place: Place): string => folder(place, 'XDG_CACHE_HOME', ['.cache']);

/** File of a context's sign-in. */
export const loginFile = (place: Place, context: string): string =>
  join(stateFolder(place), 'tokens', `${context}.json`);

/** Folder of pointers to the data dirs of running `tacos up`, a file for each, so that none takes another's away. */
export const localPointers = (place: Place): string => join(stateFolder(place), 'locals');

/** Data dir of `tacos up` where none is named. */
export const defaultDataDir = (place: Place): string =>
  place.env.TACOS_DATA_DIR || join(stateFolder(place), 'up');

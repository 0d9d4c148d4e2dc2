/** The public keys that development and tests sign with where none are set; production refuses them. */
import { type KeyWithId, macKeys, seedKeys } from './config.ts';

/** WAITING_TOKEN_KEYS where none are set. Gateways and admin API need the same, as visitors' references come from it. */
export const developmentWaitingTokenKeys = 'dev:waiting-token-key-for-development-only';

/** RESERVATION_TOKEN_KEYS where none are set. */
export const developmentReservationTokenKeys = 'dev:reservation-token-key-for-development';

// Either text in the other's place too.
const publicKeys = [developmentWaitingTokenKeys, developmentReservationTokenKeys].flatMap((text) => [
  ...macKeys.schema.parse(text),
  ...seedKeys.schema.parse(text),
]);

/** Whether anybody may know the key; `dev` is what development calls its own. */
const isDevelopmentKey = ({ kid, secret }: KeyWithId): boolean =>
  kid === 'dev' || publicKeys.some((each) => each.secret.equals(secret));

/** What is wrong in production with the keys of a variable, one sentence a key. */
export const developmentKeyProblems = (name: string, keys: readonly KeyWithId[]): string[] =>
  keys
    .filter(isDevelopmentKey)
    .map(({ kid }) => `${name} has the key ${kid}: production must not use the development keys`);

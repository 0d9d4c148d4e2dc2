/** Who is who at this gateway, put together from the settings: schemes of sign-in, users, keys of passes. */
import type { Logger } from 'pino';
import type { NamedKey } from '../../queue/keyring.ts';
import { ReservationKeys } from '../../queue/reservation-token.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { GatewayConfig } from '../config.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { type Authenticator, createAuthenticator } from './authenticator.ts';
import { devTokenScheme } from './dev-tokens.ts';
import { createJwtScheme } from './jwt.ts';
import { fetchKeySet } from './key-set.ts';
import { createKeyShare } from './key-share.ts';
import { createPasswords } from './passwords.ts';
import { ProviderKeys } from './provider-keys.ts';
import { createRedisUsers, type UserStore } from './users.ts';
import { openUsersTable } from './users-dynamodb.ts';

export interface IdentityOptions {
  readonly config: Pick<GatewayConfig, 'environment' | 'jwt' | 'usersTable' | 'reservationTokenKeys'>;
  /** For users and for the provider's keys. */
  readonly redis: RedisClient;
  /** Reads the reservation token keys again; absent where they cannot change. */
  readonly rereadReservationTokenKeys?: () => readonly NamedKey[];
  readonly log: Logger;
}

export interface Identity {
  readonly authenticate: Authenticator;
  /** One ring signs, verifies and publishes the passes. */
  readonly reservationKeys: ReservationKeys;
  /** Undefined = nobody registers here, as there is no secret to sign tokens with. */
  readonly accounts?: Accounts;
  close(): void;
}

const rereadMs = 10_000;

export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const { config, log } = options;
  const { environment, jwt } = config;
  const keys = providerKeys(options);
  // Not awaited: the first token that needs a key waits for it.
  void keys?.start();
  const reservationKeys = new ReservationKeys(config.reservationTokenKeys);
  const timer = rereading(reservationKeys, options);
  const { secret, issuer, audience } = jwt;
  const claims = {
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  const scheme = createJwtScheme({
    ...claims,
    trustedForSec: jwt.cacheTtlSec,
    ...(secret === undefined ? {} : { secret }),
    ...(keys === undefined ? {} : { findKey: keys.find, keysGeneration: () => keys.generation }),
  });
  const users = secret === undefined ? undefined : await openUsers(options);
  return {
    authenticate: createAuthenticator([...(environment === 'production' ? [] : [devTokenScheme]), scheme]),
    reservationKeys,
    ...(users === undefined || secret === undefined
      ? {}
      : { accounts: createAccounts({ ...claims, users, passwords: createPasswords(), secret, log }) }),
    close() {
      clearInterval(timer);
      keys?.close();
      users?.close?.();
    },
  };
}

function providerKeys({ config: { jwt }, redis, log }: IdentityOptions): ProviderKeys | undefined {
  const { jwksEndpoint, cacheTtlSec } = jwt;
  if (jwksEndpoint === undefined) return undefined;
  return new ProviderKeys({
    fetchKeys: () => fetchKeySet(jwksEndpoint),
    share: createKeyShare(redis, jwksEndpoint),
    cacheMs: cacheTtlSec * 1000,
    log,
  });
}

function rereading(keys: ReservationKeys, options: IdentityOptions): NodeJS.Timeout | undefined {
  const { rereadReservationTokenKeys: reread, log } = options;
  if (reread === undefined) return undefined;
  const look = (): void => {
    try {
      keys.update(reread());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ reason }, 'the reservation token keys could not be read again, the old ones stay');
    }
  };
  return setInterval(look, rereadMs).unref();
}

function openUsers({ config, redis }: IdentityOptions): Promise<UserStore & { close?(): void }> {
  const { usersTable } = config;
  return usersTable === undefined ? Promise.resolve(createRedisUsers(redis)) : openUsersTable(usersTable);
}

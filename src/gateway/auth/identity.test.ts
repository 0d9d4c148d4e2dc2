import { pino } from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import type { RedisClient } from '../../redis/client.ts';
import { loadConfig } from '../config.ts';
import { createIdentity, type Identity } from './identity.ts';

const key = (fill: string): string => fill.repeat(32);
const production = {
  SERVER_ENVIRONMENT: 'production',
  WAITING_TOKEN_KEYS: `w1:${key('w')}`,
  RESERVATION_TOKEN_KEYS: `r1:${key('r')}`,
};
const devToken = { authorization: 'Bearer dev-super-key-local-testing', 'x-dev-mode': 'true' };

let identity: Identity;
const logged: string[] = [];
afterEach(() => {
  identity.close();
  vi.useRealTimers();
});

async function begin(environment: Record<string, string>, rest = {}): Promise<Identity> {
  const loaded = loadConfig(environment);
  if ('problems' in loaded) throw new Error(loaded.problems.join());
  const redis = {} as RedisClient;
  const log = pino({}, { write: (text: string) => logged.push(text) });
  identity = await createIdentity({ config: loaded.config, redis, log, ...rest });
  return identity;
}

it('in development takes dev tokens and lets people sign up', async () => {
  const { authenticate, accounts } = await begin({});
  expect(await authenticate(devToken)).toEqual({ authenticated: true });
  expect(accounts).toBeDefined();
});

it('in production takes no dev token, and lets nobody sign up without a secret to sign tokens with', async () => {
  const { authenticate, accounts } = await begin(production);
  expect(await authenticate(devToken)).toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(accounts).toBeUndefined();
  identity.close();
  expect((await begin({ ...production, JWT_SECRET: key('s') })).accounts).toBeDefined();
});

it('reads the keys of passes again, and keeps the old ones when those read are no good', async () => {
  vi.useFakeTimers();
  const named = (kid: string) => ({ kid, secret: Buffer.from(key(kid[0] ?? '')) });
  let list: (() => ReturnType<typeof named>[]) | undefined = () => [named('r2'), named('r1')];
  await begin(production, { rereadReservationTokenKeys: () => list?.() });
  const kids = () => identity.reservationKeys.jwks().keys.map(({ kid }) => kid);
  expect(kids()).toEqual(['r1']);
  await vi.advanceTimersByTimeAsync(10_100);
  expect(kids()).toEqual(['r2', 'r1']);
  list = () => {
    throw new Error('the file is gone');
  };
  await vi.advanceTimersByTimeAsync(10_100);
  expect(kids()).toEqual(['r2', 'r1']);
  expect(logged.join()).toContain('the file is gone');
});

import { describe, expect, it } from 'vitest';
import { type LoadedConfig, loadConfig } from './config.ts';

const key = 'k'.repeat(32);
const production = {
  SERVER_ENVIRONMENT: 'production',
  WAITING_TOKEN_KEYS: `w1:${key}`,
  RESERVATION_TOKEN_KEYS: `r1:${key}`,
};

function load(environment: Record<string, string>): LoadedConfig {
  const loaded = loadConfig(environment);
  if ('problems' in loaded) throw new Error(loaded.problems.join('\n'));
  return loaded;
}

function problemsOf(environment: Record<string, string>): readonly string[] {
  const loaded = loadConfig(environment);
  return 'problems' in loaded ? loaded.problems : [];
}

describe('in development', () => {
  it('starts from nothing, with public keys and a warning for each', () => {
    const { config, warnings } = load({});
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8000,
      environment: 'development',
      environmentName: 'development',
      redis: { host: '127.0.0.1', port: 6379, tls: false },
      eventsAutoCreate: true,
      authEnterRequired: true,
      corsAllowOrigins: [],
      timeZone: 'UTC',
    });
    expect(config.waitingTokenKeys.map(({ kid }) => kid)).toEqual(['dev']);
    expect(config.reservationTokenKeys[0]?.secret.length).toBe(32);
    expect(warnings.length).toBe(2);
  });

  it('takes what is set', () => {
    const { config, warnings } = load({
      SERVER_ENVIRONMENT: 'test',
      ENVIRONMENT_NAME: 'ci',
      WAITING_TOKEN_KEYS: `w1:${key}`,
      RESERVATION_TOKEN_KEYS: `r1:${key}`,
      EVENTS_AUTO_CREATE: 'false',
      REDIS_USERNAME: 'u',
      REDIS_PASSWORD: 'p',
      REDIS_TLS_ENABLED: 'true',
      JWT_SECRET: 's',
      JWT_ISSUER: 'i',
      BACKEND_BUDGET_PER_SEC: '500',
    });
    expect(config).toMatchObject({
      environment: 'test',
      environmentName: 'ci',
      eventsAutoCreate: false,
      redis: { username: 'u', password: 'p', tls: true },
      jwt: { secret: 's', issuer: 'i' },
      backendBudgetPerSec: 500,
    });
    expect(warnings).toEqual([]);
  });

  it('shows the settings in force without a secret', () => {
    const { shown } = load({
      REDIS_PASSWORD: 'hunter2',
      JWT_SECRET: 'hunter3',
      WAITING_TOKEN_KEYS: `a:${key}`,
    });
    const text = shown.map(({ name, text }) => `${name}=${text}`).join('\n');
    expect(text).toContain('REDIS_PASSWORD=***');
    expect(text).toContain('EVENTS_AUTO_CREATE=true');
    expect(text).not.toMatch(/hunter|kkkk|development-only/);
  });
});

describe('in production', () => {
  it('starts with keys, and warns when nobody could enter', () => {
    const { config, warnings } = load(production);
    expect(config.eventsAutoCreate).toBe(false);
    expect(warnings).toEqual(['JWT_SECRET is not set while AUTH_ENTER_REQUIRED is true: nobody can enter']);
    expect(load({ ...production, JWT_SECRET: key }).warnings).toEqual([]);
  });

  it('refuses missing keys, development keys, short secrets and events that make themselves, all at once', () => {
    const problems = problemsOf({
      SERVER_ENVIRONMENT: 'production',
      WAITING_TOKEN_KEYS: `dev:${key}`,
      EVENTS_AUTO_CREATE: 'true',
      JWT_SECRET: 'load-test-bypass-token',
    });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'WAITING_TOKEN_KEYS',
      'RESERVATION_TOKEN_KEYS',
      'EVENTS_AUTO_CREATE',
      'JWT_SECRET',
    ]);
    expect(problems.join()).not.toContain('load-test-bypass-token');
  });

  it('takes the name of the environment from a file too', () => {
    expect(problemsOf({ SERVER_ENVIRONMENT_FILE: '/nowhere/at/all' }).length).toBe(1);
  });
});

it('refuses what it does not support yet', () => {
  expect(problemsOf({ REDIS_SENTINELS: 'a:1', REDIS_CLUSTER_MODE: 'true' })).toEqual([
    'REDIS_CLUSTER_MODE is set: it is not supported yet, leave it unset',
    'REDIS_SENTINELS is set: it is not supported yet, leave it unset',
  ]);
});

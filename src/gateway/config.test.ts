import { describe, expect, it } from 'vitest';
import { type LoadedConfig, loadConfig } from './config.ts';

const key = 'k'.repeat(32);
const production = {
  SERVER_ENVIRONMENT: 'production',
  WAITING_TOKEN_KEYS: `w1:${key}`,
  RESERVATION_TOKEN_KEYS: `r1:${key}`,
};

const provider = { JWT_JWKS_ENDPOINT: 'https://id.example/jwks', JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' };

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
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toContain('nobody can enter');
    expect(load({ ...production, AUTH_ENTER_REQUIRED: 'false' }).warnings).toEqual([]);
    expect(load({ ...production, JWT_SECRET: key }).warnings).toEqual([]);
    expect(load({ ...production, ...provider }).warnings).toEqual([]);
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

  it.each([
    ['WAITING_TOKEN_KEYS', `w1:${key},w2:waiting-token-key-for-development-only`],
    ['WAITING_TOKEN_KEYS', 'w1:reservation-token-key-for-development'],
    ['RESERVATION_TOKEN_KEYS', 'r1:reservation-token-key-for-development'],
    ['RESERVATION_TOKEN_KEYS', 'r1:waiting-token-key-for-development-only'],
    ['RESERVATION_TOKEN_KEYS', `dev:${key}`],
    ['JWT_SECRET', 'jwt-secret-for-development-and-tests-only'],
    ['JWT_SECRET', 'dev-super-key-local-testing'],
    ['JWT_SECRET', 'k'.repeat(31)],
    ['JWT_JWKS_ENDPOINT', 'http://id.example/jwks'],
    ['JWT_JWKS_ENDPOINT', 'http://localhost.example/jwks'],
    ['JWT_ISSUER', ''],
    ['JWT_AUDIENCE', ''],
  ])('refuses %s=%s, whatever its kid, and does not show a secret', (name, value) => {
    const problems = problemsOf({ ...production, ...provider, [name]: value });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([name]);
    if (name.endsWith('S') || name === 'JWT_SECRET') expect(problems[0]).not.toContain(value);
  });

  it.each([
    'https://id.example/jwks',
    'http://127.0.0.1:9000/jwks',
    'http://localhost/jwks',
    'http://[::1]:9000/jwks',
  ])('takes keys from %s', (endpoint) => {
    const environment = { ...production, ...provider, JWT_JWKS_ENDPOINT: endpoint };
    expect(load(environment).config.jwt).toMatchObject({
      jwksEndpoint: endpoint,
      issuer: 'i',
      audience: 'a',
    });
  });

  it('takes the name of the environment from a file too', () => {
    expect(problemsOf({ SERVER_ENVIRONMENT_FILE: '/nowhere/at/all' }).length).toBe(1);
  });
});

describe('Redis Sentinel', () => {
  it('is reached by the sentinels, which know the master by a name', () => {
    const { config } = load({
      REDIS_SENTINELS: 's1:26379,[::1]:26380',
      REDIS_PASSWORD: 'of the master',
      REDIS_SENTINEL_PASSWORD: 'of the sentinels',
    });
    const [first, second] = [
      { host: 's1', port: 26_379 },
      { host: '::1', port: 26_380 },
    ];
    expect(config.redis).toMatchObject({ ...first, password: 'of the master', tls: false });
    expect(config.redis.sentinel).toEqual({
      servers: [first, second],
      master: 'mymaster',
      password: 'of the sentinels',
      tls: false,
    });
    expect(load({}).config.redis.sentinel).toBeUndefined();
  });

  it('speaks TLS where Redis does, unless told otherwise', () => {
    const tlsOf = (rest: Record<string, string>) =>
      load({ REDIS_SENTINELS: 's1:26379', ...rest }).config.redis.sentinel?.tls;
    expect(tlsOf({ REDIS_TLS_ENABLED: 'true' })).toBe(true);
    expect(tlsOf({ REDIS_TLS_ENABLED: 'true', REDIS_SENTINEL_TLS_ENABLED: 'false' })).toBe(false);
    expect(tlsOf({ REDIS_SENTINEL_TLS_ENABLED: 'true', REDIS_TLS_CA_FILE: '/ca.pem' })).toBe(true);
  });

  it('is not a cluster, and what is only for it is refused without it', () => {
    expect(problemsOf({ REDIS_SENTINELS: 's1:1', REDIS_CLUSTER_MODE: 'true' })).toEqual([
      'REDIS_SENTINELS is set, but REDIS_CLUSTER_MODE is true: a cluster has no sentinels',
    ]);
    expect(problemsOf({ REDIS_SENTINEL_USERNAME: 'u', REDIS_SENTINEL_TLS_ENABLED: 'true' })).toEqual([
      'REDIS_SENTINEL_USERNAME is set, but REDIS_SENTINELS is not: it would not be used',
      'REDIS_SENTINEL_TLS_ENABLED is set, but REDIS_SENTINELS is not: it would not be used',
    ]);
  });
});

describe('a Redis Cluster', () => {
  const servers = 'a:6379, [::1]:6380';

  it('is reached by some of its servers', () => {
    const { config } = load({ REDIS_CLUSTER_MODE: 'true', REDIS_ADDRESS: servers });
    const seeds = [
      { host: 'a', port: 6379 },
      { host: '::1', port: 6380 },
    ];
    expect(config.redis).toEqual({ host: 'a', port: 6379, cluster: seeds, tls: false });
    const { config: one } = load({ REDIS_CLUSTER_MODE: 'true', REDIS_ADDRESS: 'a:6379' });
    expect(one.redis.cluster).toEqual([{ host: 'a', port: 6379 }]);
  });

  it('is none where several servers are named without saying so', () => {
    expect(problemsOf({ REDIS_ADDRESS: servers })).toEqual([
      'REDIS_ADDRESS names several servers, but REDIS_CLUSTER_MODE is not true: name one',
    ]);
    expect(load({ REDIS_CLUSTER_MODE: 'false' }).config.redis.cluster).toBeUndefined();
  });

  it('has a port for each server', () => {
    expect(problemsOf({ REDIS_CLUSTER_MODE: 'true', REDIS_ADDRESS: 'a:6379,b' })[0]).toContain('host:port');
  });
});

describe('TEST_FAULT', () => {
  const known = ['double_grant', 'wrong_order', 'refused_after_ready'];

  it.each(known)('%s is taken in tests, with a warning', (fault) => {
    const { config, warnings } = load({ SERVER_ENVIRONMENT: 'test', TEST_FAULT: fault });
    expect(config.testFault).toBe(fault);
    expect(warnings.join('\n')).toContain(`TEST_FAULT is ${fault}`);
  });

  it.each(['', 'development', 'production'])('stops a gateway of the environment "%s"', (environment) => {
    const from = environment === 'production' ? production : {};
    const named = environment === '' ? {} : { SERVER_ENVIRONMENT: environment };
    expect(problemsOf({ ...from, ...named, TEST_FAULT: 'double_grant' })).toEqual([
      'TEST_FAULT is set: only with SERVER_ENVIRONMENT=test does a gateway break a promise',
    ]);
  });

  it('is nothing else', () => {
    const environment = { SERVER_ENVIRONMENT: 'test', TEST_FAULT: 'all' };
    expect(problemsOf(environment).join('\n')).toContain(known.join(', '));
    expect(load({ SERVER_ENVIRONMENT: 'test' }).config.testFault).toBeUndefined();
  });
});

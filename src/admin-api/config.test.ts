import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { printConfig, startFailure } from './says.ts';

const folder = mkdtempSync(join(tmpdir(), 'tacos-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tokens = { ADMIN_TOKENS: 'viewer:ann:0123456789abcdef' };
const problemsOf = (env: Record<string, string>) => {
  const loaded = loadConfig(env);
  return 'problems' in loaded ? loaded.problems : [];
};
const configOf = (env: Record<string, string>) => {
  const loaded = loadConfig({ ...tokens, ...env });
  if ('problems' in loaded) throw new Error(loaded.problems.join('; '));
  return loaded;
};

describe('the settings', () => {
  it('have defaults for everything but the tokens', () => {
    expect(configOf({}).config).toMatchObject({
      listen: { host: '127.0.0.1', port: 8002 },
      environmentName: 'development',
      redis: { host: '127.0.0.1', port: 6379, tls: false },
      isProtected: false,
      metricsOpen: false,
      issuers: [],
    });
    expect(configOf({}).config.waitingTokenKeys.map(({ kid }) => kid)).toEqual(['dev']);
    expect(problemsOf({}).join()).toContain('ADMIN_TOKENS is not set');
  });

  it('take the tokens from a file by either name', () => {
    const file = join(folder, 'tokens');
    writeFileSync(file, 'viewer:ann:0123456789abcdef\nadmin:bo:0123456789abcdef\n');
    for (const name of ['ADMIN_TOKEN_FILE', 'ADMIN_TOKENS_FILE']) {
      const loaded = loadConfig({ [name]: file });
      expect('config' in loaded && loaded.config.tokens.map((each) => each.name)).toEqual(['ann', 'bo']);
    }
    expect(problemsOf({ ADMIN_TOKEN_FILE: join(folder, 'none') }).join()).toContain('ENOENT');
  });

  it('refuse an address that is not loopback, unless told that something in front encrypts', () => {
    expect(problemsOf({ ...tokens, ADMIN_ADDRESS: '0.0.0.0:8002' }).join()).toContain(
      'ADMIN_ALLOW_PLAINTEXT=true',
    );
    expect(
      configOf({ ADMIN_ADDRESS: '0.0.0.0:8002', ADMIN_ALLOW_PLAINTEXT: 'true' }).config.listen.host,
    ).toBe('0.0.0.0');
    expect(configOf({ ADMIN_ADDRESS: '[::1]:0' }).config.listen).toEqual({ host: '::1', port: 0 });
  });

  it('tell all problems at once, without the secrets', () => {
    const problems = problemsOf({
      ADMIN_TOKENS: 'boss:ann:secret-secret-secret',
      ADMIN_ADDRESS: 'here',
      LOG_LEVEL: 'loud',
      REDIS_SENTINELS: 'a',
    });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'ADMIN_ADDRESS',
      'LOG_LEVEL',
      'REDIS_SENTINELS',
      'ADMIN_TOKENS',
    ]);
    expect(problems.join()).not.toContain('secret-secret');
  });

  it('are shown with secrets masked', () => {
    const { shown } = configOf({ REDIS_PASSWORD: 'hunter22', WAITING_TOKEN_KEYS: `k1:${'s'.repeat(32)}` });
    const text = JSON.stringify(shown);
    expect(text).not.toMatch(/hunter22|ssss|0123456789abcdef/);
  });

  it('need the waiting token keys in production', () => {
    expect(problemsOf({ ...tokens, SERVER_ENVIRONMENT: 'production' }).join()).toContain(
      'WAITING_TOKEN_KEYS',
    );
  });

  it('refuse the public keys in production', () => {
    const keys = 'k2:waiting-token-key-for-development-only';
    expect(problemsOf({ ...tokens, SERVER_ENVIRONMENT: 'production', WAITING_TOKEN_KEYS: keys })).toEqual([
      'WAITING_TOKEN_KEYS has the key k2: production must not use the development keys',
    ]);
  });

  it('are shown although something is wrong', () => {
    const loaded = loadConfig({ LOG_LEVEL: 'loud', REDIS_ADDRESS: 'redis:6379' });
    expect('problems' in loaded && loaded.problems).toHaveLength(2);
    const shown = printConfig(loaded.shown);
    expect(shown).toContain('REDIS_ADDRESS=redis:6379  # environment\n');
    expect(shown).toContain('LOG_LEVEL=loud  # environment\n');
    expect(shown).toContain('ADMIN_TOKENS=  # not set\n');
  });

  it('take issuers instead of tokens, over several lines too', () => {
    const issuer = {
      issuer: 'https://id.example',
      audience: 'tacos',
      claim: 'groups',
      roles: { admin: ['a'] },
    };
    const loaded = loadConfig({ ADMIN_OIDC_ISSUERS: JSON.stringify([issuer], null, 2) });
    expect('config' in loaded && loaded.config.issuers).toMatchObject([issuer]);
    expect(printConfig(loaded.shown)).toMatch(/^ADMIN_OIDC_ISSUERS=\[ \{ .* \} \] {2}# environment$/m);
    expect(problemsOf({ ADMIN_OIDC_ISSUERS: '[{"issuer": "http://id.example"}]' }).length).toBeGreaterThan(3);
    expect(problemsOf({ ADMIN_TOKENS: '# nobody yet' }).join()).toContain('ADMIN_TOKENS is not set');
  });

  it('need certificate and key together, and as files that can be used', () => {
    expect(problemsOf({ ...tokens, ADMIN_TLS_CERT_FILE: '/x' }).join()).toContain(
      'ADMIN_TLS_KEY_FILE is not set',
    );
    const file = join(folder, 'no-certificate');
    writeFileSync(file, 'hello');
    const broken = { ADMIN_TLS_CERT_FILE: file, ADMIN_TLS_KEY_FILE: file };
    expect(problemsOf({ ...tokens, ...broken }).join()).toContain('a file with a certificate in PEM');
    expect(problemsOf({ ...tokens, ...broken, ADMIN_TLS_KEY_FILE: join(folder, 'none') }).join()).toContain(
      'ENOENT',
    );
  });

  it('keep the address of the webhook to themselves', () => {
    const url = 'https://hooks.example/T0/secret-part';
    const { config, shown } = configOf({ ALERT_WEBHOOK_URL: url });
    expect(config.webhookUrl).toBe(url);
    expect(JSON.stringify(shown)).not.toContain('secret-part');
    for (const bad of ['ftp://hooks.example/secret-part', 'hooks.example', 'http://']) {
      const problems = problemsOf({ ...tokens, ALERT_WEBHOOK_URL: bad }).join();
      expect(problems).toContain('ALERT_WEBHOOK_URL is ***: it must be an http or https address');
    }
  });

  it('take an autoscaler to steer, and how to reach it; a kubeconfig alone steers nothing', () => {
    const env = { KUBE_HPA: 'gateway', KUBE_NAMESPACE: 'shop', KUBECONFIG: '/k', KUBE_CONTEXT: 'apne2' };
    expect(configOf(env).config.cluster).toEqual({
      hpa: 'gateway',
      namespace: 'shop',
      configFile: '/k',
      context: 'apne2',
    });
    expect(configOf({ KUBECONFIG: `/a:/b${'/c'.repeat(400)}` }).config.cluster).toBeUndefined();
    expect(problemsOf({ ...tokens, KUBE_HPA: 'gateway' })).toEqual([expect.stringContaining('KUBECONFIG')]);
    const loadtests = {
      KUBE_LOADTEST_NAMESPACE: 'load',
      KUBE_LOADTEST_URL: 'http://g:8000/',
      KUBECONFIG: '/k',
    };
    expect(configOf({ ...tokens, ...loadtests }).config.loadtests).toEqual({
      namespace: 'load',
      baseUrl: 'http://g:8000',
      image: 'grafana/k6:1.4.0',
      configFile: '/k',
    });
    expect(problemsOf({ ...tokens, ...loadtests, KUBE_LOADTEST_URL: '' })).toEqual([
      expect.stringContaining('KUBE_LOADTEST_URL'),
    ]);
    expect(problemsOf({ ...tokens, KUBE_HPA: 'Gate Way', KUBECONFIG: '/k' })).toHaveLength(1);
  });

  it('take a budget above zero', () => {
    expect(configOf({ BACKEND_BUDGET_PER_SEC: '120.5' }).config.budgetPerSec).toBe(120.5);
    expect(configOf({ BACKEND_BUDGET_PER_SEC: '' }).config).not.toHaveProperty('budgetPerSec');
    expect(problemsOf({ ...tokens, BACKEND_BUDGET_PER_SEC: '0' })).toHaveLength(1);
  });

  it.each([
    [{}, false],
    [{ SERVER_ENVIRONMENT: 'production' }, true],
    [{ SERVER_ENVIRONMENT: 'production', ENVIRONMENT_NAME: 'apne2' }, true],
    [{ SERVER_ENVIRONMENT: 'production', ENVIRONMENT_NAME: 'staging-2' }, false],
    [{ SERVER_ENVIRONMENT: 'development', ENVIRONMENT_NAME: 'apne2-prod' }, true],
    [{ SERVER_ENVIRONMENT: 'test', ENVIRONMENT_NAME: 'reproduce' }, false],
  ])('protect production, whatever it is called, but no staging area: %j', (environment, isProtected) => {
    const loaded = configOf({ WAITING_TOKEN_KEYS: `k1:${'s'.repeat(32)}`, ...environment });
    expect(loaded.config.isProtected).toBe(isProtected);
  });
});

describe('a server that cannot start', () => {
  const address = { host: '127.0.0.1', port: 8002 };
  it('says which variable helps', () => {
    const failure = (code: string) => startFailure(Object.assign(new Error('x'), { code }), address);
    expect(failure('EADDRINUSE')).toBe('port 8002 of 127.0.0.1 is in use: choose another by ADMIN_ADDRESS');
    expect(failure('EADDRNOTAVAIL')).toContain('see ADMIN_ADDRESS');
    expect(failure('EACCES')).toContain('ADMIN_ADDRESS');
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';

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
      signingKid: 'dev',
    });
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
      REDIS_SENTINELS: 'a:1',
    });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'ADMIN_ADDRESS',
      'LOG_LEVEL',
      'ADMIN_TOKENS',
      'REDIS_SENTINELS',
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
});

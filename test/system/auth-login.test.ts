import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/admin-api/config.ts';
import { type AdminServer, startServer } from '../../src/admin-api/server.ts';
import { FakeDesk } from '../../src/admin-api/testing/fake-desk.ts';
import { type DeviceProvider, signInAt, startDeviceProvider } from '../helpers/device-provider.ts';
import { root } from '../helpers/processes.ts';

const clientId = 'tacos-cli';
const audience = 'https://admin.example/tacos';
/** Far longer than any test takes. */
const tokenSec = 600;

let provider: DeviceProvider;
let server: AdminServer;
let home: string;
beforeAll(async () => {
  provider = await startDeviceProvider({
    clientId,
    audience,
    tokenSec,
    claims: { groups: ['tacos-operators'] },
  });
  const loaded = loadConfig({
    ADMIN_ADDRESS: '127.0.0.1:0',
    ADMIN_TOKENS: 'viewer:ann:list-token-0123456789',
    ADMIN_OIDC_ISSUERS: JSON.stringify([
      {
        issuer: provider.issuer,
        audience,
        claim: 'groups',
        roles: { operator: ['tacos-operators'] },
        clientId,
        scope: 'openid offline_access',
      },
    ]),
  });
  if ('problems' in loaded) throw new Error(loaded.problems.join('; '));
  const log = pino({ level: 'silent' });
  server = await startServer({ config: loaded.config, desk: new FakeDesk(), version: '1.2.3', log });
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tacos-login-'));
  mkdirSync(join(home, 'config/tacos'), { recursive: true });
  writeFileSync(join(home, 'config/tacos/config.yaml'), `contexts: {stg: {server: "${server.address}"}}\n`);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));
afterAll(() => Promise.all([server.stop(), provider.stop()]));

interface Running {
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  readonly stderr: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
}

function tacos(argv: readonly string[], env: Record<string, string> = {}): Running {
  const { TACOS_TOKEN: _, TACOS_SERVER: __, ...own } = process.env;
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...argv], {
    env: {
      ...own,
      NODE_OPTIONS: '',
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_STATE_HOME: join(home, 'state'),
      XDG_CACHE_HOME: join(home, 'cache'),
      TACOS_CONTEXT: 'stg',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    out.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    out.stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, ...out }));
  });
  return { ended, stderr: () => out.stderr, kill: (signal) => child.kill(signal) };
}

/** Waits until the page and the code are shown; the address with the code in it. */
async function pageOf(login: Running): Promise<string> {
  const endMs = Date.now() + 10_000;
  for (;;) {
    const found = /or open +(\S+)/.exec(login.stderr())?.[1];
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`no page was shown: ${login.stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

async function signIn(): Promise<void> {
  const login = tacos(['auth', 'login']);
  await signInAt(await pageOf(login), 'yes');
  const { code, stderr } = await login.ended;
  if (code !== 0) throw new Error(stderr);
}

const tokenFile = () => join(home, 'state/tacos/tokens/stg.json');
const kept = () => JSON.parse(readFileSync(tokenFile(), 'utf8')) as Record<string, string>;
/** What is kept of the sign-in, as if its token ended in so many seconds. */
const endIn = (sec: number) =>
  writeFileSync(tokenFile(), JSON.stringify({ ...kept(), expiresAtMs: Date.now() + sec * 1_000 }));

describe('auth login', () => {
  it('signs in by a browser and keeps the tokens in a file of its owner alone', async () => {
    const login = tacos(['auth', 'login', '-o', 'json']);
    await signInAt(await pageOf(login), 'yes');
    const { code, stdout, stderr } = await login.ended;
    expect([code, stderr.includes('error')]).toEqual([0, false]);
    expect(JSON.parse(stdout).item).toMatchObject({
      context: 'stg',
      role: 'operator',
      issuer: provider.issuer,
      tokenFrom: 'auth login',
    });
    expect(stderr).toContain('warning: the sign-in is kept in a file that only you can read');
    expect(statSync(tokenFile()).mode & 0o777).toBe(0o600);
    expect(stdout + stderr).not.toContain(kept().token);
    expect(stdout + stderr).not.toContain(kept().refreshToken);
    const status = await tacos(['auth', 'status']).ended;
    expect([status.code, status.stdout]).toEqual([0, expect.stringContaining('operator')]);
    const goesElsewhere = await tacos(['auth', 'status'], {
      TACOS_CONTEXT: '',
      TACOS_SERVER: 'http://127.0.0.1:9',
    }).ended;
    expect(goesElsewhere.code).toBe(4);
  });

  it('declined in the browser is exit 4 and keeps nothing', async () => {
    const login = tacos(['auth', 'login']);
    await signInAt(await pageOf(login), 'no');
    const { code, stdout, stderr } = await login.ended;
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toContain('declined');
    expect(existsSync(tokenFile())).toBe(false);
  });

  it('given up by Ctrl-C is 130 and keeps nothing', async () => {
    const login = tacos(['auth', 'login']);
    await pageOf(login);
    login.kill('SIGINT');
    expect((await login.ended).code).toBe(130);
    expect(existsSync(tokenFile())).toBe(false);
  });

  it('needs an issuer: exit 2 for one that the server does not name, exit 7 for one that is away', async () => {
    const unknown = await tacos(['auth', 'login', '--issuer', 'https://id.example']).ended;
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('no client for https://id.example'),
    ]);
    const away = ['auth', 'login', '--issuer', 'http://127.0.0.1:9', '--client-id', 'x'];
    expect((await tacos(away).ended).code).toBe(7);
    const plain = ['auth', 'login', '--issuer', 'http://id.example', '--client-id', 'x'];
    expect((await tacos(plain).ended).code).toBe(2);
  });
});

describe('a sign-in', () => {
  it('is renewed before it ends, once for however many commands at a time', async () => {
    await signIn();
    const before = kept();
    expect(Number(before.expiresAtMs)).toBeGreaterThan(Date.now() + (tokenSec - 60) * 1_000);
    expect(Number(before.expiresAtMs)).toBeLessThanOrEqual(Date.now() + tokenSec * 1_000);
    const grantsBefore = provider.granted.length;
    // It is refreshed in its last minute.
    endIn(59);
    const all = await Promise.all([1, 2, 3].map(() => tacos(['auth', 'status']).ended));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(provider.granted.slice(grantsBefore)).toEqual(['refresh_token']);
    expect(kept().token).not.toBe(before.token);
    expect(kept().refreshToken).not.toBe(before.refreshToken);
  });

  it('that has ended and cannot be renewed is exit 4 with what to run', async () => {
    await signIn();
    const login = { ...kept(), refreshToken: 'not-one', expiresAtMs: Date.now() - 1 };
    writeFileSync(tokenFile(), JSON.stringify(login));
    const { code, stdout, stderr } = await tacos(['auth', 'status']).ended;
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toContain('the sign-in to "stg" has ended');
    expect(stderr).toContain('try   tacos auth login -c stg');
  });

  it('is forgotten here and at the issuer by logout, however often', async () => {
    await signIn();
    const { token, refreshToken } = kept();
    const revoked = provider.revoked;
    expect((await tacos(['auth', 'logout']).ended).code).toBe(0);
    expect([existsSync(tokenFile()), provider.revoked]).toEqual([false, revoked + 1]);
    const again = await tacos(['auth', 'logout']).ended;
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('not signed in')]);
    const { code, stderr } = await tacos(['auth', 'status']).ended;
    expect([code, stderr]).toEqual([4, expect.stringContaining('tacos auth login -c stg')]);
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken ?? '', client_id: clientId };
    const reply = await fetch(`${provider.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    expect([reply.status, token !== undefined]).toEqual([400, true]);
  });
});

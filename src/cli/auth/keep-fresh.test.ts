import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loginFile } from '../paths.ts';
import { keepFresh } from './keep-fresh.ts';
import { readLogin, removeLogin, type StoredLogin, writeLogin } from './login-store.ts';
import { storedToken } from './stored-token.ts';

const server = 'https://admin.example';
const startMs = Date.parse('2026-11-21T05:00:00Z');
let home: string;
let nowMs: number;
const stop = new AbortController();
const machine = () => ({
  env: {},
  home,
  platform: 'linux' as const,
  clock: { now: () => nowMs, monotonic: () => nowMs },
  stop: { signal: stop.signal },
});
const login = (change: Partial<StoredLogin> = {}): StoredLogin => ({
  server,
  issuer: 'http://127.0.0.1:9',
  clientId: 'c',
  scope: 's',
  token: 'first',
  refreshToken: 'r1',
  expiresAtMs: startMs + 300_000,
  ...change,
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tacos-fresh-'));
  nowMs = startMs;
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(home, { recursive: true, force: true });
});

describe('a token that is kept fresh', () => {
  it('is the newest of the file, whoever wrote it, and the first one where the file has gone', () => {
    writeLogin(machine(), 'stg', login());
    const token = keepFresh(machine(), { name: 'stg', server, token: 'first' });
    expect(token()).toBe('first');
    writeLogin(machine(), 'stg', login({ token: 'second' }));
    expect(token()).toBe('second');
    removeLogin(machine(), 'stg');
    expect(token()).toBe('first');
  });

  it('is renewed while nothing else happens', async () => {
    let asked = 0;
    const issuer = createServer((request, response) => {
      const at = `http://${request.headers.host}`;
      if (request.url?.startsWith('/.well-known')) {
        response.end(JSON.stringify({ issuer: at, token_endpoint: `${at}/token` }));
        return;
      }
      asked += 1;
      response.end(JSON.stringify({ access_token: `renewed-${asked}`, expires_in: 300 }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    try {
      vi.useFakeTimers({ toFake: ['setInterval'] });
      const at = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
      writeLogin(machine(), 'stg', login({ issuer: at }));
      const token = keepFresh(machine(), { name: 'stg', server, token: 'first' });
      vi.advanceTimersByTime(20_000);
      expect(asked).toBe(0);
      nowMs += 241_000;
      vi.advanceTimersByTime(20_000);
      await vi.waitFor(() => expect(token()).toBe('renewed-1'), { timeout: 5_000 });
      // The issuer sent no new refresh token: the old one stays in force.
      expect(readLogin(machine(), 'stg', server)).toMatchObject({
        refreshToken: 'r1',
        expiresAtMs: nowMs + 300_000,
      });
    } finally {
      issuer.closeAllConnections();
      issuer.close();
    }
  });
});

describe('a stored sign-in', () => {
  it('is for its server alone', async () => {
    writeLogin(machine(), 'stg', login());
    expect((await storedToken(machine(), 'stg', server)).state).toBe('good');
    expect((await storedToken(machine(), 'stg', 'https://other.example')).state).toBe('none');
  });

  it('is used to its last second where the issuer is away, and has ended after it', async () => {
    writeLogin(machine(), 'stg', login({ expiresAtMs: startMs + 30_000 }));
    expect(await storedToken(machine(), 'stg', server)).toMatchObject({ state: 'good', token: 'first' });
    nowMs += 31_000;
    const { state } = await storedToken(machine(), 'stg', server);
    expect(state).toBe('ended');
  });

  it('is not held up by the lock of a process that died', async () => {
    writeLogin(machine(), 'stg', login({ expiresAtMs: startMs - 1 }));
    const lock = `${loginFile(machine(), 'stg')}.lock`;
    writeFileSync(lock, '1\n');
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(lock, longAgo, longAgo);
    expect((await storedToken(machine(), 'stg', server)).state).toBe('ended');
    expect(existsSync(lock)).toBe(false);
  });
});

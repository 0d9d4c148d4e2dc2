import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, enterAt, type Fleet, joinAt, startFleet, statusAt } from '../helpers/fleet.ts';
import { startProgram } from '../helpers/processes.ts';

const key = (kid: string): string => `${kid}:${randomBytes(32).toString('base64url')}`;

// Side by side: both wait until the gateway reads its files again.
describe.concurrent('signing keys in files', () => {
  let dir: string;
  let file: string;
  let passFile: string;
  let fleet: Fleet;
  const first = key('k1');
  const second = key('k2');
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tacos-keys-'));
    file = join(dir, 'keys');
    passFile = join(dir, 'pass-keys');
    await writeFile(file, first);
    await writeFile(passFile, first);
    const env = {
      WAITING_TOKEN_KEYS: '',
      WAITING_TOKEN_KEYS_FILE: file,
      RESERVATION_TOKEN_KEYS: '',
      RESERVATION_TOKEN_KEYS_FILE: passFile,
    };
    fleet = await startFleet({ gateways: 1, env });
  });
  afterAll(async () => {
    await fleet.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('are read again while the gateway runs: a new one verifies, and does not sign before everybody can verify it', async () => {
    const event = await fleet.event();
    const url = fleet.urls[0] ?? '';
    const old = String((await joinAt(url, event.id)).body.waiting_token);
    expect(old).toMatch(/^t1\.k1\./);
    await writeFile(file, `${second},${first}`);
    const elsewhere = await gatewayWith(second, first);
    try {
      const signedElsewhere = String((await joinAt(elsewhere.urls[0] ?? '', event.id)).body.waiting_token);
      expect(signedElsewhere).toMatch(/^t1\.k2\./);
      await expect
        .poll(async () => (await statusAt(url, signedElsewhere)).status, { timeout: 15_000 })
        .toBe(200);
      expect((await statusAt(url, old)).status).toBe(200);
      expect(String((await joinAt(url, event.id)).body.waiting_token)).toMatch(/^t1\.k1\./);
    } finally {
      await elsewhere.stop();
    }
  }, 60_000);

  it('of passes are published as soon as they are read, before they sign', async () => {
    const published = async (): Promise<string[]> => {
      const { body } = await call('GET', `${fleet.urls[0]}/.well-known/jwks.json`);
      return (body.keys as { kid: string }[]).map(({ kid }) => kid);
    };
    expect(await published()).toEqual(['k1']);
    await writeFile(passFile, `${second},${first}`);
    await expect.poll(published, { timeout: 15_000 }).toEqual(['k2', 'k1']);
    const event = await fleet.event({ tiers: '1-=0' });
    const { body } = await joinAt(fleet.urls[0] ?? '', event.id);
    const entered = await enterAt(fleet.urls[0] ?? '', String(body.waiting_token), 'mina');
    expect(decodeProtectedHeader(String(entered.body.reservation_token)).kid).toBe('k1');
  }, 60_000);

  /** A gateway on the same Redis that began with both keys. */
  async function gatewayWith(...keys: string[]) {
    const env = { ...fleet.env, WAITING_TOKEN_KEYS: keys.join(','), WAITING_TOKEN_KEYS_FILE: '' };
    const argv = ['dist/gateway/main.js', '--port', '0', '--workers', '1'];
    const program = await startProgram({ argv, env, ready: /^listening (http:\S+)$/m });
    return { urls: [program.ready[1] ?? ''], stop: () => program.stop() };
  }
});

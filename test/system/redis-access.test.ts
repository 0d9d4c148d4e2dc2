import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, whenReady } from '../../src/redis/client.ts';
import { newCertificate } from '../helpers/certificates.ts';
import { eventually } from '../helpers/eventually.ts';
import { enterAt, joinAt, statusAt } from '../helpers/fleet.ts';
import { type Office, openOffice } from '../helpers/office.ts';
import { startProgram } from '../helpers/processes.ts';
import { refusedTo } from '../helpers/redis-says.ts';
import { guideUsers, userPasswords } from '../helpers/redis-users.ts';

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

describe('Redis with TLS and ACL users', () => {
  let folder: string;
  let office: Office;
  let tlsPort: number;
  let ca: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tacos-redis-tls-'));
    const pair = newCertificate(folder, 'redis', 24);
    ca = pair.cert;
    tlsPort = await freePort();
    await writeFile(
      join(folder, 'users.acl'),
      `user default on nopass ~* &* +@all\n${guideUsers('tacos-').join('\n')}\n`,
    );
    const tls = { REDIS_ADDRESS: `127.0.0.1:${tlsPort}`, REDIS_TLS_ENABLED: 'true', REDIS_TLS_CA_FILE: ca };
    office = await openOffice({
      gateways: 1,
      admins: 1,
      redis: {
        args: [
          ...['--tls-port', String(tlsPort), '--tls-cert-file', pair.cert, '--tls-key-file', pair.key],
          ...['--tls-ca-cert-file', pair.cert, '--tls-auth-clients', 'no'],
          ...['--aclfile', join(folder, 'users.acl')],
        ],
      },
      env: { ...tls, REDIS_USERNAME: 'tacos-gateway', REDIS_PASSWORD: userPasswords.gateway },
      adminEnv: { ...tls, REDIS_USERNAME: 'tacos-admin', REDIS_PASSWORD: userPasswords.admin },
    });
  }, 60_000);
  afterAll(async () => {
    await office?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('serves a whole sale with the rights that the guide names, and asks for no others', async () => {
    const event = 'evt_tls';
    const run = async (...argv: string[]) => {
      const ran = await office.tacos([...argv, '--yes', '--reason', 'a test of rights'], { as: 'ada' });
      expect(ran.code, `${argv.join(' ')}: ${ran.stderr}`).toBe(0);
    };
    await run('event', 'create', event, '--refill', '10', '--test');
    const url = office.urls[0] ?? '';
    const joined = await eventually(async () => {
      const answer = await joinAt(url, event);
      return answer.status === 202 && answer;
    });
    const token = String(joined.body.waiting_token);
    await eventually(async () => (await statusAt(url, token)).body.ready_for_entry === true);
    const entered = await enterAt(url, token, 'ann');
    expect(entered.status, `${JSON.stringify(entered.body)} ${await refusedTo(office.look)}`).toBe(200);
    for (let count = 0; count < 5; count += 1) await joinAt(url, event);
    await run('queue', 'pause', event);
    await run('queue', 'expire', event, '--all', '--confirm', event);
    await run('undo');
    await run('bucket', 'set', event, '--refill', '20', '--for', '60s');
    for (const argv of [
      ['queue', 'get', event],
      ['audit', 'list', '--event', event],
      ['budget', 'get'],
    ]) {
      expect(await office.tacos(argv), argv.join(' ')).toMatchObject({ code: 0 });
    }
    await run('queue', 'drain', event, '--now', '--confirm', event);
    await run('event', 'delete', event, '--confirm', event);
    const clients = String(await office.look.call('CLIENT', 'LIST'));
    expect(clients).toMatch(/user=tacos-gateway/);
    expect(clients).toMatch(/user=tacos-admin/);
    // Commands that only answer a question may be refused; here not even those are.
    expect(await refusedTo(office.look)).toEqual([]);
  });

  it('lets neither user touch what is not ours, nor wipe anything', async () => {
    for (const user of ['gateway', 'admin'] as const) {
      const own = { username: `tacos-${user}`, password: userPasswords[user] };
      const address = { host: '127.0.0.1', port: tlsPort, ...own };
      const client = connect({ ...address, tls: { ca: readFileSync(ca, 'utf8') } }, { name: 'intruder' });
      expect(await whenReady(client, 5_000)).toBe(true);
      await expect(client.get('theirs')).rejects.toThrow(/NOPERM/);
      await expect(client.flushall()).rejects.toThrow(/NOPERM/);
      await expect(client.config('SET', 'maxmemory', '1')).rejects.toThrow(/NOPERM/);
      client.disconnect();
    }
    await office.look.call('ACL', 'LOG', 'RESET');
  });

  it('does not talk to a server whose certificate nobody vouches for', async () => {
    const address = {
      host: '127.0.0.1',
      port: tlsPort,
      username: 'tacos-gateway',
      password: userPasswords.gateway,
    };
    const client = connect({ ...address, tls: {} }, { name: 'careful' });
    expect(await whenReady(client, 1_500)).toBe(false);
    client.disconnect();
  });

  it('says which file cannot be read', async () => {
    const start = startProgram({
      argv: ['dist/gateway/main.js', '--port', '0', '--workers', '1'],
      env: { ...office.env, REDIS_TLS_CA_FILE: '/nowhere/ca.pem' },
      ready: /^listening/m,
    });
    await expect(start).rejects.toThrow(
      'REDIS_TLS_CA_FILE is "/nowhere/ca.pem": it must be the name of a PEM file that can be read (ENOENT)',
    );
  });
});

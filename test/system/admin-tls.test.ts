import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { pino } from 'pino';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/admin-api/config.ts';
import { type AdminServer, startServer } from '../../src/admin-api/server.ts';
import { FakeDesk } from '../../src/admin-api/testing/fake-desk.ts';
import { eventually } from '../helpers/eventually.ts';

const folder = mkdtempSync(join(tmpdir(), 'tacos-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes a certificate for 127.0.0.1 that ends after so many days. Needs the program openssl. */
function newCertificate(name: string, days: number) {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...made, ...subject, '-days', String(days), '-keyout', key, '-out', cert], {
    stdio: 'pipe',
  });
  return { cert, key };
}

const first = newCertificate('first', 30);
const second = newCertificate('second', 60);
const used = { cert: join(folder, 'used.pem'), key: join(folder, 'used.key') };
const use = (pair: typeof first): void => {
  copyFileSync(pair.cert, used.cert);
  copyFileSync(pair.key, used.key);
};

let server: AdminServer | undefined;
afterEach(() => server?.stop());

const environment = (address: string) => ({
  ADMIN_ADDRESS: address,
  ADMIN_TOKENS: 'viewer:ann:list-token-0123456789',
  ADMIN_TLS_CERT_FILE: used.cert,
  ADMIN_TLS_KEY_FILE: used.key,
});

async function start(address: string, warnings: string[] = []): Promise<AdminServer> {
  const loaded = loadConfig(environment(address));
  if ('problems' in loaded) throw new Error(loaded.problems.join('; '));
  const log = pino({ level: 'warn' }, { write: (text: string) => void warnings.push(text) });
  server = await startServer({
    config: loaded.config,
    desk: new FakeDesk(),
    version: '1.2.3',
    log,
    certificateLookMs: 30,
  });
  return server;
}

/** The status of /healthz and the name of the certificate, trusting only that of `pair`. */
function ask(port: number, pair: typeof first): Promise<{ name: string; status: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: readFileSync(pair.cert) }, () => {
      const name = String(socket.getPeerCertificate().subject.CN);
      socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      socket.once('data', (data) => {
        resolve({ name, status: data.toString().split(' ')[1] ?? '' });
        socket.destroy();
      });
    });
    socket.once('error', reject);
  });
}
const portOf = ({ address }: AdminServer) => Number(new URL(address).port);

describe('an admin API with a certificate', () => {
  it('speaks https only, may listen beyond this machine, and knows when the certificate ends', async () => {
    use(first);
    const started = await start('0.0.0.0:0');
    expect(started.address).toMatch(/^https:/);
    expect(await ask(portOf(started), first)).toEqual({ name: 'first', status: '200' });
    await expect(fetch(`http://127.0.0.1:${portOf(started)}/healthz`)).rejects.toThrow();
    const leftDays = (Date.parse(started.facts().certificateEndsAt ?? '') - Date.now()) / 86_400_000;
    expect(leftDays).toBeGreaterThan(29);
    expect(leftDays).toBeLessThan(31);
  });

  it('serves a renewed one without a restart, and the old one while the renewal is half done', async () => {
    use(first);
    const warnings: string[] = [];
    const started = await start('127.0.0.1:0', warnings);
    const port = portOf(started);
    copyFileSync(second.cert, used.cert);
    await eventually(() => warnings.length > 0);
    expect((await ask(port, first)).name).toBe('first');
    copyFileSync(second.key, used.key);
    await eventually(async () => (await ask(port, second)).name === 'second');
    const leftDays = (Date.parse(started.facts().certificateEndsAt ?? '') - Date.now()) / 86_400_000;
    expect(leftDays).toBeGreaterThan(59);
    await expect(ask(port, first)).rejects.toThrow();
    expect(warnings.join()).not.toContain('PRIVATE KEY');
  });
});

it('a key of another certificate stops it before it listens', () => {
  use(first);
  copyFileSync(second.key, used.key);
  const loaded = loadConfig(environment('127.0.0.1:0'));
  expect('problems' in loaded && loaded.problems.join()).toContain('the private key of the certificate');
  writeFileSync(used.key, '');
  expect('problems' in loadConfig(environment('127.0.0.1:0'))).toBe(true);
});

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fetchKeySet, usableKeys } from './key-set.ts';

let answer: RequestListener;
let url: string;
const server = createServer((request, response) => answer(request, response));
beforeEach(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const pair = (alg: string, options = {}) => generateKeyPair(alg, { extractable: true, ...options });

it('takes the public part of keys that verify RS256, ES256 and EdDSA, and leaves the rest out', async () => {
  const rsa = await exportJWK((await pair('RS256')).privateKey);
  const ec = await exportJWK((await pair('ES256')).publicKey);
  const ed = await exportJWK((await pair('EdDSA')).publicKey);
  const p384 = await exportJWK((await pair('ES384')).publicKey);
  const keys = await usableKeys({
    keys: [
      { ...rsa, kid: 'rsa', use: 'sig' },
      { ...ec, kid: 'ec', x5c: ['certificate'] },
      { ...ed },
      { ...rsa, kid: 'enc', use: 'enc' },
      { ...rsa, kid: 'pss', alg: 'PS256' },
      { ...p384, kid: 'p384' },
      { ...ec, kid: 7 },
      { ...ec, kid: 'odd', x: 'AAAA' },
      { kty: 'RSA', kid: 'short', n: 'sXchDaQebHnPiGvyDOAT4saGEUetSyo9', e: 'AQAB' },
      { kty: 'oct', kid: 'secret', k: 'c2VjcmV0' },
      {},
    ],
  });
  expect(keys.map(({ kid, alg }) => [kid, alg])).toEqual([
    ['rsa', 'RS256'],
    ['ec', 'ES256'],
    [undefined, 'EdDSA'],
  ]);
  expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n']);
});

it.each([null, [], {}, { keys: 'none' }, { keys: [1] }, 'keys'])('takes nothing from %j', async (json) => {
  expect(await usableKeys(json)).toEqual([]);
});

it('reads the keys at an address', async () => {
  const keys = [{ ...(await exportJWK((await pair('ES256')).publicKey)), kid: 'k' }];
  answer = (_, response) => response.end(JSON.stringify({ keys }));
  expect(await fetchKeySet(url)).toMatchObject(keys);
});

it.each<[string, RequestListener, RegExp]>([
  ['an error', (_, response) => response.writeHead(500).end('{}'), /500/],
  ['a redirect', (_, response) => response.writeHead(302, { location: '/other' }).end(), /302/],
  ['no JSON', (_, response) => response.end('<html>'), /JSON/],
  ['no key', (_, response) => response.end('{"keys":[]}'), /no key/],
  ['far too much', (_, response) => response.end('x'.repeat(2 * 1024 * 1024)), /longer than/],
  ['never an end', (_, response) => void response.write('{"keys":['), /abort|timeout/i],
  ['nothing', () => {}, /abort|timeout/i],
])('gives up on an answer that is %s', async (_, listener, message) => {
  answer = listener;
  const startedMs = performance.now();
  await expect(fetchKeySet(url)).rejects.toThrow(message);
  expect(performance.now() - startedMs).toBeLessThan(6_000);
});

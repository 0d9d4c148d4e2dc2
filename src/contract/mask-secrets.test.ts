import { describe, expect, it } from 'vitest';
import { maskSecrets } from './mask-secrets.ts';

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJlLWh1bnRlcjI-c2lnbmF0dXJl';
const waiting = 't1.k1.aHVudGVyMmh1bnRlcjJodW50ZXIy.aHVudGVyMg-mac';

describe('maskSecrets', () => {
  it.each([
    ['a JWT', `the token ${jwt} is bad`, jwt],
    ['a JWT at the end of a word', `xeyJ-${jwt} is bad`, jwt],
    ['a JWT after the end of a line', JSON.stringify({ a: `x\n${jwt}` }), jwt],
    ['keys of tokens', 'WAITING_TOKEN_KEYS=k1:hunter2', 'hunter2'],
    ['a JWT that was cut off', `the token ${jwt.slice(0, 50)}`, jwt.slice(0, 50)],
    ['a waiting token', `no place for ${waiting}`, waiting],
    ['a bearer', 'Authorization: Bearer hunter2', 'hunter2'],
    ['basic credentials', 'Basic aHVudGVyMg==', 'aHVudGVyMg'],
    ['a Redis password', 'cannot reach redis://default:hunter2@10.0.0.1:6379', 'hunter2'],
    ['a Redis password with odd characters', 'rediss://:hun/te@r2@10.0.0.1:6379', 'te@r2'],
    ['credentials in another address', 'https://user:hunter2@collector.example/v1', 'hunter2'],
    ['a token in a query', 'GET /api/v1/queue/status?a=b&token=hunter2 failed', 'hunter2'],
    ['a password in text', 'wrong password: hunter2', 'hunter2'],
    ['a password as key=value', 'AUTH password=hunter2, user=x', 'hunter2'],
    ['an Idempotency-Key in text', 'Idempotency-Key: hunter2-0123456789', 'hunter2'],
    ['cookies', 'cookie: session=hunter2; theme=dark-hunter2\nhost: x', 'hunter2'],
    ['a field of JSON', '{"a":{"b":{"c":{"waiting_token":"hun\\"ter2"}}}}', 'ter2'],
    ['a field of JSON in JSON', JSON.stringify({ body: '{"password":"hunter2","x":1}' }), 'hunter2'],
    ['a camel case field', '{"accessToken":"hunter2"}', 'hunter2'],
  ])('masks %s', (_, text, secret) => {
    expect(maskSecrets(text)).not.toContain(secret);
    expect(maskSecrets(text)).toContain('***');
  });

  it.each([
    'bucket set evt_x: tokens 12.5 of 100, position 3',
    '{"level":"warn","event":"evt_x","reason":"connect ECONNREFUSED 127.0.0.1:6379"}',
    '{"tokens":5,"code":"TOKEN_NOT_FOUND","traceId":"0af7651916cd43dd8448eb211c80319c"}',
    'redis://127.0.0.1:6379 is not reachable',
    'http://127.0.0.1:8000/healthz?verbose=true',
    'a t1.micro instance',
  ])('leaves alone: %s', (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  it('keeps JSON valid whatever stands behind a name', () => {
    const values = ['hunter2', 'a "b" c', 'a\\', '', 'x=y; z', 12, null, true, ['hunter2'], { a: 'b' }];
    for (const value of values) {
      for (const key of ['token', 'cookie', 'authorization', 'idempotency-key']) {
        const line = JSON.stringify({ [key]: value, body: JSON.stringify({ [key]: value }), next: 1 });
        const read = JSON.parse(maskSecrets(line)) as Record<string, unknown>;
        expect(read.next).toBe(1);
      }
    }
  });

  it('takes time in proportion to the text', () => {
    const texts = ['a'.repeat(200_000), '-'.repeat(200_000), 'token'.repeat(40_000), '://'.repeat(60_000)];
    texts.push('eyJ'.repeat(60_000), 'eyJaaaa'.repeat(28_000), 'redis://'.repeat(25_000));
    for (const text of texts) {
      const startedMs = performance.now();
      maskSecrets(text);
      expect(performance.now() - startedMs).toBeLessThan(2_000);
    }
  });
});

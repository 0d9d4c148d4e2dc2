import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type EventSecret, Keyring } from './keyring.ts';

const key = (kid: string, fill: number) => ({ kid, secret: Buffer.alloc(32, fill) });

function secretOf(keyring: Keyring, event: string, life = 'life0001', kid = 'k1'): EventSecret {
  const secret = keyring.eventSecret(kid, event, life);
  if (!secret) throw new Error('no such key');
  return secret;
}

describe('the keyring', () => {
  it('signs with the first key and knows all of them', () => {
    const keyring = new Keyring([key('new', 1), key('old', 2)]);
    expect(keyring.signingKid).toBe('new');
    expect(keyring.mac('old', 'text')).toBe(
      createHmac('sha256', Buffer.alloc(32, 2)).update('text').digest('base64url').slice(0, 22),
    );
    expect(keyring.mac('other', 'text')).toBeUndefined();
    expect(keyring.eventSecret('other', 'evt_a', 'life0001')).toBeUndefined();
  });

  it.each([
    ['an empty list', []],
    ['a kid that stands twice', [key('k1', 1), key('k1', 2)]],
    ['a kid with other characters', [key('k-1', 1)]],
    ['a kid of more than 16', [key('k'.repeat(17), 1)]],
    ['an empty kid', [key('', 1)]],
    ['a key of 31 bytes', [{ kid: 'k1', secret: Buffer.alloc(31, 1) }]],
  ])('refuses %s', (_, keys) => {
    expect(() => new Keyring(keys)).toThrow();
  });
});

describe('the secret of an event', () => {
  const keyring = new Keyring([key('k1', 1), key('k2', 2)]);

  it('names the same person alike on every gateway, in 16 bytes', () => {
    const elsewhere = new Keyring([key('k2', 2), key('k1', 1)]);
    const digest = secretOf(keyring, 'evt_a').digest('sub:alice');
    expect(digest).toHaveLength(16);
    expect(secretOf(elsewhere, 'evt_a').digest('sub:alice')).toEqual(digest);
  });

  it('names people and places otherwise in another event, another life and under another key', () => {
    const secrets = [
      secretOf(keyring, 'evt_a'),
      secretOf(keyring, 'evt_b'),
      secretOf(keyring, 'evt_a', 'life0002'),
      secretOf(keyring, 'evt_a', 'life0001', 'k2'),
    ];
    expect(new Set(secrets.map((secret) => secret.digest('sub:alice').toString('hex'))).size).toBe(4);
    expect(new Set(secrets.map((secret) => secret.reference(1))).size).toBe(4);
    expect(new Set(secrets.map((secret) => secret.passId(1))).size).toBe(4);
  });

  it('makes references of 8 and pass ids of 26 characters that nobody misreads, one for each place', () => {
    const secret = secretOf(keyring, 'evt_a');
    const places = Array.from({ length: 1_000 }, (_, seq) => seq);
    for (const seq of places) {
      expect(secret.reference(seq)).toMatch(/^v_[abcdefghjkmnpqrstuvwxyz023456789]{8}$/);
      expect(secret.passId(seq)).toMatch(/^[abcdefghjkmnpqrstuvwxyz023456789]{26}$/);
    }
    expect(new Set(places.map((seq) => secret.reference(seq))).size).toBe(1_000);
    expect(secret.passId(1).startsWith(secret.reference(1).slice(2))).toBe(false);
  });
});

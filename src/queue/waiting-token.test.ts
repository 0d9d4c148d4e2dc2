import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Keyring } from './keyring.ts';
import { isNewerToken, readWaitingToken, signWaitingToken, type WaitingToken } from './waiting-token.ts';

const k1 = { kid: 'k1', secret: Buffer.alloc(32, 1) };
const k2 = { kid: 'k2', secret: Buffer.alloc(32, 2) };
const keyring = new Keyring([k1, k2]);

const place: WaitingToken = {
  event: 'evt_2025-iu:seoul.1',
  life: 'AbCdEf12',
  epoch: 3,
  seq: 1_048_577,
  joinedMs: 1_800_000_000_123,
  verified: true,
  person: Buffer.from('0123456789abcdef'),
};
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('a waiting token', () => {
  it('says what was signed, for every place', () => {
    const tokens = fc.record({
      event: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/),
      life: fc.stringMatching(/^[A-Za-z0-9_-]{8}$/),
      epoch: fc.integer({ min: 0, max: 65_535 }),
      seq: fc.integer({ min: 1, max: 2 ** 40 - 1 }),
      joinedMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
      verified: fc.boolean(),
    });
    const persons = fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 }), { nil: undefined });
    fc.assert(
      fc.property(tokens, persons, (token, person) => {
        const full = { ...token, ...(person ? { person: Buffer.from(person) } : {}) };
        const text = signWaitingToken(keyring, full);
        expect(readWaitingToken(keyring, text)).toEqual({ kid: 'k1', ...full });
        expect(text.length).toBeLessThan(200);
      }),
    );
  });

  it('is always the same text for the same place', () => {
    expect(signWaitingToken(keyring, { ...place })).toBe(signWaitingToken(keyring, place));
  });

  it('is refused with any one character changed, left out or added', () => {
    const text = signWaitingToken(keyring, place);
    for (let at = 0; at < text.length; at += 1) {
      for (const letter of [...letters, '.', '=', ' ', '\u0000', 'ä']) {
        const [before, after] = [text.slice(0, at), text.slice(at + 1)];
        if (letter !== text[at]) expect(readWaitingToken(keyring, before + letter + after)).toBeUndefined();
      }
      expect(readWaitingToken(keyring, text.slice(0, at) + text.slice(at + 1))).toBeUndefined();
      expect(readWaitingToken(keyring, `${text.slice(0, at)}A${text.slice(at)}`)).toBeUndefined();
    }
    expect(readWaitingToken(keyring, text)).toEqual({ kid: 'k1', ...place });
  });

  it('is refused when cut anywhere or longer than it was', () => {
    const text = signWaitingToken(keyring, place);
    for (let at = 0; at < text.length; at += 1) {
      expect(readWaitingToken(keyring, text.slice(0, at))).toBeUndefined();
    }
    for (const more of ['A', '.', '=', '.A', ' '])
      expect(readWaitingToken(keyring, text + more)).toBeUndefined();
  });

  it('is refused under a kid that is not known, or with the mac of another key', () => {
    const [, , payload = '', mac = ''] = signWaitingToken(keyring, place).split('.');
    expect(readWaitingToken(keyring, `t1.k9.${payload}.${mac}`)).toBeUndefined();
    expect(readWaitingToken(keyring, `t1.k2.${payload}.${mac}`)).toBeUndefined();
    const foreign = new Keyring([{ kid: 'k1', secret: Buffer.alloc(32, 9) }]);
    expect(readWaitingToken(keyring, signWaitingToken(foreign, place))).toBeUndefined();
  });

  it('outlives a change of the signing key, as long as the old one is in the list', () => {
    const text = signWaitingToken(keyring, place);
    const rotated = new Keyring([k2, k1]);
    expect(signWaitingToken(rotated, place)).not.toBe(text);
    expect(readWaitingToken(rotated, text)).toEqual({ kid: 'k1', ...place });
    expect(readWaitingToken(keyring, signWaitingToken(rotated, place))).toEqual({ kid: 'k2', ...place });
    expect(readWaitingToken(new Keyring([k2]), text)).toBeUndefined();
  });

  it('cannot be signed with a key that is not known', () => {
    expect(() => signWaitingToken(keyring, place, 'k9')).toThrow('k9');
  });

  it('is not even looked at above 512 characters, and read up to there', () => {
    const sign = (length: number): string => {
      const body = `t1.k1.${'A'.repeat(length - 6 - 23)}`;
      return `${body}.${keyring.mac('k1', body)}`;
    };
    expect(sign(512)).toHaveLength(512);
    expect(readWaitingToken(keyring, sign(512))).toBeDefined();
    expect(readWaitingToken(keyring, sign(513))).toBeUndefined();
  });

  it('is refused where a signed payload is too short to be one', () => {
    for (const bytes of [0, 1, 13, 22]) {
      const body = `t1.k1.${Buffer.alloc(bytes, 0).toString('base64url')}`;
      expect(readWaitingToken(keyring, `${body}.${keyring.mac('k1', body)}`)).toBeUndefined();
    }
    const person = `t1.k1.${Buffer.alloc(38, 2).toString('base64url')}`;
    expect(readWaitingToken(keyring, `${person}.${keyring.mac('k1', person)}`)).toBeUndefined();
  });

  it('is told from a forged one in a version that is not known yet, by its mac alone', () => {
    const signed = (body: string): string => `${body}.${keyring.mac('k1', body)}`;
    for (const head of ['t2', 't9', 't10']) {
      expect(isNewerToken(keyring, signed(`${head}.k1.whatever-it-will-be`))).toBe(true);
      expect(readWaitingToken(keyring, signed(`${head}.k1.whatever-it-will-be`))).toBeUndefined();
      expect(isNewerToken(keyring, `${head}.k1.whatever-it-will-be.AAAA`)).toBe(false);
    }
    for (const head of ['t', 't0', 't1', 't01', 'T2', 'x', ''])
      expect(isNewerToken(keyring, signed(`${head}.k1.AAAA`))).toBe(false);
    expect(isNewerToken(keyring, signed(`t2.k1.${'A'.repeat(600)}`))).toBe(false);
    expect(isNewerToken(keyring, 't2.k1')).toBe(false);
  });

  it('is read whatever flags a newer version set', () => {
    const [, , payload = ''] = signWaitingToken(keyring, place).split('.');
    const bytes = Buffer.from(payload, 'base64url');
    bytes[0] = (bytes[0] ?? 0) | 0b1111_0000;
    const body = `t1.k1.${bytes.toString('base64url')}`;
    expect(readWaitingToken(keyring, `${body}.${keyring.mac('k1', body)}`)).toEqual({ kid: 'k1', ...place });
  });

  it.each(['', '.', '..', '...', 't1', 't1.', 't1..', 't1...', 't1.k1', 't1.k1.', 't2.k1.AAAA.AAAA', 'x'])(
    'is not "%s"',
    (text) => {
      expect(readWaitingToken(keyring, text)).toBeUndefined();
    },
  );
});

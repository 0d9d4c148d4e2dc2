import { scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createPasswords } from './passwords.ts';

const quick = { ln: 4, r: 8, p: 1 };

describe('passwords', () => {
  const passwords = createPasswords(quick);
  const hashOf = async (text: string, of = passwords): Promise<string> => {
    const hash = await of.hash(text);
    if (typeof hash !== 'string') throw new Error(hash.code);
    return hash;
  };

  it('are kept as scrypt hashes with their parameters, each with its salt', async () => {
    const hash = await hashOf('correct horse');
    const [, name, parameters, salt = '', key = ''] = hash.split('$');
    expect([name, parameters]).toEqual(['scrypt', 'ln=4,r=8,p=1']);
    const expected = scryptSync('correct horse', Buffer.from(salt, 'base64'), 32, { N: 16, r: 8, p: 1 });
    expect(Buffer.from(key, 'base64')).toEqual(expected);
    expect(await hashOf('correct horse')).not.toBe(hash);
    expect(hash).not.toContain('horse');
  });

  it('match themselves and nothing else, however they were typed', async () => {
    const hash = await hashOf('caf\u00e9 con leche');
    expect(await passwords.matches('caf\u00e9 con leche', hash)).toBe(true);
    expect(await passwords.matches('cafe\u0301 con leche', hash)).toBe(true);
    for (const wrong of ['cafe con leche', 'Caf\u00e9 con leche', '', `${'x'.repeat(256)}`]) {
      expect(await passwords.matches(wrong, hash)).toBe(false);
    }
    expect(await passwords.matches('anything', undefined)).toBe(false);
  });

  it('of older parameters go on matching when the parameters have grown', async () => {
    const hash = await hashOf('correct horse');
    expect(await createPasswords({ ln: 5, r: 8, p: 2 }).matches('correct horse', hash)).toBe(true);
  });

  it('stored in a form that is not known are a bug, not a no', async () => {
    const alien = ['', 'plain text', '$scrypt$ln=40,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$'.padEnd(90, 'A')];
    for (const stored of alien) {
      await expect(passwords.matches('x', stored)).rejects.toThrow('form');
    }
  });

  it('cost the same whether there is a user or not', async () => {
    const real = createPasswords({ ln: 13, r: 8, p: 1 });
    const hash = await hashOf('correct horse', real);
    const took = async (stored: string | undefined): Promise<number> => {
      const startedMs = performance.now();
      for (let at = 0; at < 5; at += 1) await real.matches('wrong', stored);
      return performance.now() - startedMs;
    };
    await took(hash);
    const ratio = (await took(undefined)) / (await took(hash));
    expect(ratio).toBeGreaterThan(0.3);
    expect(ratio).toBeLessThan(3);
  });

  it('are hashed two at a time; six more wait, and the rest is told to come again', async () => {
    const slow = createPasswords({ ln: 14, r: 8, p: 1 });
    const results = await Promise.all(Array.from({ length: 20 }, () => slow.hash('correct horse')));
    const refused = results.filter((each) => typeof each !== 'string');
    expect(refused.length).toBe(12);
    expect(refused[0]).toMatchObject({ ok: false, code: 'OVERLOADED', retryAfterSec: 2 });
    expect(typeof (await slow.hash('correct horse'))).toBe('string');
  });
});

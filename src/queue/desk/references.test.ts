import { describe, expect, it } from 'vitest';
import { visitorRefPattern } from '../../contract/visitors.ts';
import { Keyring } from '../keyring.ts';
import { References } from './references.ts';

const keyring = new Keyring([{ kid: 'k1', secret: Buffer.alloc(32, 7) }]);
const secretOf = (life: string) => {
  const secret = keyring.eventSecret('k1', 'evt_a', life);
  if (!secret) throw new Error('the key is not known');
  return secret;
};
const secret = secretOf('life0001');

describe('references of visitors', () => {
  it('lead back to their place, asked for in any order and all at once', async () => {
    const references = new References(secret);
    const seqs = [5_000, 1, 4_999, 2_001, 777];
    const found = await Promise.all(seqs.map((seq) => references.seqsOf(references.of(seq), 5_000)));
    expect(found).toEqual(seqs.map((seq) => [seq]));
    expect(await references.seqsOf(references.of(9_000), 9_000)).toEqual([9_000]);
  });

  it('lead nowhere beyond the last place, in another life, or where they are none', async () => {
    const references = new References(secret);
    expect(await references.seqsOf(references.of(11), 10)).toEqual([]);
    expect(await references.seqsOf(secretOf('life0002').reference(3), 10)).toEqual([]);
    for (const text of ['', 'v_', 'v_abc', 'v_aaaaaaa1', 'V_abcdefgh', 'v_abcdefghj', '#3'])
      expect(await references.seqsOf(text, 10)).toEqual([]);
  });

  it('are all taken by the contract', () => {
    for (let seq = 1; seq <= 500; seq += 1) expect(secret.reference(seq)).toMatch(visitorRefPattern);
  });
});

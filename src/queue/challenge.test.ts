import { createSecretKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { isSolved, solve } from '../contract/challenge.ts';
import type { Refusal } from '../contract/errors.ts';
import type { ChallengeReply } from '../contract/visitor-api.ts';
import { type Asked, challengeOf, unproven } from './challenge.ts';
import { EventSecret } from './keyring.ts';
import type { JoinRequest } from './line-types.ts';

const secret = new EventSecret(createSecretKey(Buffer.alloc(32, 1)));
const minute = 60_000;
const at = (nowMs: number, bits = 8): Asked => ({ secret, bits, nowMs });
const key = 'a key of some length';
const ask = (more: Partial<JoinRequest> = {}): JoinRequest => ({
  eventId: 'evt_a',
  caller: {},
  idempotencyKey: key,
  ...more,
});
const work = (asked: Asked, identity = `key:${key}`) => {
  const { seed, difficulty } = challengeOf(asked);
  return solve(seed, identity, difficulty);
};
const challengeIn = (refused: Refusal | undefined) => refused?.body?.challenge as ChallengeReply;

it('counts zero bits, not bytes', () => {
  for (const bits of [1, 3, 7, 8, 9, 12]) {
    const proof = solve('seed', 'key:x', bits);
    expect(isSolved(proof, 'key:x', bits)).toBe(true);
  }
  const nonces = Array.from({ length: 4_096 }, (_, nonce) => ({ seed: 's', nonce: String(nonce) }));
  for (const bits of [1, 4, 7]) {
    const solved = nonces.filter((proof) => isSolved(proof, 'key:x', bits)).length;
    // A share of 1 in 2^bits: five standard deviations off is one run in two million.
    const share = 1 / 2 ** bits;
    expect(Math.abs(solved - 4_096 * share)).toBeLessThan(5 * Math.sqrt(4_096 * share * (1 - share)));
  }
});

it('takes work of this minute and of the one before, and none that is older', () => {
  const proof = work(at(10 * minute));
  for (const nowMs of [10 * minute, 11 * minute - 1, 12 * minute - 1])
    expect(unproven(at(nowMs), ask({ proof })), String(nowMs)).toBeUndefined();
  for (const nowMs of [12 * minute, 100 * minute, 8 * minute])
    expect(unproven(at(nowMs), ask({ proof }))?.code).toBe('CHALLENGE_REQUIRED');
  expect(challengeOf(at(10 * minute)).expires_in_sec).toBe(120);
  expect(challengeOf(at(11 * minute - 1)).expires_in_sec).toBe(61);
});

it('gives everybody of a minute the same seed, and those of other events and lives another', () => {
  expect(challengeOf(at(10 * minute)).seed).toBe(challengeOf(at(10 * minute + 30_000)).seed);
  expect(challengeOf(at(10 * minute)).seed).not.toBe(challengeOf(at(11 * minute)).seed);
  const other = new EventSecret(createSecretKey(Buffer.alloc(32, 2)));
  const proof = work({ ...at(0), secret: other });
  expect(unproven(at(0), ask({ proof }))?.code).toBe('CHALLENGE_REQUIRED');
});

it('is work for one identity only', () => {
  const proof = work(at(0));
  expect(unproven(at(0), ask({ proof }))).toBeUndefined();
  const others = [
    ask({ proof, idempotencyKey: 'another key of some length' }),
    ask({ proof, userId: key }),
    ask({ proof, caller: { subject: key } }),
    ask({ proof, userId: key, caller: { subject: 'ann' } }),
  ];
  for (const other of others) expect(unproven(at(0), other)?.code).toBe('CHALLENGE_REQUIRED');
  // Of whom is known, the key says nothing: a place is theirs under any.
  const ann = work(at(0), 'user:ann');
  expect(unproven(at(0), ask({ proof: ann, userId: 'ann', idempotencyKey: 'k' }))).toBeUndefined();
  const bea = work(at(0), 'sub:bea');
  expect(unproven(at(0), ask({ proof: bea, userId: 'ann', caller: { subject: 'bea' } }))).toBeUndefined();
});

it('is judged by the lower difficulty of when it was asked for and of now', () => {
  const light = work(at(0, 4));
  // Raised meanwhile: who is at work on the old one is not failed.
  expect(unproven(at(30_000, 20), ask({ proof: light }))).toBeUndefined();
  // Lowered meanwhile.
  const { seed } = challengeOf(at(0, 20));
  expect(unproven(at(0, 1), ask({ proof: solve(seed, `key:${key}`, 1) }))).toBeUndefined();
  // Nobody asks for a lower one themselves: the difficulty is signed.
  const [window = '', , mac = ''] = seed.split('.');
  const easier = solve(`${window}.1.${mac}`, `key:${key}`, 1);
  expect(unproven(at(0, 20), ask({ proof: easier }))?.code).toBe('CHALLENGE_REQUIRED');
});

it('is told with the refusal', () => {
  const refused = unproven(at(0, 12), ask());
  expect(challengeIn(refused)).toEqual(challengeOf(at(0, 12)));
  const { seed, difficulty } = challengeIn(refused);
  expect(unproven(at(0, 12), ask({ proof: solve(seed, `key:${key}`, difficulty) }))).toBeUndefined();
  for (const idempotencyKey of ['short key', undefined]) {
    const { idempotencyKey: _, ...anonymous } = ask();
    const nobody = { ...anonymous, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
    expect(unproven(at(0, 12), nobody)?.message).toContain('at least 16 characters');
  }
  expect(challengeOf(at(0, 0))).toMatchObject({ seed: '', difficulty: 0 });
});

it.each(['', '0', '0.8', '0.8.', '-1.8.x', '1e3.8.x', '0.08.x', '0.999.x', '9'.repeat(64)])(
  'refuses the seed %j',
  (seed) => {
    const proof = { seed, nonce: '0' };
    expect(unproven(at(0), ask({ proof }))?.code).toBe('CHALLENGE_REQUIRED');
  },
);

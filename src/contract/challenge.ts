/**
 * The proof of work that an event may ask of whoever joins: which text is hashed, what counts as solved, and how to solve
 * it. Gateways, the simulator and the bench share it; docs/visitor-api.md says the same to others.
 */
import { hash } from 'node:crypto';
import type { Proof } from './visitor-api.ts';

/** Whose place the work is for: the work of one is none for another. */
export const proofIdentity = {
  subject: (subject: string): string => `sub:${subject}`,
  user: (userId: string): string => `user:${userId}`,
  key: (idempotencyKey: string): string => `key:${idempotencyKey}`,
} as const;

/** Whether SHA-256 of `seed:identity:nonce` begins with so many zero bits. */
export function isSolved({ seed, nonce }: Proof, identity: string, bits: number): boolean {
  const digest = hash('sha256', `${seed}:${identity}:${nonce}`, 'buffer');
  return leadingZeroBits(digest) >= bits;
}

function leadingZeroBits(digest: Buffer): number {
  const at = digest.findIndex((byte) => byte !== 0);
  return at < 0 ? digest.length * 8 : at * 8 + Math.clz32(digest[at] ?? 0) - 24;
}

/** Finds a proof: 2^bits hashes on average. Blocks meanwhile. */
export function solve(seed: string, identity: string, bits: number): Proof {
  for (let tried = 0; ; tried += 1) {
    const proof = { seed, nonce: tried.toString(36) };
    if (isSolved(proof, identity, bits)) return proof;
  }
}

/** JWTs of visitors, signed before the clock starts. */
import { createHmac, createPrivateKey, sign } from 'node:crypto';
import type { JoinJob, JwtAlgorithm } from './load-jobs.ts';

const lifeSec = 3_600;

/** People to the JWTs they were given. */
const kept = new Map<string, readonly string[]>();

/** A new JWT; `key` = the secret, or a private key in PEM. */
export function jwtOf(alg: JwtAlgorithm, key: string, subject: string): string {
  const nowSec = Math.floor(Date.now() / 1000);
  const head = base64url({ alg, typ: 'JWT', ...(alg === 'HS256' ? {} : { kid: alg }) });
  const text = `${head}.${base64url({ sub: subject, iat: nowSec, exp: nowSec + lifeSec })}`;
  return `${text}.${signature(alg, key, text)}`;
}

/** The JWTs of a job's people; undefined where it names none. The second job that asks for them is the last. */
export function jwtsOf({ identity, jwtKey, people, count }: JoinJob): readonly string[] | undefined {
  if (people === undefined || identity === 'anonymous' || identity === 'key') return undefined;
  const known = kept.get(people);
  if (known !== undefined) {
    kept.delete(people);
    return known;
  }
  const made = Array.from({ length: count }, (_, each) => jwtOf(identity, jwtKey, `${people}-${each}`));
  kept.set(people, made);
  return made;
}

function signature(alg: JwtAlgorithm, key: string, text: string): string {
  if (alg === 'HS256') return createHmac('sha256', key).update(text).digest('base64url');
  const hash = alg === 'EdDSA' ? null : 'sha256';
  const privateKey = { key: privateKeyOf(key), dsaEncoding: 'ieee-p1363' } as const;
  return sign(hash, Buffer.from(text), privateKey).toString('base64url');
}

const parsed = new Map<string, ReturnType<typeof createPrivateKey>>();

function privateKeyOf(pem: string): ReturnType<typeof createPrivateKey> {
  const known = parsed.get(pem) ?? createPrivateKey(pem);
  parsed.set(pem, known);
  return known;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A provider's public keys: asked for with bounds on time and size, and of them those that can be used here. */
import type { webcrypto } from 'node:crypto';
import { importJWK, type JWK } from 'jose';
import { z } from 'zod';

/** Longest wait for the whole answer, ms. */
const timeoutMs = 2_000;
/** Longest answer, bytes: a key with its certificates has about 4 kB. */
const bytesMax = 256 * 1024;
const keysMax = 64;
const rsaBitsMin = 2_048;

const keySetSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/**
 * Asks for the keys at an address. The HTTP client is loaded here (0.1 s of CPU, 25 MB), since only those who have a
 * provider should pay for it.
 *
 * @throws Error saying what was not as it must be
 */
export async function fetchKeySet(endpoint: string): Promise<readonly JWK[]> {
  const { request } = await import('undici');
  const { statusCode, body } = await request(endpoint, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error(`its answer is longer than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  if (statusCode !== 200) throw new Error(`it answered ${statusCode} instead of 200`);
  const keys = await usableKeys(JSON.parse(Buffer.concat(chunks).toString()));
  if (keys.length === 0) throw new Error('its answer has no key that can be used');
  return keys;
}

/**
 * The keys of a set that verify RS256, ES256 or EdDSA, without anything that is not public; none of what is no set.
 * Whatever verification would stumble over is left out here.
 */
export async function usableKeys(json: unknown): Promise<readonly JWK[]> {
  const parsed = keySetSchema.safeParse(json);
  if (!parsed.success) return [];
  const keys = await Promise.all(parsed.data.keys.slice(0, keysMax).map((each) => usable(each as JWK)));
  return keys.filter((each) => each !== undefined);
}

const algorithms: Readonly<Record<string, string>> = {
  RSA: 'RS256',
  'EC P-256': 'ES256',
  'OKP Ed25519': 'EdDSA',
};

async function usable({ kty, crv, kid, alg, use, n, e, x, y }: JWK): Promise<JWK | undefined> {
  const signature = algorithms[crv === undefined ? `${kty}` : `${kty} ${crv}`];
  if (signature === undefined || (use ?? 'sig') !== 'sig' || (alg ?? signature) !== signature)
    return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  const parts = { kty, kid, crv, n, e, x, y };
  const jwk = Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as JWK;
  try {
    const key = (await importJWK(jwk, signature)) as webcrypto.CryptoKey;
    const { modulusLength = rsaBitsMin } = key.algorithm as { modulusLength?: number };
    return modulusLength >= rsaBitsMin ? { ...jwk, alg: signature } : undefined;
  } catch {
    return undefined;
  }
}

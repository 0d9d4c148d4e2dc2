/** Passwords are kept as scrypt hashes (RFC 7914), with the parameters they were made with: those may grow later. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { type Refusal, refuse } from '../../contract/errors.ts';

interface Parameters {
  /** log2 of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** What OWASP asks for at least: 32 MiB and about a quarter of a second a hash. */
const current: Parameters = { ln: 15, r: 8, p: 3 };
/** Stored parameters beyond these are not ours. */
const most: Parameters = { ln: 18, r: 16, p: 8 };

const saltBytes = 16;
const hashBytes = 32;

/**
 * Hashes at once: half of libuv's four threads, so that the other half verifies tokens. Those that wait for one wait
 * about a second; the next is refused.
 */
const hashesMax = 2;
const waitingMax = 6;

const busy = refuse('OVERLOADED', { retryAfterSec: 2 });

export interface Passwords {
  /** `$scrypt$ln=15,r=8,p=3$salt$hash`, base64 without padding. */
  hash(password: string): Promise<string | Refusal>;
  /** Whether a password is the one. Where nothing is stored the answer is no, after the same work. */
  matches(password: string, stored: string | undefined): Promise<boolean | Refusal>;
}

/** Makes what hashes; the bound holds for all that it does. */
export function createPasswords(parameters: Parameters = current): Passwords {
  const gate = bulkhead(hashesMax, waitingMax);
  const derived = (password: string, salt: Buffer, cost: Parameters): Promise<Buffer | Refusal> =>
    gate
      .execute(() => derive(password, salt, cost))
      .catch((error: unknown) => {
        if (error instanceof BulkheadRejectedError) return busy;
        throw error;
      });
  const dummy = textOf(parameters, randomBytes(saltBytes), randomBytes(hashBytes));
  return {
    async hash(password) {
      const salt = randomBytes(saltBytes);
      const hash = await derived(password, salt, parameters);
      return Buffer.isBuffer(hash) ? textOf(parameters, salt, hash) : hash;
    },
    async matches(password, stored = dummy) {
      const { cost, salt, hash } = parse(stored);
      const found = await derived(password, salt, cost);
      if (!Buffer.isBuffer(found)) return found;
      return timingSafeEqual(found, hash) && stored !== dummy;
    },
  };
}

function derive(password: string, salt: Buffer, { ln, r, p }: Parameters): Promise<Buffer> {
  const N = 2 ** ln;
  // One spelling of what can be typed in several ways.
  const text = password.normalize('NFKC');
  return new Promise((resolve, reject) => {
    scrypt(text, salt, hashBytes, { N, r, p, maxmem: 256 * N * r }, (error, hash) =>
      error === null ? resolve(hash) : reject(error),
    );
  });
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

function textOf({ ln, r, p }: Parameters, salt: Buffer, hash: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

/** @throws Error for what this program never stored */
function parse(stored: string): { readonly cost: Parameters; readonly salt: Buffer; readonly hash: Buffer } {
  const form = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/-]{16,64})\$([\w+/-]{43})$/;
  const [, ln, r, p, salt = '', hash = ''] = form.exec(stored) ?? [];
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  const isOurs = cost.ln >= 1 && cost.ln <= most.ln && cost.r >= 1 && cost.r <= most.r && cost.p <= most.p;
  if (!isOurs || cost.p < 1) throw new Error('a stored password is not of a form known here');
  return { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

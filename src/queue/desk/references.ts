/**
 * From a visitor's reference back to their place. A reference is made from a seq by a keyed hash, so there is no way
 * back but to make them all: each is made once, kept as a number (8 bytes a place, 8 MB a million), and searched.
 */
import type { EventSecret } from '../keyring.ts';

/** Places hashed before other work gets its turn: some 5 ms. */
const chunkPlaces = 2_000;
const letters = 'abcdefghjkmnpqrstuvwxyz023456789';
const prefix = 'v_';

export class References {
  private readonly secret: EventSecret;
  private codes = new Float64Array(1024);
  /** Seqs 1 to this one are hashed. */
  private done = 0;
  private building: Promise<void> = Promise.resolve();

  constructor(secret: EventSecret) {
    this.secret = secret;
  }

  of(seq: number): string {
    return this.secret.reference(seq);
  }

  /**
   * Seqs up to `maxSeq` with a reference, ascending; mostly one or none. 40 bits name a place: of a million, one in two
   * events has a pair that shares one, so the caller must look which of two is meant.
   */
  async seqsOf(reference: string, maxSeq: number): Promise<number[]> {
    const code = codeOf(reference);
    if (code === undefined) return [];
    const build = this.building.then(() => this.build(maxSeq));
    this.building = build.catch(() => {});
    await build;
    const found: number[] = [];
    const last = Math.min(this.done, maxSeq);
    for (let at = this.codes.indexOf(code); at >= 0 && at < last; at = this.codes.indexOf(code, at + 1)) {
      found.push(at + 1);
    }
    return found;
  }

  private async build(maxSeq: number): Promise<void> {
    if (this.codes.length < maxSeq) {
      const codes = new Float64Array(Math.ceil(maxSeq * 1.25));
      codes.set(this.codes);
      this.codes = codes;
    }
    while (this.done < maxSeq) {
      const until = Math.min(maxSeq, this.done + chunkPlaces);
      for (let seq = this.done + 1; seq <= until; seq += 1) {
        this.codes[seq - 1] = codeOf(this.secret.reference(seq)) ?? -1;
      }
      this.done = until;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** A reference as a number above 0; undefined for what is none. */
function codeOf(reference: string): number | undefined {
  if (!reference.startsWith(prefix) || reference.length !== prefix.length + 8) return undefined;
  let code = 0;
  for (const letter of reference.slice(prefix.length)) {
    const digit = letters.indexOf(letter);
    if (digit < 0) return undefined;
    code = code * letters.length + digit;
  }
  return code + 1;
}

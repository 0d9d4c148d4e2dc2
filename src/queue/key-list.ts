/** A list of keys that is read again while the process runs: all verify, and a new one does not sign too early. */

/** One key of a list such as WAITING_TOKEN_KEYS. */
export interface NamedKey {
  /** 1 to 16 letters and digits. */
  readonly kid: string;
  /** At least 32 bytes. */
  readonly secret: Buffer;
}

export interface KeyListOptions<K> {
  /** What the list is of, for messages. */
  readonly name: string;
  /** Makes the key that is used of one that was read. @throws Error saying what is wrong with it */
  readonly make: (key: NamedKey) => K;
  /** A key that came later signs only after so long: by then everybody has read it and can verify, ms. */
  readonly signAfterMs: number;
  readonly monoMs?: () => number;
}

interface Listed<K> {
  readonly key: K;
  readonly secret: Buffer;
  readonly signsFromMs: number;
}

export class KeyList<K> {
  private readonly options: KeyListOptions<K>;
  private readonly monoMs: () => number;
  private keys: ReadonlyMap<string, Listed<K>> = new Map();

  /** @throws Error when the list is empty, a kid stands twice or a key is no good */
  constructor(keys: readonly NamedKey[], options: KeyListOptions<K>) {
    this.options = options;
    this.monoMs = options.monoMs ?? (() => performance.now());
    this.take(keys, Number.NEGATIVE_INFINITY);
  }

  /** The first key of the list that may sign by now, else the first of all. */
  get signing(): { readonly kid: string; readonly key: K } {
    const now = this.monoMs();
    let first: { kid: string; key: K } | undefined;
    for (const [kid, { key, signsFromMs }] of this.keys) {
      if (signsFromMs <= now) return { kid, key };
      first ??= { kid, key };
    }
    if (first === undefined) throw new Error('a key list is never empty');
    return first;
  }

  get(kid: string): K | undefined {
    return this.keys.get(kid)?.key;
  }

  /** All keys, in the order of the list. */
  all(): K[] {
    return [...this.keys.values()].map(({ key }) => key);
  }

  /** Takes over a list that was read again: new keys verify at once and sign later. @throws as the constructor */
  update(keys: readonly NamedKey[]): void {
    this.take(keys, this.monoMs() + this.options.signAfterMs);
  }

  private take(keys: readonly NamedKey[], signsFromMs: number): void {
    const { name, make } = this.options;
    if (keys.length === 0) throw new Error(`at least one ${name} key is needed`);
    const taken = new Map<string, Listed<K>>();
    for (const named of keys) {
      const { kid, secret } = named;
      if (taken.has(kid)) throw new Error(`the key id ${kid} stands twice`);
      if (!/^[A-Za-z0-9]{1,16}$/.test(kid)) throw new Error('a key id has 1 to 16 letters and digits');
      if (secret.length < 32) throw new Error(`the key ${kid} has less than 32 bytes`);
      const before = this.keys.get(kid);
      // Another key under a known kid is a new key: nobody else has it yet.
      const isKnown = before?.secret.equals(secret) === true;
      taken.set(kid, {
        key: make(named),
        secret,
        signsFromMs: isKnown ? before.signsFromMs : signsFromMs,
      });
    }
    this.keys = taken;
  }
}

/**
 * The signing keys of waiting tokens: the first of the list signs, all verify. From a key and an event's life comes the
 * event's secret, which names its people and places without saying who they are, on every gateway alike.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { KeyList, type NamedKey } from './key-list.ts';

export type { NamedKey };

/** Bytes of a digest of a person, a key or a body, and of a token's mac. */
export const digestBytes = 16;

/** A key that came later signs only after so long: by then every gateway has read it and can verify, ms. */
const signAfterMs = 60_000;

export class Keyring {
  private readonly keys: KeyList<KeyObject>;

  /** @throws Error when the list is empty, a kid stands twice or a key is too short */
  constructor(keys: readonly NamedKey[], monoMs: () => number = () => performance.now()) {
    const make = ({ secret }: NamedKey): KeyObject => createSecretKey(secret);
    this.keys = new KeyList(keys, { name: 'waiting token', make, signAfterMs, monoMs });
  }

  /** The first key of the list that may sign by now. */
  get signingKid(): string {
    return this.keys.signing.kid;
  }

  /** Takes over a list that was read again: new keys verify at once and sign 60 s later. @throws as the constructor */
  update(keys: readonly NamedKey[]): void {
    this.keys.update(keys);
  }

  /** The mac of a text, base64url; undefined for a key that is not known here. */
  mac(kid: string, text: string): string | undefined {
    const key = this.keys.get(kid);
    return key && createHmac('sha256', key).update(text).digest('base64url').slice(0, 22);
  }

  /** The secret of one life of an event; undefined for a key that is not known here. */
  eventSecret(kid: string, event: string, life: string): EventSecret | undefined {
    const key = this.keys.get(kid);
    if (!key) return undefined;
    return new EventSecret(
      createSecretKey(createHmac('sha256', key).update(`event ${event} ${life}`).digest()),
    );
  }
}

const base32 = 'abcdefghjkmnpqrstuvwxyz023456789';

/** Names people and places of one event. */
export class EventSecret {
  private readonly key: KeyObject;

  constructor(key: KeyObject) {
    this.key = key;
  }

  /** 16 bytes that stand for a text such as `sub:alice`. */
  digest(text: string): Buffer {
    return createHmac('sha256', this.key).update(text).digest().subarray(0, digestBytes);
  }

  /** What a visitor can read to support and what operators see: `v_` and 8 base32 characters. No credential. */
  reference(seq: number): string {
    return `v_${this.letters(`place ${seq}`, 8)}`;
  }

  /** The id of the pass of a place: two grants of one place are one pass. 26 base32 characters. */
  passId(seq: number): string {
    return this.letters(`pass ${seq}`, 26);
  }

  private letters(text: string, count: number): string {
    const bytes = createHmac('sha256', this.key).update(text).digest();
    let letters = '';
    for (let at = 0; at < count; at += 1) letters += base32[(bytes[at] ?? 0) & 31];
    return letters;
  }
}

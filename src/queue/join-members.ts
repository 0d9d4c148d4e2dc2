/**
 * A batch of joins as the bytes that lua/join.lua reads: per member one byte of flags, then 16 bytes of person digest
 * (flag 1) and 16 of key digest with 4 of body hash (flag 2). One argument for the whole batch costs Redis one parse.
 */
export interface JoinMember {
  /** 16 bytes. */
  readonly person?: Buffer;
  /** 16 bytes. */
  readonly key?: Buffer;
  /** 4 bytes; with `key`. */
  readonly body?: Buffer;
}

/** Packs members for the `members` argument. */
export function packMembers(members: readonly JoinMember[]): Buffer {
  const parts: Buffer[] = [];
  for (const { person, key, body } of members) {
    parts.push(Buffer.of((person ? 1 : 0) + (key ? 2 : 0)));
    if (person) parts.push(person);
    if (key) parts.push(key, body ?? Buffer.alloc(4));
  }
  return Buffer.concat(parts);
}

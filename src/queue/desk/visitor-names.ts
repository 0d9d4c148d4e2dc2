/** From how operators name a visitor to their place: a reference, a position, or the id that they joined with. */
import { TacosError } from '../../contract/errors.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { EventSecret } from '../keyring.ts';
import type { Replica } from '../replica.ts';
import type { EventRef } from '../store.ts';
import type { References } from './references.ts';

/** An event as names are looked up in it. */
export interface NamedEvent {
  readonly replica: Replica;
  readonly ref: EventRef;
  readonly secret: EventSecret | undefined;
  readonly references: References | undefined;
}

/**
 * The seq of a visitor; undefined = nobody of that name.
 *
 * @throws TacosError BAD_REQUEST where two people of the line share a reference
 */
export async function seqOf(
  event: NamedEvent,
  redis: RedisClient,
  name: string,
): Promise<number | undefined> {
  if (name.startsWith('#')) {
    const position = Number(name.slice(1));
    return Number.isInteger(position) && position >= 1
      ? event.replica.waiting.slice(position, 1)[0]
      : undefined;
  }
  if (name.startsWith('v_')) return ofReference(event, name);
  const place = await placeOfPerson(event, redis, name);
  return place?.seq;
}

/** The newest place of somebody who joined with an id: `user:ID` as claimed, `sub:ID` as verified. */
export async function placeOfPerson(
  { ref, secret }: Pick<NamedEvent, 'ref' | 'secret'>,
  redis: RedisClient,
  name: string,
): Promise<{ seq: number; joinedMs: number } | undefined> {
  if (!secret || !/^(user|sub):./.test(name)) return undefined;
  const value = await redis.hgetBuffer(ref.keys.people, secret.digest(name));
  // As lua/join.lua packs it: 5 bytes of seq, 4 of seconds, 2 of milliseconds.
  if (!value || value.length < 11) return undefined;
  return { seq: value.readUIntBE(0, 5), joinedMs: value.readUInt32BE(5) * 1000 + value.readUInt16BE(9) };
}

async function ofReference(event: NamedEvent, name: string): Promise<number | undefined> {
  const { replica, references } = event;
  const seqs = (await references?.seqsOf(name, replica.maxSeq)) ?? [];
  const inLine = seqs.filter((seq) => ['waiting', 'away'].includes(replica.state(seq)));
  if (inLine.length > 1) {
    const positions = inLine.map((seq) => `#${replica.position(seq)}`).join(' and ');
    throw new TacosError('BAD_REQUEST', {
      message: `Two people of this queue have the reference ${name}: name the one at ${positions}.`,
    });
  }
  return inLine[0] ?? seqs.at(-1);
}

/**
 * How typed calls run scripts. A reply whose word is not in a script's header is a bug and throws; `fence` and `absent`
 * throw StaleEventError, upon which the caller reads the event anew.
 */
import type { RedisClient } from '../redis/client.ts';
import { sendBound } from '../redis/cluster.ts';
import { runIdAt, slotOf } from '../redis/nodes.ts';
import { type EventKeys, runScript, type ScriptArgs, type ScriptName, type ScriptReply } from './scripts.ts';

/** An event as its caller knows it: the scripts refuse where the incarnation is another one. */
export interface EventRef {
  readonly id: string;
  readonly keys: EventKeys;
  readonly incarnation: string;
  /** Run id of the Redis under which it may be changed; absent or '' = any. */
  readonly run?: string;
}

/** The event is gone, or its data is of another incarnation than the caller's. Nothing was changed. */
export class StaleEventError extends Error {
  readonly event: string;

  constructor(event: string) {
    super(`event ${event} changed its incarnation or is gone`);
    this.event = event;
    this.name = 'StaleEventError';
  }
}

/** The event is there, with the data of another incarnation: it was recovered or flushed meanwhile. */
export class FencedError extends StaleEventError {}

/** The event would be changed on another run of Redis than it was read from, which may lack its last writes. */
export class OtherRunError extends StaleEventError {}

const slots = new WeakMap<EventKeys, number>();

/** Slot of an event's keys, reckoned once. */
export function slotOfKeys(keys: EventKeys): number {
  let slot = slots.get(keys);
  if (slot === undefined) {
    slot = slotOf(keys.meta);
    slots.set(keys, slot);
  }
  return slot;
}

/** What all stores stand on: a connection that was opened with `scripts`. */
export class StoreBase {
  protected readonly redis: RedisClient;
  private readonly onOtherRun: (event: string) => void;

  /** `onOtherRun`: told of an event each time that it is refused as its Redis runs anew. */
  constructor(redis: RedisClient, onOtherRun: (event: string) => void = () => {}) {
    this.redis = redis;
    this.onOtherRun = onOtherRun;
  }

  /** Runs a script of an event. @throws OtherRunError, when nothing was sent; StaleEventError, or Error for a word that is not among `words` */
  protected async run<S extends ScriptName>(
    name: S,
    event: EventRef,
    args: Omit<ScriptArgs<S>, 'incarnation'>,
    words: readonly string[],
  ): Promise<ScriptReply> {
    const named = { ...args, incarnation: event.incarnation } as unknown as ScriptArgs<S>;
    const reply = await this.send(name, event, named);
    if (reply[0] === 'fence') throw new FencedError(event.id);
    if (reply[0] === 'absent') throw new StaleEventError(event.id);
    if (!words.includes(reply[0])) throw new Error(`lua/${name}.lua answered "${reply[0]}"`);
    return reply;
  }

  /**
   * A connection leads to one run of one server for as long as it lives and commands never change theirs, so what is
   * compared here holds for what is sent in the same breath.
   */
  private send<S extends ScriptName>(name: S, event: EventRef, args: ScriptArgs<S>): Promise<ScriptReply> {
    if (!event.run) return runScript(this.redis, name, event.keys, args);
    if (runIdAt(this.redis, slotOfKeys(event.keys)) !== event.run) {
      this.onOtherRun(event.id);
      throw new OtherRunError(event.id);
    }
    return sendBound(this.redis, () => runScript(this.redis, name, event.keys, args));
  }
}

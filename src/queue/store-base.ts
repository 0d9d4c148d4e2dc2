/**
 * How typed calls run scripts. A reply whose word is not in a script's header is a bug and throws; `fence` and `absent`
 * throw StaleEventError, upon which the caller reads the event anew.
 */
import type { RedisClient } from '../redis/client.ts';
import { type EventKeys, runScript, type ScriptArgs, type ScriptName, type ScriptReply } from './scripts.ts';

/** An event as its caller knows it: the scripts refuse where the incarnation is another one. */
export interface EventRef {
  readonly id: string;
  readonly keys: EventKeys;
  readonly incarnation: string;
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

/** What all stores stand on: a connection that was opened with `scripts`. */
export class StoreBase {
  protected readonly redis: RedisClient;

  constructor(redis: RedisClient) {
    this.redis = redis;
  }

  /** Runs a script of an event. @throws StaleEventError, or Error for a word that is not among `words` */
  protected async run<S extends ScriptName>(
    name: S,
    event: EventRef,
    args: Omit<ScriptArgs<S>, 'incarnation'>,
    words: readonly string[],
  ): Promise<ScriptReply> {
    const named = { ...args, incarnation: event.incarnation } as unknown as ScriptArgs<S>;
    const reply = await runScript(this.redis, name, event.keys, named);
    if (reply[0] === 'fence' || reply[0] === 'absent') throw new StaleEventError(event.id);
    if (!words.includes(reply[0])) throw new Error(`lua/${name}.lua answered "${reply[0]}"`);
    return reply;
  }
}

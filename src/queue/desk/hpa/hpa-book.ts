/** What Redis keeps of the autoscaler: the version of our changes, the floor that is held, the change under way. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { RedisClient } from '../../../redis/client.ts';
import { timeOf } from '../../../redis/nodes.ts';
import { globalKeys, runGlobal } from '../../global-scripts.ts';
import type { Autoscaler } from './autoscaler.ts';

/** For so long nobody else changes it, ms: longer than a call to the cluster may take. */
const leaseMs = 4_000;

const holdSchema = z.object({
  /** Which one, namespace/name. */
  hpa: z.string(),
  /** Of the change that began it. */
  auditId: z.string(),
  actor: z.string(),
  /** The floor while it lasts, and the one that comes back. */
  min: z.number().int(),
  before: z.number().int(),
  /** When it ends, Redis time, ms. */
  untilMs: z.number(),
  /** The floor was taken over from another manager, so its return takes it too. */
  takeOver: z.boolean(),
});
export type Hold = z.infer<typeof holdSchema>;

const intentSchema = z.object({
  /** Which one, namespace/name. */
  hpa: z.string(),
  changeId: z.string(),
  auditId: z.string(),
  /** The record, JSON. */
  audit: z.string(),
  /** As end_hpa takes it. */
  hold: z.string(),
});
/** What is about to be done, so that whoever comes after a process that died can write it down. */
export type Intent = z.infer<typeof intentSchema>;

export type Begun =
  | { readonly word: 'begun' | 'done'; readonly revision: number }
  | { readonly word: 'conflict'; readonly revision: number }
  | { readonly word: 'busy'; readonly leftMs: number }
  | { readonly word: 'open'; readonly intent: Intent };

export interface HpaPage {
  readonly revision: number;
  readonly hold: Hold | undefined;
  /** Another autoscaler that is held: admin processes of one Redis do not agree on which they steer. */
  readonly otherHeld: string | undefined;
  /** Id of a change that is under way, or was left open. */
  readonly openId: string | undefined;
  /** Redis time, ms. */
  readonly nowMs: number;
}

/** A name for the lease of one try. */
export const newOwner = (): string => randomBytes(6).toString('base64url');

export class HpaBook {
  private readonly redis: RedisClient;
  /** The one that this process steers, namespace/name. */
  readonly hpa: string;

  /** `redis` was opened with the global scripts. */
  constructor(redis: RedisClient, { namespace, name }: Pick<Autoscaler, 'namespace' | 'name'>) {
    this.redis = redis;
    this.hpa = `${namespace}/${name}`;
  }

  async page(): Promise<HpaPage> {
    const [nowUs, [revision, hold, openId]] = await Promise.all([
      timeOf(this.redis, globalKeys.hpa),
      this.redis.hmget(globalKeys.hpa, 'revision', 'hold', 'intentId'),
    ]);
    const held = hold ? holdSchema.parse(JSON.parse(hold)) : undefined;
    return {
      revision: Number(revision ?? 0),
      hold: held?.hpa === this.hpa ? held : undefined,
      otherHeld: held?.hpa === this.hpa ? undefined : held?.hpa,
      openId: openId || undefined,
      nowMs: nowUs / 1000,
    };
  }

  /**
   * `owner`: of the lease, another one for every try of a change, as a try whose answer was lost may still be under way.
   */
  async begin(
    intent: Intent,
    { owner, ifRevision }: { readonly owner: string; readonly ifRevision?: number },
  ): Promise<Begun> {
    const [word, rest] = await runGlobal(this.redis, 'begin_hpa', {
      owner,
      changeId: intent.changeId,
      intent: JSON.stringify(intent),
      leaseMs,
      ...(ifRevision === undefined ? {} : { ifRevision }),
    });
    if (word === 'open') return { word, intent: intentSchema.parse(JSON.parse(String(rest))) };
    if (word === 'busy') return { word, leftMs: Number(rest) };
    if (word === 'begun' || word === 'done' || word === 'conflict') return { word, revision: Number(rest) };
    throw new Error(`begin_hpa answered ${word}`);
  }

  /** Ends a change; `isDone` false = nothing was changed. Gives the version after it. */
  async end({ changeId, audit, hold }: Intent, isDone: boolean): Promise<number> {
    const [, revision] = await runGlobal(this.redis, 'end_hpa', {
      changeId,
      audit: isDone ? audit : '',
      hold: isDone ? hold : '',
    });
    return Number(revision);
  }
}

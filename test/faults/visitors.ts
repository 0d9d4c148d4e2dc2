/**
 * A bounded crowd over real HTTP, at whichever gateway it is led to each time: joins, polls, enters, leaves, and asks again
 * where an answer did not come. The same seed makes the same visitors; what they meet is the world's affair.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { forkRandom, poissonGapMs, type Random } from '../../src/simulator/random.ts';
import { type Called, Caller, type Identity } from './caller.ts';
import { isGrant, isPlaced, type Operation } from './history.ts';
import type { World, WorldGateway } from './world.ts';

export interface CrowdOptions {
  readonly seed: number;
  /** Default 40. */
  readonly arrivalsPerSec?: number;
  /** Of the time that the answer says until the next poll; default 0.25, so that histories are dense. */
  readonly pollShare?: number;
}

/** What a visitor is about to do in their life, drawn before it begins. */
interface Visitor extends Identity {
  readonly random: Random;
  /** Sends so many copies of each enter at once, to several gateways. */
  readonly copies: number;
  /** Leaves at this poll. */
  readonly leavesAt: number;
  /** Joins again at this poll, as a second window of the same browser would. */
  readonly rejoinsAt: number;
  /** Tries to enter at each poll, ready or not. */
  readonly isEager: boolean;
  /** Asks for the pass a second time. */
  readonly repeats: boolean;
  /** First the place that they hold to; others where they were answered another one. */
  readonly tokens: string[];
}

/** Nobody comes beyond. */
const visitorsMax = 5_000;
/** Requests under way at most; a visitor waits for their turn before the clock of the request begins. */
const underWayMax = 256;

export class Visitors {
  readonly all: Visitor[] = [];
  private readonly world: World;
  private readonly options: Required<CrowdOptions>;
  private readonly caller: Caller;
  private readonly stopped = new AbortController();
  private readonly lives = new Set<Promise<void>>();
  private arriving: Promise<void> | undefined;
  private underWay = 0;

  constructor(world: World, options: CrowdOptions) {
    this.world = world;
    this.options = { arrivalsPerSec: 40, pollShare: 0.25, ...options };
    this.caller = new Caller(world);
  }

  /** Lets people come, until `stop`. */
  start(): void {
    this.arriving = this.arrive();
  }

  /** Nobody does anything any more once this resolves. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.arriving;
    await Promise.all(this.lives);
  }

  async close(): Promise<void> {
    await this.stop();
    await this.caller.close();
  }

  /** Asks once for every place that anybody was told of, each at any gateway; part of the history as round `round`. */
  async askEveryone(round: number): Promise<void> {
    const asks = this.all.flatMap((who) => who.tokens.map((token) => ({ who, token })));
    const next = asks.values();
    const worker = async (): Promise<void> => {
      for (const { who, token } of next)
        await this.caller.call({ op: 'status', who, token, gateway: this.gateway(who.random), round });
    };
    await Promise.all(Array.from({ length: 32 }, worker));
  }

  private async arrive(): Promise<void> {
    const { seed, arrivalsPerSec } = this.options;
    const random = forkRandom(seed, 0);
    while (!this.isOver && this.all.length < visitorsMax) {
      await this.wait(poissonGapMs(random, arrivalsPerSec));
      if (this.isOver) return;
      const visitor = newVisitor(seed, this.all.length + 1);
      this.all.push(visitor);
      const life = this.live(visitor).finally(() => this.lives.delete(life));
      this.lives.add(life);
    }
  }

  private async live(visitor: Visitor): Promise<void> {
    while (!this.isOver && visitor.tokens.length === 0) {
      await this.wait(await this.join(visitor));
    }
    for (let polls = 1; !this.isOver; polls += 1) {
      if (polls === visitor.leavesAt) return this.leave(visitor);
      if (polls === visitor.rejoinsAt) await this.join(visitor);
      const { record, retryAfterSec } = await this.call('status', visitor);
      if (record.status === 'entered' || record.status === 'left') return;
      const tries = record.ready === true || visitor.isEager;
      if (tries && (await this.enter(visitor))) return this.afterEnter(visitor);
      const nextMs = 1000 * (record.pollAfterSec ?? retryAfterSec ?? 1) * this.options.pollShare;
      await this.wait(Math.max(100, nextMs * (0.7 + 0.6 * visitor.random())));
    }
  }

  /** One join; ms to wait until the next try, where it is needed. */
  private async join(visitor: Visitor): Promise<number> {
    const { record, token, retryAfterSec = 1 } = await this.call('join', visitor);
    if (isPlaced(record) && token !== undefined && !visitor.tokens.includes(token))
      visitor.tokens.push(token);
    return Math.min(1000 * retryAfterSec, 1_000) * (0.3 + 0.7 * visitor.random());
  }

  /** One try, with as many copies as this visitor sends; whether they are in. */
  private async enter(visitor: Visitor): Promise<boolean> {
    const copies = Array.from({ length: visitor.copies }, () => this.call('enter', visitor));
    const answers = await Promise.all(copies);
    return answers.some(({ record }) => isGrant(record));
  }

  /** Some ask for their pass again, and all look once more whether they are in. */
  private async afterEnter(visitor: Visitor): Promise<void> {
    if (visitor.repeats) await this.call('enter', visitor);
    await this.wait(1_200 + 2_000 * visitor.random());
    if (!this.isOver) await this.call('status', visitor);
  }

  private async leave(visitor: Visitor): Promise<void> {
    for (let tries = 0; tries < 5 && !this.isOver; tries += 1) {
      const { record } = await this.call('leave', visitor);
      if (record.http >= 200 && record.http < 500 && record.http !== 429) break;
      await this.wait(500);
    }
    await this.wait(1_200 + 2_000 * visitor.random());
    if (!this.isOver) await this.call('status', visitor);
  }

  private async call(op: Operation, who: Visitor): Promise<Called> {
    while (this.underWay >= underWayMax) await pause(5);
    this.underWay += 1;
    try {
      const [token] = who.tokens;
      const gateway = this.gateway(who.random);
      return await this.caller.call({
        op,
        who,
        gateway,
        ...(token === undefined || op === 'join' ? {} : { token }),
      });
    } finally {
      this.underWay -= 1;
    }
  }

  private gateway(random: Random): WorldGateway {
    const all = this.world.gateways.filter(({ inRotation }) => inRotation);
    const choice = all.length > 0 ? all : this.world.gateways;
    const gateway = choice[Math.floor(random() * choice.length)];
    if (gateway === undefined) throw new Error('the world has no gateway');
    return gateway;
  }

  private get isOver(): boolean {
    return this.stopped.signal.aborted;
  }

  private async wait(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.stopped.signal }).catch(() => {});
  }
}

function newVisitor(seed: number, index: number): Visitor {
  const random = forkRandom(seed, index);
  const dice = random();
  const name = `p${seed}-${index}`;
  // Nine of ten are known; who is not is let in as a load test's visitor without a name.
  const who =
    dice < 0.7
      ? { subject: name }
      : dice < 0.9
        ? { subject: name, key: `key-of-${name}` }
        : { key: `anonymous-key-${name}` };
  return {
    visitor: index,
    ...who,
    random,
    copies: random() < 0.3 ? 3 : 1,
    leavesAt: random() < 0.08 ? 2 + Math.floor(8 * random()) : 0,
    rejoinsAt: random() < 0.08 ? 1 + Math.floor(5 * random()) : 0,
    repeats: random() < 0.2,
    isEager: random() < 0.05,
    tokens: [],
  };
}

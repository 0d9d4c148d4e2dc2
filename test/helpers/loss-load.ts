/**
 * Visitors of one event at several lines, who go on over a Redis that loses its memory, and all that they were told: the
 * checks of what must hold across the loss are made of it.
 */
import { expect } from 'vitest';
import { Keyring } from '../../src/queue/keyring.ts';
import type { Line } from '../../src/queue/line-types.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { readWaitingToken } from '../../src/queue/waiting-token.ts';
import { eventually } from './eventually.ts';
import { as } from './lines.ts';

const keyring = new Keyring([{ kid: 'k1', secret: Buffer.alloc(32, 7) }]);

export interface Visitor {
  readonly seq: number;
  readonly token: string;
  readonly subject: string;
  /** When their place was told, ms of performance.now. */
  readonly cameMs: number;
  /** Passes that they were given, each once. */
  readonly passes: Set<string>;
}

interface Grant {
  readonly seq: number;
  readonly sentMs: number;
  readonly cameMs: number;
}

export class LossLoad {
  readonly visitors: Visitor[] = [];
  readonly grants: Grant[] = [];
  /** What refused joins and enters said, and how often. */
  readonly refusals = new Map<string, number>();
  private readonly lines: readonly Line[];
  private readonly event: EventRef;
  private running = true;
  private done: Promise<void>[] = [];

  constructor(lines: readonly Line[], event: EventRef) {
    this.lines = lines;
    this.event = event;
  }

  /** Joins so many a second at each line, and at each the first in line enter as fast as they may. */
  start(joinsPerSec: number): void {
    this.done = this.lines.flatMap((line, index) => [
      this.every(1000 / joinsPerSec, () => this.join(line)),
      this.every(20, () => this.enterNext(line, index)),
    ]);
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.done);
  }

  async join(line: Line): Promise<void> {
    const subject = `s${Math.random()}`;
    const outcome = await line.join({ eventId: this.event.id, caller: as(subject) });
    if (!outcome.ok) return this.count(`join ${outcome.code}`);
    const token = outcome.reply.waiting_token;
    const { seq = 0 } = readWaitingToken(keyring, token) ?? {};
    this.visitors.push({ seq, token, subject, cameMs: performance.now(), passes: new Set() });
  }

  async enter(line: Line, visitor: Visitor): Promise<string> {
    const sentMs = performance.now();
    const outcome = await line.enter(visitor.token, as(visitor.subject));
    if (!outcome.ok) {
      this.count(`enter ${outcome.code}`);
      return outcome.code;
    }
    const cameMs = performance.now();
    if (!visitor.passes.has(outcome.reply.reservation_token))
      this.grants.push({ seq: visitor.seq, sentMs, cameMs });
    visitor.passes.add(outcome.reply.reservation_token);
    return 'granted';
  }

  /** Resolves as soon as this line lets somebody in. */
  async untilGrant(line: Line): Promise<void> {
    for (;;) {
      const next = this.inOrder().find(({ passes }) => passes.size === 0);
      if (next && (await this.enter(line, next)) === 'granted') return;
      await new Promise(setImmediate);
    }
  }

  /** Resolves once many people have joined and were let in after this moment. */
  async untilFlowing(withinMs = 30_000): Promise<void> {
    const told = { joins: this.visitors.length, grants: this.grants.length };
    await eventually(
      () => this.visitors.length >= told.joins + 60 && this.grants.length >= told.grants + 12,
      { withinMs },
    );
  }

  /** For how long at most nobody joined, and nobody was let in, since a moment of performance.now, s. */
  gapsSince(sinceMs: number): { joinsSec: number; grantsSec: number } {
    const longest = (times: readonly number[]): number => {
      const after = [sinceMs, ...times.filter((timeMs) => timeMs > sinceMs), performance.now()].sort(
        (a, b) => a - b,
      );
      return Math.max(...after.slice(1).map((timeMs, at) => timeMs - (after[at] ?? 0))) / 1000;
    };
    return {
      joinsSec: longest(this.visitors.map(({ cameMs }) => cameMs)),
      grantsSec: longest(this.grants.map(({ cameMs }) => cameMs)),
    };
  }

  /** Everything flows again, and did not for less than `boundSec`; for how long is told. */
  async expectGoingOn(wanted: {
    readonly sinceMs: number;
    readonly boundSec: number;
    readonly tell: (text: string) => unknown;
  }): Promise<void> {
    await this.untilFlowing();
    const { joinsSec, grantsSec } = this.gapsSince(wanted.sinceMs);
    await wanted.tell(`no joins for ${joinsSec.toFixed(1)} s, no grants for ${grantsSec.toFixed(1)} s`);
    expect(Math.max(joinsSec, grantsSec)).toBeLessThan(wanted.boundSec);
  }

  /** Ends the load: nobody came or went in twice, the rate was kept, and everybody has their place. */
  async expectNothingLost(rate: { readonly capacity: number; readonly refillPerSec: number }): Promise<void> {
    await this.stop();
    this.expectSingle();
    this.expectBound(rate.capacity, rate.refillPerSec);
    await this.expectPlaces();
  }

  /** In order of their places. */
  inOrder(): Visitor[] {
    return [...this.visitors].sort((a, b) => a.seq - b.seq);
  }

  /** No seq and no pass was told twice, and nobody was let in twice. */
  private expectSingle(): void {
    expect(new Set(this.visitors.map(({ seq }) => seq)).size).toBe(this.visitors.length);
    expect(this.visitors.filter(({ passes }) => passes.size > 1)).toEqual([]);
    const passes = this.visitors.flatMap((visitor) => [...visitor.passes]);
    expect(new Set(passes).size).toBe(passes.length);
  }

  /**
   * In every window of T seconds grants <= C + D + refill x T; a window reaches from a request's sending to an answer's coming.
   * One more is no fault: this clock and Redis's do not run alike to the millisecond.
   */
  private expectBound(capacity: number, refillPerSec: number): void {
    const grants = [...this.grants].sort((a, b) => a.cameMs - b.cameMs);
    for (const [first, { sentMs }] of grants.entries()) {
      for (let last = first; last < grants.length; last += 1) {
        const sec = ((grants[last]?.cameMs ?? 0) - sentMs) / 1000;
        expect(last - first + 1).toBeLessThanOrEqual(capacity + 10 + refillPerSec * sec + 1);
      }
    }
  }

  /** Everybody who was told of a place and did not enter has it, in the order of the seqs; who entered, entered. */
  private async expectPlaces(withinMs = 20_000): Promise<void> {
    const visitors = this.inOrder();
    for (const line of this.lines) {
      await eventually(
        async () => {
          let last = 0;
          for (const { token, seq, passes } of visitors) {
            const outcome = await line.status(token);
            if (!outcome.ok) throw new Error(`seq ${seq}: ${outcome.code}`);
            const { status, position, stale } = outcome.reply;
            if (stale) throw new Error('stale');
            const isIn = passes.size > 0;
            if ((status === 'entered') !== isIn)
              throw new Error(`seq ${seq} entered ${isIn}, status ${status}`);
            if (isIn) continue;
            if (position <= last) throw new Error(`seq ${seq} stands at ${position}, after ${last}`);
            last = position;
          }
          return true;
        },
        { withinMs },
      );
    }
  }

  private count(what: string): void {
    this.refusals.set(what, (this.refusals.get(what) ?? 0) + 1);
  }

  /** The first of this line's share that has not entered. */
  private async enterNext(line: Line, index: number): Promise<void> {
    const next = this.inOrder().find(
      ({ seq, passes }) => passes.size === 0 && seq % this.lines.length === index,
    );
    if (next) await this.enter(line, next);
  }

  private async every(ms: number, act: () => Promise<void>): Promise<void> {
    while (this.running) {
      const startedMs = performance.now();
      await act();
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, startedMs + ms - performance.now())));
    }
  }
}

import { describe, expect, it } from 'vitest';
import { nowMs, serve } from '../../../test/helpers/served.ts';
import type { RedisClient } from '../../redis/client.ts';
import { EtaModel } from '../eta.ts';
import { SilentCount } from './silent-count.ts';

/** A Redis with these dues alone: seq -> how long ago the silence began, s. */
function duesOf(baseMs: number, ago: ReadonlyMap<number, number>): RedisClient {
  const bytes = Buffer.alloc(400);
  for (const [seq, sec] of ago) bytes.writeUInt32BE((nowMs - sec * 1_000 - baseMs) / 100, seq * 4);
  const pipeline = () => {
    const replies: [null, Buffer][] = [];
    return {
      getrangeBuffer: (_: string, from: number, to: number) =>
        replies.push([null, bytes.subarray(from, to + 1)]),
      exec: async () => replies,
    };
  };
  return { pipeline } as unknown as RedisClient;
}

describe('who was silent for a minute', () => {
  const look = async (
    waiting: number,
    ago: readonly [number, number][],
    away: {
      readonly silent?: readonly number[];
      readonly unclaimed?: readonly number[];
      readonly sec?: number;
    },
  ) => {
    const { replica } = serve({ waiting, window: 50 });
    const { silent = [], unclaimed = [], sec = 5 } = away;
    const sinceMs = nowMs - sec * 1_000;
    replica.apply(2, { kind: 'away', reason: 'silent', seqs: [...silent], nowMs: sinceMs }, nowMs);
    replica.apply(3, { kind: 'away', reason: 'unclaimed', seqs: [...unclaimed], nowMs: sinceMs }, nowMs);
    const count = new SilentCount(duesOf(replica.settings.baseMs, new Map(ago)));
    const eta = new EtaModel({ timeZone: 'UTC' });
    await count.look({ replica, eta, dueKey: 'due', watched: true, nowMs: () => nowMs });
    return count.value;
  };

  it('counts those who wait and those who are stepped around for it, by when they were last heard', async () => {
    const ago: [number, number][] = [
      [1, 120],
      [2, 120],
      [3, 1],
      [4, 1],
    ];
    expect(await look(6, ago, {})).toBe(2);
    expect(await look(6, ago, { silent: [2, 4] })).toBe(2);
  });

  it('counts who has been stepped around for longer than a minute, even when nobody else waits', async () => {
    expect(await look(3, [], { silent: [1, 2, 3], sec: 61 })).toBe(3);
    expect(await look(3, [], { silent: [1, 2, 3], sec: 59 })).toBe(0);
  });

  it('does not count who did not enter on their turn: they may be polling', async () => {
    expect(await look(3, [], { silent: [1], unclaimed: [2], sec: 300 })).toBe(1);
  });

  it('is none again once nobody is left', async () => {
    expect(await look(0, [], {})).toBe(0);
  });
});

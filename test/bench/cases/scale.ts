/** A line of 300,000: memory on both sides, what a status costs there, and how fast a gateway is up with it. */

import { Replica } from '../../../src/queue/replica.ts';
import { loadEvent } from '../../../src/queue/replica-loader.ts';
import { keysOf } from '../../../src/queue/scripts.ts';
import type { Case } from '../lib/case.ts';
import { startGateway } from '../lib/gateway-process.ts';
import { residentBytes } from '../lib/proc-usage.ts';
import { usedMemory } from '../lib/redis-info.ts';
import { type Redis, Rig } from '../lib/rig.ts';
import { atMost, median, type Row, reported, show } from '../lib/rows.ts';

const startRounds = 3;
const loadRounds = 5;
const fewPlaces = 1_000;
const mebibyte = 1024 * 1024;

export const scale: Case = {
  name: 'scale',
  async run({ short, say }) {
    const many = short ? 60_000 : 300_000;
    const rig = await Rig.start();
    try {
      const empty = await startTimes(rig, say);
      await rig.warmUp(short ? 10_000 : 30_000);
      const big = await rig.redis.makeEvent();
      say(`${show(many)} joins, then a poll of each`);
      const bytes = await bytesAPerson(rig.redis, many, async () => {
        await rig.join(big, many);
        await rig.poll(big, many);
      });
      const rows = await statusRows(rig, big, {
        many,
        polls: short ? 20_000 : 100_000,
        rounds: short ? 5 : 7,
        say,
      });
      const loadMs = await replicaLoadMs(rig.redis, big);
      const loaded = await startTimes(rig, say);
      say(`${show(many)} joins with an Idempotency-Key`);
      const keyed = await rig.redis.makeEvent();
      const keyedBytes = await bytesAPerson(rig.redis, many, () =>
        rig.join(keyed, many, { identity: 'key' }),
      );
      const sec = (ms: number) => ({ figure: ms / 1000, unit: 's' });
      return [
        atMost('Redis memory per waiting person, anonymous', 300, {
          figure: bytes,
          unit: 'B',
          detail: `at ${show(many)}; journal and presence included`,
        }),
        reported('Redis memory per waiting person with Idempotency-Key', { figure: keyedBytes, unit: 'B' }),
        ...rows,
        atMost(`replica of ${show(many)} waiting loaded`, 3, sec(loadMs)),
        atMost('gateway start to ready, empty Redis', 1, sec(empty)),
        atMost(`gateway start to ready, ${show(many)} waiting`, 3, sec(loaded)),
      ];
    } finally {
      await rig.stop();
    }
  },
};

async function bytesAPerson(redis: Redis, people: number, join: () => Promise<unknown>): Promise<number> {
  const before = await usedMemory(redis.client);
  await join();
  return ((await usedMemory(redis.client)) - before) / people;
}

interface StatusOptions {
  readonly many: number;
  readonly polls: number;
  readonly rounds: number;
  readonly say: (progress: string) => void;
}

/** The two lines take turns, so that what else the machine does hits both alike; the first turn only warms up. */
async function statusRows(
  rig: Rig,
  big: string,
  { many, polls, rounds, say }: StatusOptions,
): Promise<Row[]> {
  const small = await rig.redis.makeEvent();
  await rig.join(small, fewPlaces);
  const turns: { smallUs: number; bigUs: number }[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    say(`polls among ${show(fewPlaces)} and among ${show(many)}, round ${round} of ${rounds}`);
    const smallUs = (await rig.poll(small, polls)).gatewayUs;
    const bigUs = (await rig.poll(big, polls)).gatewayUs;
    if (round > 0) turns.push({ smallUs, bigUs });
  }
  const bigUs = show(median(turns.map((turn) => turn.bigUs)));
  const smallUs = show(median(turns.map((turn) => turn.smallUs)));
  return [
    atMost(`status cost at ${show(many)} waiting against ${show(fewPlaces)}`, 1.1, {
      figure: median(turns.map((turn) => turn.bigUs / turn.smallUs)),
      unit: 'times',
      detail: `${bigUs} µs, ${smallUs} µs`,
    }),
    atMost(`gateway memory with ${show(many)} waiting`, 300, {
      figure: residentBytes(rig.gateway.pid) / mebibyte,
      unit: 'MiB',
      detail: 'resident, right after the polls',
    }),
  ];
}

async function replicaLoadMs(redis: Redis, event: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < loadRounds; round += 1) {
    const startedMs = performance.now();
    const loaded = await loadEvent(redis.client, keysOf(event));
    if (!loaded) throw new Error(`event ${event} is gone`);
    new Replica(event, loaded);
    times.push(performance.now() - startedMs);
  }
  return median(times);
}

async function startTimes(rig: Rig, say: (progress: string) => void): Promise<number> {
  say('gateway starts');
  const times: number[] = [];
  for (let round = 0; round < startRounds; round += 1) {
    const gateway = await startGateway(rig.redis.server.port);
    times.push(gateway.readyMs);
    await gateway.stop();
  }
  return median(times);
}

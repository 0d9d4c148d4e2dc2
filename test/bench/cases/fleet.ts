/**
 * What a fleet costs Redis: 32 processes that all join and all tail one event. They run the line without its HTTP side
 * (32 whole gateways would need far more than the cores of one machine); Redis sees the same commands.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { keysOf } from '../../../src/queue/scripts.ts';
import type { Case } from '../lib/case.ts';
import { Child } from '../lib/child.ts';
import type { FleetAsk, FleetReply } from '../lib/fleet-member.ts';
import { cpuMs } from '../lib/proc-usage.ts';
import { Redis } from '../lib/rig.ts';
import { atMost, type Row, show } from '../lib/rows.ts';

const members = 32;
const wantedPerSec = 30_000;
const settleMs = 3_000;

export const fleet: Case = {
  name: 'fleet',
  async run({ short, say }) {
    const sec = short ? 4 : 15;
    const redis = await Redis.start();
    const children: Child<FleetAsk, FleetReply>[] = [];
    try {
      const event = await redis.makeEvent();
      say(`${members} processes start`);
      for (let member = 0; member < members; member += 1) children.push(new Child('fleet-member'));
      const redisPort = redis.server.port;
      await Promise.all(
        children.map((child, member) =>
          child.ask({ kind: 'open', redisPort, name: `member-${member}`, event }),
        ),
      );
      await sleep(settleMs);
      const reporters = await redis.client.hlen(keysOf(event).reporters);
      say(`joins at ${show(wantedPerSec)}/s in all, for ${sec} s`);
      const perSec = wantedPerSec / members;
      const before = cpuMs(redis.server.pid);
      const startedMs = performance.now();
      const replies = await Promise.all(
        children.map((child) => child.ask({ kind: 'join', event, perSec, sec })),
      );
      const wallMs = performance.now() - startedMs;
      const redisMs = cpuMs(redis.server.pid) - before;
      const joined = replies.reduce((sum, reply) => sum + reply.joined, 0);
      const refused = replies.reduce((sum, reply) => sum + reply.refused, 0);
      await check(redis, children, { event, joined, refused });
      return rows({ joined, refused, wallMs, redisMs, reporters });
    } finally {
      await Promise.all(children.map((child) => child.stop()));
      await redis.stop();
    }
  },
};

/** Every replica must know of everybody whom Redis gave a place, and those are all that joined (or were left unsure). */
async function check(
  redis: Redis,
  children: readonly Child<FleetAsk, FleetReply>[],
  told: { event: string; joined: number; refused: number },
): Promise<void> {
  await sleep(settleMs);
  const { event, joined, refused } = told;
  const waiting = Number(await redis.client.hget(keysOf(event).meta, 'waiting'));
  if (waiting < joined || waiting > joined + refused) {
    throw new Error(`${joined} were told that they joined and ${refused} not, but ${waiting} wait`);
  }
  const looks = await Promise.all(children.map((child) => child.ask({ kind: 'look', event })));
  const wrong = looks.find((look) => look.waiting !== waiting);
  if (wrong) throw new Error(`${waiting} wait, but a replica knows of ${wrong.waiting}`);
}

function rows(seen: {
  joined: number;
  refused: number;
  wallMs: number;
  redisMs: number;
  reporters: number;
}): Row[] {
  const perSec = seen.joined / (seen.wallMs / 1000);
  const us = (seen.redisMs * 1000) / seen.joined;
  const core = (100 * seen.redisMs) / seen.wallMs;
  const atAllSpeed = (us * wantedPerSec) / 10_000;
  const pace = `${show(perSec)} joins/s reached, ${show(core)} % of a core; ${show(seen.refused)} refused`;
  return [
    atMost(`Redis CPU per join, ${seen.reporters} processes joined and tailing`, 10, {
      figure: us,
      unit: 'µs',
      detail: pace,
    }),
    atMost(`Redis at ${show(wantedPerSec)} joins/s, by that`, 30, {
      figure: atAllSpeed,
      unit: '% of a core',
    }),
  ];
}

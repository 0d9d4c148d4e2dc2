/** What requests cost that a gateway refuses, beside those that it answers, and what a connection costs that only holds on. */
import { capacityMax } from '../../../src/contract/limits.ts';
import { pause } from '../../helpers/fleet.ts';
import type { Case } from '../lib/case.ts';
import type { AttackName } from '../lib/load-jobs.ts';
import { residentBytes } from '../lib/proc-usage.ts';
import { type Cost, Rig } from '../lib/rig.ts';
import { median, type Row, reported, show } from '../lib/rows.ts';

const rounds = 3;
/** Nothing but the limit on joins is in the way. */
const joinLimited = { JOIN_LIMIT_IP_PER_MIN: '1', RATE_LIMIT_IP_RPS: '1000000' };
const idleSec = 3;

/** A kind of request, in words, and which gateway is asked. */
const refused: readonly (readonly [AttackName, string, 'plain' | 'limited'])[] = [
  ['forged', 'poll, forged token (404)', 'plain'],
  ['foreign', 'poll, signed token of an event that is not there (404)', 'plain'],
  ['oversized', 'poll, token over 512 bytes (404)', 'plain'],
  ['limited', 'poll, over the rate limit of the address (429)', 'plain'],
  ['join-limited', 'join, over the join limit of the address (429)', 'limited'],
  ['unknown', 'unknown route (404)', 'plain'],
  ['more-headers', 'valid poll with 90 headers (200)', 'plain'],
  ['last-poll', 'valid poll on a connection of its own (200)', 'plain'],
  ['headers', '900 headers, a connection each (431)', 'plain'],
  ['too-many-headers', 'headers over 16 KiB, a connection each (431)', 'plain'],
  ['large-body', 'body of 20 kB, a connection each (413)', 'plain'],
];

/** So few that making the requests does not take long: judging them costs the same. */
const challengeBits = 6;
const settleMs = 1_000;
const challenged = [
  ['challenge-missing', 'join without the work that is asked for (403)'],
  ['challenge-wrong', 'join with wrong work (403)'],
  ['challenge-right', 'join with the work done, by Idempotency-Key (202)'],
] as const;

interface Measured {
  readonly cost: Cost;
  /** Of the gateway for each request, what it sends without any taken off. */
  readonly commands: number;
}

export const abuse: Case = {
  name: 'abuse',
  async run({ short, say }) {
    const count = short ? 4_000 : 10_000;
    const rig = await Rig.start();
    try {
      const limited = await rig.beside(joinLimited);
      await rig.warmUp(count);
      await limited.warmUp(count);
      const idlePerSec = await idleCommands(rig);
      const event = await rig.redis.makeEvent();
      await rig.join(event, count);
      const all = new Map<string, Measured[]>();
      const note = async (what: string, on: Rig, act: () => Promise<Cost>): Promise<void> => {
        say(what);
        all.set(what, [...(all.get(what) ?? []), await counted(on, idlePerSec, act)]);
      };
      for (let round = 0; round < rounds; round += 1) {
        await note('poll', rig, () => rig.poll(event, count));
        const joined = await rig.redis.makeEvent();
        await note('join, anonymous', rig, () => rig.join(joined, count));
        const keyed = await rig.redis.makeEvent();
        await note('join, by Idempotency-Key', rig, () => rig.join(keyed, count, { identity: 'key' }));
        const open = await rig.redis.makeEvent({ capacity: capacityMax, window: capacityMax, tiers: '1-=0' });
        await rig.join(open, count / 4);
        await note('enter', rig, () => rig.enter(open, count / 4));
        await note('enter, sent again (the same pass)', rig, () => rig.enter(open, count / 4));
        const worked = await rig.redis.makeEvent();
        await rig.attack('challenge-missing', worked, 1).catch(() => {});
        await rig.redis.challenge(worked, challengeBits);
        await pause(settleMs);
        for (const [attack, what] of challenged)
          await note(what, rig, () => rig.attack(attack, worked, count));
        for (const [attack, what, which] of refused) {
          const on = which === 'plain' ? rig : limited;
          await note(what, on, () => on.attack(attack, event, count));
        }
      }
      const rows = [...all].map(([what, measured]) => row(what, measured));
      return [...rows, ...(await connections(rig, short ? 2_000 : 5_000, say))];
    } finally {
      await rig.stop();
    }
  },
};

function row(what: string, measured: readonly Measured[]): Row {
  const of = (figure: (one: Measured) => number): number => median(measured.map(figure));
  const commands = Math.max(
    0,
    of((one) => one.commands),
  );
  const detail =
    `Redis ${show(of(({ cost }) => cost.redisUs))} µs, ${commands < 0.005 ? '0' : show(commands)} commands; ` +
    `load ${show(of(({ cost }) => cost.loadUs))} µs`;
  return reported(`CPU per ${what}`, { figure: of(({ cost }) => cost.gatewayUs), unit: 'µs', detail });
}

/** Runs a job, and counts what the gateway sent to Redis meanwhile beyond what it sends at all times. */
async function counted(rig: Rig, idlePerSec: number, act: () => Promise<Cost>): Promise<Measured> {
  const before = await commandsOf(rig);
  const startedMs = performance.now();
  const cost = await act();
  const sec = (performance.now() - startedMs) / 1000;
  const commands = ((await commandsOf(rig)) - before - idlePerSec * sec) / cost.result.count;
  return { cost, commands };
}

async function idleCommands(rig: Rig): Promise<number> {
  const before = await commandsOf(rig);
  await pause(idleSec * 1000);
  return ((await commandsOf(rig)) - before) / idleSec;
}

async function commandsOf({ gateway }: Rig): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${gateway.port}/metrics`).then((answer) => answer.text());
  const figures = [...text.matchAll(/^redis_commands_total\{[^}]*\} (\d+)/gm)];
  return figures.reduce((sum, [, figure]) => sum + Number(figure), 0);
}

/** Memory of the gateway for each connection, never used or used once. */
async function connections(rig: Rig, count: number, say: (what: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  // A new gateway: in one that has worked, what was freed would be used again.
  for (const answered of [false, true]) {
    const what = answered ? 'idle connection, after a request' : 'connection that never says anything';
    say(`${show(count)} of: ${what}`);
    const { port, pid } = (await rig.beside({ TRUSTED_PROXIES: '127.0.0.0/8' })).gateway;
    const before = residentBytes(pid);
    await rig.load.ask({ kind: 'hold', port, count, answered });
    const bytes = (residentBytes(pid) - before) / count;
    await rig.load.ask({ kind: 'hold', port, count: 0, answered });
    rows.push(reported(`memory per ${what}`, { figure: bytes, unit: 'B', detail: 'resident' }));
  }
  return rows;
}

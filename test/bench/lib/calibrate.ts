/** One crowd through one gateway: what it costs in CPU, memory and time. The unit of `bench --only capacity`. */
import type { CapacityCosts } from '../../../src/contract/capacity.ts';
import { capacityMax } from '../../../src/contract/limits.ts';
import { keysOf } from '../../../src/queue/scripts.ts';
import { cpuMs, residentBytes } from './proc-usage.ts';
import { netOutputBytes, usedMemory } from './redis-info.ts';
import { type Cost, manyConnections, type Rig } from './rig.ts';
import { median } from './rows.ts';

/** Polls of each visitor. */
export const pollsEach = 2;
/** Share of the visitors who enter. */
export const enterShare = 0.25;
/** Reservations under way at a time: what the simulated services answer within the deadline. */
const reserving = 8;
/** Entries that a process reads at a time when 1,000 a second are written and it looks every 50 ms. */
const entriesARead = 50;
const reads = 4_000;

/** A crowd measured. */
export interface CrowdCost {
  readonly visitors: number;
  readonly join: Cost;
  readonly poll: Cost;
  readonly enter: Cost;
  /** Of Redis for these visitors; the journal is not part of it. */
  readonly redisBytes: number;
  readonly journalBytes: number;
  readonly journalEntries: number;
  /** Of the gateway, resident, after the polls. */
  readonly workerBytes: number;
}

/**
 * So many join with an Idempotency-Key and poll; a quarter as many enter, from a line of their own in which nobody is
 * too early, too far back or short of a token, so that the step itself is measured.
 */
export async function crowdCost(rig: Rig, visitors: number): Promise<CrowdCost> {
  const { redis } = rig;
  const event = await redis.makeEvent();
  const before = await usedMemory(redis.client);
  const join = await rig.join(event, visitors, { identity: 'key' });
  const { journal } = keysOf(event);
  const journalBytes = Number(await redis.client.memory('USAGE', journal, 'SAMPLES', 0));
  const journalEntries = await redis.client.xlen(journal);
  const poll = await rig.poll(event, visitors * pollsEach);
  const workerBytes = residentBytes(rig.gateway.pid);
  const redisBytes = (await usedMemory(redis.client)) - before - journalBytes;
  const open = await redis.makeEvent({ capacity: capacityMax, window: capacityMax, tiers: '1-=0' });
  const entering = visitors * enterShare;
  await rig.join(open, entering);
  const enter = await rig.enter(open, entering, manyConnections);
  return { visitors, join, poll, enter, redisBytes, journalBytes, journalEntries, workerBytes };
}

/** What it costs Redis to let one process read one journal entry of joins: CPU in µs, and bytes sent. */
export async function tailCost(rig: Rig): Promise<{ readonly us: number; readonly bytes: number }> {
  const { redis } = rig;
  const event = await redis.makeEvent();
  await rig.join(event, 10_000);
  const { client, server } = redis;
  const { journal } = keysOf(event);
  const [first] = await client.xrange(journal, '-', '+', 'COUNT', 1);
  const from = first?.[0] ?? '0';
  const [cpuBefore, bytesBefore] = [cpuMs(server.pid), await netOutputBytes(client)];
  for (let read = 0; read < reads; read += 1)
    await client.xread('COUNT', entriesARead, 'STREAMS', journal, from);
  const entries = reads * Math.min(entriesARead, (await client.xlen(journal)) - 1);
  return {
    us: ((cpuMs(server.pid) - cpuBefore) * 1000) / entries,
    bytes: ((await netOutputBytes(client)) - bytesBefore) / entries,
  };
}

/** Seats reserved by people with passes, through to the simulated services. */
export const reservationCost = async (rig: Rig, seats: number): Promise<Cost> =>
  rig.reserve(await rig.redis.makeEvent(), seats, reserving);

/** Bytes of one request and of one answer. */
const each = ({ result }: Cost): { sent: number; received: number } => ({
  sent: (result.sentBytes ?? 0) / result.count,
  received: (result.receivedBytes ?? 0) / result.count,
});

/** What is measured once, whatever the crowd. */
export interface Beside {
  readonly source: string;
  readonly redisBase: number;
  readonly journalLenMax: number;
  readonly workerPlace: number;
  readonly workerClient: number;
  readonly tail: { readonly us: number; readonly bytes: number };
  readonly reservation: Cost;
}

/** Middle of several crowds of one size, as costs. */
export function costsOf(crowds: readonly CrowdCost[], beside: Beside): CapacityCosts {
  const of = (figure: (crowd: CrowdCost) => number): number => median(crowds.map(figure));
  const { reservation, tail, workerPlace, workerClient } = beside;
  return {
    source: beside.source,
    gatewayUs: {
      join: of(({ join }) => join.gatewayUs),
      poll: of(({ poll }) => poll.gatewayUs),
      enter: of(({ enter }) => enter.gatewayUs),
      reservation: reservation.gatewayUs,
    },
    redisUs: {
      join: of(({ join }) => join.redisUs),
      poll: Math.max(
        0.01,
        of(({ poll }) => poll.redisUs),
      ),
      enter: of(({ enter }) => enter.redisUs),
      reservation: reservation.redisUs,
      tail: tail.us,
    },
    bytes: {
      redisBase: beside.redisBase,
      redisPerson: of(({ redisBytes, visitors }) => redisBytes / visitors),
      redisJournal: of(
        ({ journalBytes, journalEntries }) => (journalBytes / journalEntries) * beside.journalLenMax,
      ),
      workerBase: of(({ workerBytes, visitors }) => workerBytes - visitors * (workerPlace + workerClient)),
      workerPlace,
      workerClient,
      joinIn: of(({ join }) => each(join).sent),
      joinOut: of(({ join }) => each(join).received),
      pollIn: of(({ poll }) => each(poll).sent),
      pollOut: of(({ poll }) => each(poll).received),
      tailOut: tail.bytes,
    },
    perSec: { joins: of(({ join }) => join.perSec), polls: of(({ poll }) => poll.perSec) },
  };
}

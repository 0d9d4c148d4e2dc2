/** How busy and how well Redis is, from INFO, the slow log and the desk's own PINGs; of a cluster, all its masters. */
import type { RedisFigures } from '../../contract/snapshot.ts';
import type { RedisClient } from '../../redis/client.ts';
import { mastersOf } from '../../redis/nodes.ts';
import { sentinelFactsOf } from '../../redis/sentinel.ts';
import type { DoctorRedis } from './doctor.ts';
import { LastMinute, RisingCount } from './last-minute.ts';
import { cpuPercentBetween, parseInfo, type RedisReading } from './redis-info.ts';

export const noFigures: RedisFigures = {
  cpuPercent: null,
  opsPerSec: null,
  usedMemoryBytes: null,
  maxMemoryBytes: null,
  p99Ms: null,
  masters: null,
  hottestNode: null,
  slowPerMin: null,
  scriptErrorsPerMin: null,
};

/** What `doctor` and the alarms want to know beside the figures. */
export type RedisHealth = Omit<DoctorRedis, 'cli' | 'cpuPercent' | 'usedMemoryBytes' | 'maxMemoryBytes'>;

export const noHealth: RedisHealth = {
  systemMemoryBytes: null,
  evictionPolicies: [],
  aof: null,
  persistenceFailing: null,
  minReplicas: null,
  sentinels: null,
  failoverAtMs: null,
};

interface Master {
  last: RedisReading | undefined;
  cpuPercent: number | null;
  readonly slow: RisingCount;
  readonly scriptErrors: RisingCount;
}

export class RedisFigureReader {
  private readonly redis: RedisClient;
  private readonly nowMs: () => number;
  private readonly masters = new Map<string, Master>();
  private readonly pings = new LastMinute();
  private failoverAtMs: number | null = null;
  private failovers = 0;
  private mostMasters = 0;
  /** Name of a master to its run id; empty = not read yet. */
  private readonly runIds = new Map<string, string>();

  /** `nowMs`: Redis time, ms. */
  constructor(redis: RedisClient, nowMs: () => number) {
    this.redis = redis;
    this.nowMs = nowMs;
  }

  /** One PING a master, for the round trip. @throws when one of them cannot be reached */
  async ping(): Promise<void> {
    const askedMs = performance.now();
    await Promise.all(
      [...mastersOf(this.redis).values()].map(async (node) => {
        await node.ping();
        this.pings.add(performance.now() - askedMs);
      }),
    );
  }

  /** To be called once a second: shares of a core need two readings, so the first answer has none. */
  async read(): Promise<{ figures: RedisFigures; health: RedisHealth; failovers: number }> {
    const nodes = mastersOf(this.redis);
    for (const name of this.masters.keys()) if (!nodes.has(name)) this.masters.delete(name);
    this.noteTakeovers([...nodes.keys()]);
    const read = await Promise.allSettled([...nodes].map(([name, node]) => this.readMaster(name, node)));
    const failed = read.find((each) => each.status === 'rejected');
    // One of several that does not answer must not hide the others.
    if (failed && read.every((each) => each.status === 'rejected')) throw failed.reason;
    const masters = [...this.masters];
    const readings = masters.flatMap(([, { last }]) => (last ? [last] : []));
    const sum = (of: (reading: RedisReading) => number | null): number | null =>
      added(readings.map((reading) => of(reading)));
    const [hottest, hottestMaster] = masters.reduce<[string, Master | undefined]>(
      (best, [name, master]) =>
        (master.cpuPercent ?? -1) > (best[1]?.cpuPercent ?? -2) ? [name, master] : best,
      ['', undefined],
    );
    const failing = readings.flatMap(({ persistenceFailing }) => persistenceFailing ?? []);
    return {
      figures: {
        cpuPercent: hottestMaster?.cpuPercent ?? null,
        opsPerSec: sum(({ opsPerSec }) => opsPerSec),
        usedMemoryBytes: sum(({ usedMemoryBytes }) => usedMemoryBytes),
        maxMemoryBytes: sum(({ maxMemoryBytes }) => maxMemoryBytes),
        p99Ms: this.pings.p99(),
        masters: nodes.size,
        hottestNode: nodes.size > 1 && hottest !== '' ? hottest : null,
        slowPerMin: added(masters.map(([, { slow }]) => slow.perMinute())),
        scriptErrorsPerMin: added(masters.map(([, { scriptErrors }]) => scriptErrors.perMinute())),
      },
      health: {
        systemMemoryBytes: sum(({ systemMemoryBytes }) => systemMemoryBytes),
        evictionPolicies: [...new Set(readings.flatMap(({ evictionPolicy }) => evictionPolicy ?? []))],
        aof: allOf(readings.map(({ aof }) => aof === true)),
        persistenceFailing: failing.length === 0 ? null : failing.filter((text) => text !== '').join('; '),
        minReplicas: allOf(readings.flatMap(({ minReplicas }) => minReplicas ?? [])),
        sentinels: sentinelFactsOf(this.redis) ?? null,
        failoverAtMs: this.failoverAtMs,
      },
      failovers: this.failovers,
    };
  }

  /** A master under another name took one's place, unless there are more masters than ever. */
  private noteTakeovers(names: readonly string[]): void {
    const fresh = names.filter((name) => !this.runIds.has(name));
    if (names.length <= this.mostMasters) for (const _ of fresh) this.noteFailover();
    this.mostMasters = Math.max(this.mostMasters, names.length);
    for (const name of fresh) this.runIds.set(name, '');
    if (names.length < this.mostMasters) return;
    // All are there: one that comes back after this takes over again.
    for (const name of this.runIds.keys()) if (!names.includes(name)) this.runIds.delete(name);
  }

  private noteFailover(): void {
    this.failoverAtMs = this.nowMs();
    this.failovers += 1;
  }

  private async readMaster(name: string, node: RedisClient): Promise<void> {
    const replies = await node
      .pipeline()
      .info()
      .info('commandstats')
      .info('errorstats')
      .slowlog('GET', 1)
      .exec();
    const [info, commands, errors, slowlog] = replies ?? [];
    if (!info || info[0]) throw info?.[0] ?? new Error('INFO was not answered');
    const text = [info, commands, errors]
      .map((reply) => (reply?.[0] ? '' : String(reply?.[1] ?? '')))
      .join('\n');
    const reading = parseInfo(text, performance.now());
    const known = this.masters.get(name);
    const runId = this.runIds.get(name) ?? '';
    if (runId !== '' && runId !== reading.runId) this.noteFailover();
    this.runIds.set(name, reading.runId);
    const isSame = known?.last?.runId === reading.runId;
    const master: Master =
      known && isSame
        ? known
        : { last: undefined, cpuPercent: null, slow: new RisingCount(), scriptErrors: new RisingCount() };
    master.cpuPercent = cpuPercentBetween(master.last, reading);
    master.last = reading;
    if (reading.scriptErrors !== null) master.scriptErrors.add(reading.scriptErrors);
    const newest = slowlog?.[0]
      ? undefined
      : (slowlog?.[1] as readonly (readonly unknown[])[] | undefined)?.[0];
    // Ids count up from 0; an empty log may have been emptied, and then the ids go on.
    if (newest) master.slow.add(Number(newest[0]) + 1);
    else if (slowlog && !slowlog[0]) master.slow.add(master.slow.latest ?? 0);
    this.masters.set(name, master);
  }
}

const allOf = (answers: readonly boolean[]): boolean | null =>
  answers.length === 0 ? null : answers.every(Boolean);

/** Sum of what is known; null when nothing is. */
function added(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
}

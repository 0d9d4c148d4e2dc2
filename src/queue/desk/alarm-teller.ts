/**
 * Tells of alarms that go on or off, once over all admin processes: one of them holds a lease and compares what is on
 * with what was told, which is kept in Redis, so that its successor neither repeats nor misses anything.
 */
import { type Alarm, alarmSchema, alarmTable } from '../../contract/alarms.ts';
import type { RedisClient } from '../../redis/client.ts';
import { globalKeys } from '../global-scripts.ts';
import { Lease, leaseMs } from './lease.ts';

/**
 * Alarms go on only after their condition has held for a while, so a process that was just started knows of none: it
 * tells of no end before it has watched for longer than the longest of them, ms.
 */
const learningMs = Math.max(...alarmTable.map(({ forSec }) => forSec)) * 1000 + leaseMs;

export interface AlarmNews {
  readonly kind: 'alarm';
  readonly event: string;
  readonly on: boolean;
  readonly alarm: Alarm;
}

export class AlarmTeller {
  private readonly redis: RedisClient;
  private readonly lease: Lease;
  private readonly learnedAtMs: number;

  /** `forMs`: for so long no end is told. */
  constructor(redis: RedisClient, forMs = learningMs) {
    this.redis = redis;
    this.lease = new Lease(redis, globalKeys.alarmTeller);
    this.learnedAtMs = performance.now() + forMs;
  }

  /**
   * Once a second, with the alarms of all events that this process follows. Gives what is to be told; undefined where
   * another process tells. @throws when Redis cannot be reached
   */
  async look(alarms: ReadonlyMap<string, readonly Alarm[]>): Promise<AlarmNews[] | undefined> {
    if (!(await this.lease.hold())) return undefined;
    const told = await this.redis.hgetall(globalKeys.alarmsTold);
    const news: AlarmNews[] = [];
    const isOn = new Set<string>();
    for (const [event, ofEvent] of alarms) {
      for (const alarm of ofEvent) {
        const field = `${event} ${alarm.id}`;
        isOn.add(field);
        const before = parse(told[field]);
        if (before?.severity === alarm.severity) continue;
        await this.redis.hset(globalKeys.alarmsTold, field, JSON.stringify(alarm));
        news.push({ kind: 'alarm', event, on: true, alarm });
      }
    }
    for (const [field, text] of Object.entries(told)) {
      if (isOn.has(field) || performance.now() < this.learnedAtMs) continue;
      const alarm = parse(text);
      await this.redis.hdel(globalKeys.alarmsTold, field);
      if (alarm) news.push({ kind: 'alarm', event: field.split(' ')[0] ?? '', on: false, alarm });
    }
    return news;
  }

  /** Lets another process tell at once. */
  close(): Promise<void> {
    return this.lease.release();
  }
}

function parse(text: string | undefined): Alarm | undefined {
  try {
    return alarmSchema.safeParse(JSON.parse(text ?? 'null')).data;
  } catch {
    return undefined;
  }
}

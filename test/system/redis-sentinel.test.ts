/** Three lines on a master under sentinels, which goes away in the middle of joins and enters. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Line } from '../../src/queue/line-types.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Operator, openLine, openOperator } from '../helpers/lines.ts';
import { LossLoad } from '../helpers/loss-load.ts';
import type { TestRedis } from '../helpers/redis.ts';
import { startSentinels, type TestSentinels } from '../helpers/redis-sentinel.ts';

const rate = { capacity: 20, refillPerSec: 20 };
/** Three lines' joins a second each; the rest of the machine is busy. */
const joinsPerSec = 40;
/** Within so long joins and grants go on by themselves, s: 1 s until it is noticed, an election, a recovery. */
const boundSec = 15;

describe('a master under sentinels', () => {
  let fleet: TestSentinels;
  let operator: Operator;
  let lines: Line[];
  let event: EventRef;
  let load: LossLoad;

  beforeAll(async () => {
    fleet = await startSentinels();
    operator = await openOperator(fleet.address);
    lines = await Promise.all([1, 2, 3].map(() => openLine(0, { redis: fleet.address })));
  }, 60_000);
  beforeEach(async () => {
    event = await eventually(() => operator.event(rate), { withinMs: 10_000 });
    load = new LossLoad(lines, event);
    load.start(joinsPerSec);
    await load.untilFlowing();
  });
  afterEach(() => load.stop());
  afterAll(async () => {
    await Promise.all((lines ?? []).map((line) => line.close()));
    operator?.close();
    await fleet?.stop();
  }, 60_000);

  /** Last number of the event's journal, as this server has it. */
  const lastOf = (server: TestRedis): Promise<string | null> => server.client().hget(event.keys.meta, 'n');

  it('loads its scripts by itself where they were forgotten, and nobody notices', async () => {
    const unavailable = () => load.refusals.get('join UNAVAILABLE');
    const before = unavailable();
    await (await fleet.master()).client().script('FLUSH');
    await load.untilFlowing();
    expect(unavailable()).toBe(before);
    await load.expectNothingLost(rate);
  });

  it('that is replaced while it serves (SENTINEL FAILOVER) loses nobody', async ({ annotate }) => {
    const left = await fleet.master();
    const sinceMs = performance.now();
    const next = await fleet.failOver();
    await load.expectGoingOn({ sinceMs, boundSec, tell: annotate });
    // It could still write for some seconds, as it is not told at once; nobody is there any more.
    const [there, here] = [await lastOf(left), Number(await lastOf(next))];
    await load.untilFlowing();
    expect(Number(await lastOf(next))).toBeGreaterThan(here);
    expect(await lastOf(left)).toBe(there);
    await load.expectNothingLost(rate);
  });

  it('that freezes is left, and gets nothing more when it comes back', async ({ annotate }) => {
    const frozen = await fleet.master();
    const sinceMs = performance.now();
    process.kill(frozen.pid, 'SIGSTOP');
    try {
      await fleet.untilOther(frozen);
      await load.expectGoingOn({ sinceMs, boundSec, tell: annotate });
    } finally {
      process.kill(frozen.pid, 'SIGCONT');
    }
    // For some seconds it still takes itself for the master, as it is not told at once.
    const n = await lastOf(frozen);
    await load.untilFlowing();
    const there = String(await frozen.client().client('LIST'));
    expect([await lastOf(frozen), /name=tacos-/.test(there)]).toEqual([n, false]);
    expect(await frozen.client().info('replication')).toContain('role:master');
    await load.expectNothingLost(rate);
  });

  it('that is killed is followed by another', async ({ annotate }) => {
    const killed = await fleet.master();
    const sinceMs = performance.now();
    await killed.kill();
    await fleet.untilOther(killed);
    await load.expectGoingOn({ sinceMs, boundSec, tell: annotate });
    await load.expectNothingLost(rate);
  });
});

/** A random run: a world with a replica behind, a crowd, and a timetable of faults played one act after the other. */
import { eventually } from '../helpers/eventually.ts';
import { pause } from '../helpers/fleet.ts';
import { failOver, restart, restartWithout } from './losses.ts';
import type { Scenario } from './scenario.ts';
import { type Act, actText, type GatewayFault, isLoss, makeTimetable } from './timetable.ts';
import type { World } from './world.ts';

/** No new fault in the last seconds of a run, ms. */
const quietMs = 8_000;
/** A connection that leads nowhere is given up after so long, ms: a report a second, 5 s of silence, and a new connection. */
const halfOpenMs = 8_000;
/** How long everything may take to be well again once nothing fails, ms. */
const wholeWithinMs = 120_000;

/** Of the people who come; fewer are let in, so that there is a line. */
const usualPercent = 70;

const refillOf = (arrivalsPerSec: number, percent: number): number =>
  Math.max(1, Math.round((arrivalsPerSec * percent) / 100));

export interface RandomRun {
  readonly scenario: Scenario;
  /** The timetable as text. */
  readonly timetable: readonly string[];
}

export function randomRun(seed: number, seconds: number, arrivalsPerSec = 30): RandomRun {
  const acts = makeTimetable(seed, seconds);
  const scenario: Scenario = {
    name: `random-${seed}`,
    row: 'random faults, one after the other and of several gateways at once',
    world: { replica: true, refillPerSec: refillOf(arrivalsPerSec, usualPercent), capacity: 25 },
    crowd: { arrivalsPerSec },
    beforeSec: 3,
    afterSec: 4,
    plan: (world) => play(world, acts, { forMs: seconds * 1000, arrivalsPerSec }),
  };
  return { scenario, timetable: acts.map(actText) };
}

interface Run {
  readonly forMs: number;
  readonly arrivalsPerSec: number;
}

async function play(world: World, acts: readonly Act[], run: Run): Promise<void> {
  const untilMs = performance.now() + run.forMs - quietMs;
  for (const act of acts) {
    await pause(act.gapMs);
    if (performance.now() > untilMs) break;
    await playAct(world, act, run);
  }
  await untilWhole(world);
}

/**
 * What is lost comes back from gateways that are alive and connected (docs/reliability.md, "What is not promised"). So a loss
 * begins, with the writes that it will lose, only when all gateways are well, and nothing else fails until it is put right.
 */
async function playAct(world: World, act: Act, { arrivalsPerSec }: Run): Promise<void> {
  if (isLoss(act)) {
    await untilWhole(world);
    await lose(world, act);
    await untilWhole(world);
    return;
  }
  switch (act.kind) {
    case 'gateways':
      await Promise.all(act.faults.map((fault) => breakGateway(world, fault)));
      return;
    case 'redis-stop':
      return stopRedis(world, act.forMs);
    case 'bucket':
      return world.change({
        refillPerSec: refillOf(arrivalsPerSec, act.refillPercent),
        capacity: act.capacity,
      });
    case 'pause':
      await world.change({ paused: true });
      await pause(act.forMs);
      await world.change({ paused: false });
  }
}

async function lose(world: World, { kind, lostMs }: Extract<Act, { lostMs: number }>): Promise<void> {
  switch (kind) {
    case 'redis-kill':
      return restart(world, lostMs);
    case 'aof-cut-twice':
      await restartWithout(world, lostMs);
      await restartWithout(world, lostMs / 4);
      return;
    case 'aof-cut':
      await restartWithout(world, lostMs);
      return;
    case 'failover':
      await failOver(world, lostMs);
      return;
    case 'wipe':
      await world.during('FLUSHALL', {}, () => world.redis.client().flushall());
  }
}

async function stopRedis(world: World, forMs: number): Promise<void> {
  await world.during(`Redis SIGSTOP for ${forMs} ms`, { without: world.names }, async () => {
    process.kill(world.redis.pid, 'SIGSTOP');
    await pause(forMs);
  });
  process.kill(world.redis.pid, 'SIGCONT');
}

/** Has one gateway fail, or its way to Redis, and puts it right. */
export async function breakGateway(
  world: World,
  { kind, gateway: index, forMs, amount }: GatewayFault,
): Promise<void> {
  const gateway = world.gateways[index];
  if (gateway === undefined) throw new Error(`there is no gateway ${index}`);
  const { name, proxy } = gateway;
  const note = `${name} ${kind}${amount > 0 ? ` ${amount}` : ''}`;
  switch (kind) {
    case 'kill':
      return world.during(note, { down: [name] }, async () => {
        await world.killGateway(gateway);
        await pause(forMs);
        await world.restartGateway(gateway);
      });
    case 'stop':
      return world.during(note, { down: [name] }, async () => {
        process.kill(gateway.program.pid, 'SIGSTOP');
        await pause(forMs);
        process.kill(gateway.program.pid, 'SIGCONT');
      });
    case 'cut':
      await world.during(note, { without: [name] }, async () => {
        proxy.cut();
        await pause(forMs);
      });
      return proxy.mend();
    case 'delay':
    case 'slow':
      await world.during(note, {}, async () => {
        if (kind === 'delay') proxy.delayMs = amount;
        else proxy.slow(amount);
        await pause(forMs);
      });
      proxy.delayMs = 0;
      return proxy.slow(undefined);
    case 'half-open':
      return world.during(note, {}, async () => {
        proxy.halfOpen();
        await pause(halfOpenMs);
      });
    case 'reset':
      return world.during(note, {}, async () => proxy.reset());
  }
}

/** Waits until every gateway serves and follows, the event is recovered, and a replica follows Redis. */
async function untilWhole(world: World): Promise<void> {
  await eventually(async () => (await world.isRecovered()) && (await world.areFollowing()), {
    withinMs: wholeWithinMs,
    everyMs: 100,
  });
  if (world.replica === world.redis) await world.addReplica();
  await eventually(() => world.isReplicaFollowing(), { withinMs: wholeWithinMs, everyMs: 100 });
}

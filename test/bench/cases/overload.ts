/**
 * What a gateway does with more than it can do, in rounds: the peak is the most that the whole crowd gets done, asking at
 * rising rates; at once after it, as a shared machine is not as fast in every minute, it asks at two or five times that, then
 * at half of it. Visitors do not keep to Retry-After, or do. Last two events, one flooded. The gateway has one core, the crowd
 * and Redis the other.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import type { Case } from '../lib/case.ts';
import { Child } from '../lib/child.ts';
import type { ByAsk, CrowdJob, CrowdReply, GatherJob, Stretch, StretchResult } from '../lib/crowd-jobs.ts';
import { type GatewayProcess, startGateway } from '../lib/gateway-process.ts';
import { Redis } from '../lib/rig.ts';
import { atLeast, atMost, median, type Row, reported, show } from '../lib/rows.ts';

/** A sale: most wait, some come, some go in. */
const mix: ByAsk = { join: 0.2, status: 0.78, enter: 0.02 };
const only = (ask: keyof ByAsk): ByAsk => ({ join: 0, status: 0, enter: 0, [ask]: 1 });
const deadlineMs = 2_000;

/** One gateway with its crowd. */
class Scene {
  readonly event: string;
  readonly redis: Redis;
  readonly gateway: GatewayProcess;
  readonly crowd: Child<CrowdJob, CrowdReply>;

  private constructor(redis: Redis, gateway: GatewayProcess, event: string) {
    this.redis = redis;
    this.gateway = gateway;
    this.event = event;
    this.crowd = new Child('crowd-process');
  }

  static async open(): Promise<Scene> {
    const redis = await Redis.start();
    const gateway = await startGateway(redis.server.port, {
      AUTH_ENTER_REQUIRED: 'false',
      TRUSTED_PROXIES: '192.0.2.1',
      // In force, but a few connections alone find the peak.
      RATE_LIMIT_IP_RPS: '1000000',
    });
    const scene = new Scene(redis, gateway, await redis.makeEvent(saleSettings));
    pin(gateway.pid, 0);
    for (const pid of [redis.server.pid, scene.crowd.pid]) pin(pid, 1);
    return scene;
  }

  gather(crowd: Omit<GatherJob, 'kind' | 'port'>): Promise<CrowdReply> {
    return this.crowd.ask({ kind: 'gather', port: this.gateway.port, ...crowd });
  }

  /** The stretches' results. */
  async run(stretches: readonly Stretch[], isPolite = false): Promise<readonly StretchResult[]> {
    const { port, pid: gateway } = this.gateway;
    const job = { kind: 'run', port, gateway, stretches, deadlineMs, isPolite } as const;
    const { stretches: results } = await this.crowd.ask(job);
    const wrong = results.flatMap(({ examples }) => examples);
    if (wrong.length > 0) throw new Error(`wrong answers, such as:\n${wrong.join('\n')}`);
    return results;
  }

  /** CPU of the gateway for one request of a kind, µs. */
  async costOf(ask: keyof ByAsk, sec: number): Promise<number> {
    const [result] = await this.run([{ event: this.event, sec, closed: 32, mix: only(ask) }]);
    const { done, gatewayMs } = result as StretchResult;
    return (gatewayMs * 1000) / done[ask];
  }

  /** What 128 connections that ask again at once get done, a second. */
  async fewPerSec(): Promise<number> {
    const [few] = await this.run([{ event: this.event, sec: 2, closed: 128, mix }]);
    return countOf((few as StretchResult).done) / 2;
  }

  async stop(): Promise<void> {
    await this.crowd.stop();
    await this.gateway.stop();
    await this.redis.stop();
  }
}

/** People enter as fast as they ask: those in front always may. */
const saleSettings = { refillPerSec: 5_000, capacity: 1_000_000, window: 2_000 } as const;

/** Keeps a process to one core, where there are two and a tool for it. */
function pin(pid: number, core: number): void {
  if (cpus().length > core && cpus().length > 1) spawnSync('taskset', ['-apc', String(core), String(pid)]);
}

export const overload: Case = {
  name: 'overload',
  async run({ short, say }) {
    const rows: Row[] = [];
    const scene = await Scene.open();
    try {
      const { event } = scene;
      say('the crowd comes');
      await scene.gather({ event, visitors: short ? 5_000 : 10_000, enterers: short ? 40_000 : 200_000 });
      rows.push(...(await underLoad(scene, { short, say })));
      rows.push(...(await fairness(scene, { short, say })));
    } finally {
      await scene.stop();
    }
    return rows;
  },
};

interface Watched {
  readonly short: boolean;
  readonly say: (progress: string) => void;
}

/** Work in polls: a mix with fewer enters is not as much done. */
const workOf = (done: Readonly<ByAsk>, costs: Readonly<ByAsk>): number =>
  (done.join * costs.join + done.status * costs.status + done.enter * costs.enter) / costs.status;

const percentOf = (ms: number, sec: number): string => `${Math.round(ms / sec / 10)} %`;

const countOf = ({ join, status, enter }: Readonly<ByAsk>): number => join + status + enter;

/** What the crowd got done at its best. */
interface Peak {
  /** Polls a second, or what costs as much. */
  readonly work: number;
  /** The same for each second of the gateway's CPU. */
  readonly workPerCpuSec: number;
  readonly perSec: number;
  /** Of the 128 connections that it was looked for with. */
  readonly fewPerSec: number;
}

/** One overload, beside the peak before it. */
interface Round {
  readonly peak: Peak;
  readonly work: number;
  readonly workPerCpuSec: number;
  readonly high: StretchResult;
  readonly normalAfterSec: number;
}

/** The most that the whole crowd gets done now. */
async function findPeak(scene: Scene, costs: ByAsk, { short, say }: Watched): Promise<Peak> {
  const { event } = scene;
  const fewPerSec = await scene.fewPerSec();
  let best: Peak = { work: 0, workPerCpuSec: 0, perSec: 0, fewPerSec };
  for (let share = 0.8; share <= 1.3; share += 0.1) {
    const offered = { event, sec: short ? 2 : 3, perSec: fewPerSec * share, mix };
    const [result] = await scene.run([offered], true);
    const { done, gatewayMs, sec } = result as StretchResult;
    const perSec = countOf(done) / sec;
    say(
      `${show(Math.round(offered.perSec))}/s asked: ${show(Math.round(perSec))}/s; gateway ${percentOf(gatewayMs, sec)} of a core`,
    );
    const all = workOf(done, costs);
    if (all / sec > best.work)
      best = { work: all / sec, workPerCpuSec: (all * 1000) / gatewayMs, perSec, fewPerSec };
    if (perSec < 0.95 * offered.perSec) break;
  }
  return best;
}

async function overloaded(
  scene: Scene,
  { costs, factor, isPolite }: { costs: ByAsk; factor: number; isPolite: boolean },
  watched: Watched,
): Promise<Round> {
  const { event } = scene;
  const { short, say } = watched;
  const peak = await findPeak(scene, costs, watched);
  const offered = [
    { event, sec: short ? 4 : 10, perSec: peak.perSec * factor, mix },
    { event, sec: short ? 4 : 12, perSec: peak.perSec / 2, mix },
  ];
  const [high, low] = (await scene.run(offered, isPolite)) as [StretchResult, StretchResult];
  const all = workOf(high.done, costs);
  const normalAfterSec = recoveredSec(low, peak.perSec / 2);
  const round = {
    peak,
    work: all / high.sec,
    workPerCpuSec: (all * 1000) / high.gatewayMs,
    high,
    normalAfterSec,
  };
  say(
    `${factor}×: ${show(percentOfPeak(round))} % of the peak, gateway ${percentOf(high.gatewayMs, high.sec)} of a core; normal ${normalAfterSec} s after it`,
  );
  return round;
}

const percentOfPeak = ({ work, peak }: Round): number => (work / peak.work) * 100;

async function underLoad(scene: Scene, watched: Watched): Promise<Row[]> {
  const { event } = scene;
  await scene.run([{ event, sec: 3, closed: 64, mix }]);
  const costs = { join: 0, status: 0, enter: 0 };
  for (const ask of ['status', 'join', 'enter'] as const) costs[ask] = await scene.costOf(ask, 2);
  const peaks: Peak[] = [];
  const rows: Row[] = [];
  for (const isPolite of [true, false]) {
    for (const factor of [2, 5]) {
      const rounds: Round[] = [];
      // Only the promised figures are worth the time of five.
      const count = isPolite && !watched.short ? 5 : 1;
      while (rounds.length < count)
        rounds.push(await overloaded(scene, { costs, factor, isPolite }, watched));
      peaks.push(...rounds.map(({ peak }) => peak));
      rows.push(...loadRows(rounds, factor, isPolite));
    }
  }
  const perSec = peaks.map((peak) => peak.perSec);
  const from = (figures: readonly number[]): string =>
    `${show(Math.round(Math.min(...figures)))} to ${show(Math.round(Math.max(...figures)))}/s`;
  return [
    reported('CPU of the gateway: poll, join, enter', {
      figure: costs.status,
      unit: 'µs',
      detail: `${show(costs.join)}, ${show(costs.enter)} µs`,
    }),
    reported('peak, the whole crowd, median of all rounds', {
      figure: median(perSec),
      unit: '/s',
      detail: `${from(perSec)}; polls 78, joins 20, enters 2 %; 128 connections alone ${from(peaks.map((peak) => peak.fewPerSec))}`,
    }),
    ...rows,
  ];
}

/** Of all rounds together: a figure of one has the noise of two short stretches. */
function loadRows(rounds: readonly Round[], factor: number, isPolite: boolean): Row[] {
  const sumOf = (figure: (round: Round) => number): number =>
    rounds.reduce((sum, round) => sum + figure(round), 0);
  const middleOf = (figure: (high: StretchResult) => number): string =>
    show(median(rounds.map(({ high }) => figure(high))));
  const per = (count: (high: StretchResult) => number): string =>
    show(Math.round(sumOf(({ high }) => count(high)) / sumOf(({ high }) => high.sec)));
  const each = rounds.map((round) => show(Math.round(percentOfPeak(round)))).join(', ');
  const measured = {
    figure: (sumOf(({ work }) => work) / sumOf(({ peak }) => peak.work)) * 100,
    unit: '% of peak',
    detail:
      `rounds ${each} %; ${per(({ done }) => countOf(done))}/s good (joins ${per(({ done }) => done.join)}, ` +
      `polls ${per(({ done }) => done.status)}, enters ${per(({ done }) => done.enter)}), ` +
      `${per(({ refused }) => countOf(refused))}/s refused, ${per(({ late }) => late)}/s late, ` +
      `${per(({ failed }) => failed)}/s failed, of ${per(({ offered }) => offered)}/s`,
  };
  const what = `${factor}× the peak, visitors who ${isPolite ? 'keep to Retry-After' : 'ask on'}: goodput`;
  return [
    isPolite ? atLeast(what, 90, measured) : reported(what, measured),
    reported('… the same for each second of CPU', {
      figure: (sumOf((round) => round.workPerCpuSec) / sumOf(({ peak }) => peak.workPerCpuSec)) * 100,
      unit: '% of peak',
    }),
    reported('… p99 of admitted, median of the rounds', {
      figure: median(rounds.map(({ high }) => high.p99Ms)),
      unit: 'ms',
      detail:
        `p50 ${middleOf(({ p50Ms }) => p50Ms)}; refusals p50 ${middleOf(({ refusedP50Ms }) => refusedP50Ms)}, ` +
        `p99 ${middleOf(({ refusedP99Ms }) => refusedP99Ms)} ms, Retry-After up to ${Math.max(...rounds.map(({ high }) => high.retryMaxSec))} s`,
    }),
    atMost('… then half the peak: normal after', 10, {
      figure: Math.max(...rounds.map((round) => round.normalAfterSec)),
      unit: 's',
      detail: 'in the slowest round',
    }),
  ];
}

/** From then on no second with less than 95 % of what was asked, or with a refusal. */
function recoveredSec({ tenths, refusedTenths, sec }: StretchResult, perSec: number): number {
  for (let second = Math.floor(sec) - 1; second >= 0; second -= 1) {
    const sum = (from: readonly number[]): number =>
      from.slice(second * 10, second * 10 + 10).reduce((a, b) => a + b, 0);
    if (sum(refusedTenths) > 0 || sum(tenths) < 0.95 * perSec) return second + 1;
  }
  return 0;
}

async function fairness(scene: Scene, { short, say }: Watched): Promise<Row[]> {
  const { event } = scene;
  const sec = short ? 4 : 10;
  const peak = await scene.fewPerSec();
  const other = await scene.redis.makeEvent(saleSettings);
  await scene.gather({ event: other, visitors: 5_000, enterers: short ? 2_000 : 10_000 });
  const small = { event: other, sec, perSec: peak / 10, mix };
  say('the small event alone');
  const [alone] = (await scene.run([small])) as [StretchResult];
  say('beside one at five times the peak');
  const both = [{ event, sec, perSec: peak * 5, mix }, small];
  const [hot, beside] = (await scene.run(both)) as [StretchResult, StretchResult];
  const percent = (countOf(beside.good) / countOf(alone.good)) * 100;
  return [
    atLeast('an event at a tenth of the peak, beside one at 5 times the peak: goodput', 80, {
      figure: percent,
      unit: '% of alone',
      detail: `${show(Math.round(countOf(beside.good) / sec))}/s, ${countOf(beside.refused)} refused, ${beside.late} late; hot one ${show(Math.round(countOf(hot.good) / sec))}/s`,
    }),
    reported('… its p99', {
      figure: beside.p99Ms,
      unit: 'ms',
      detail: `alone ${show(alone.p99Ms)}; p50 ${show(beside.p50Ms)}, alone ${show(alone.p50Ms)} ms`,
    }),
  ];
}

/** What the soak measures: of each process each second, and all of it once an hour when that hour's event is gone. */
import { readdirSync } from 'node:fs';
import { pause } from '../../helpers/fleet.ts';
import { tokenOf } from '../../helpers/office.ts';
import { residentBytes } from '../lib/proc-usage.ts';
import { type Course, middle } from './verdict.ts';
import type { World } from './world.ts';

interface Measured {
  readonly what: string;
  readonly pid: number;
  /** Of its /metrics; empty for Redis. */
  readonly metrics: string;
}

const sampleMs = 1_000;
/** A full collection of a heap of some hundred MB takes less. */
const collectMs = 1_500;
const mega = 1e6;
/** Marks of deleted events live a day by design, one an event: the only keys of an event that is gone. */
const markPattern = /^tacos:\{evt_soak_\d+\}:mark$/;
/** V8 sizes the halves of its young generation by the load of the moment, up to 16 MB each, and gives them back late. */
const youngMb = 2 * 16;
/** Keys without an end that belong to no event: the sets of events and watchers, the budget, and such. */
const keysSlack = 3;

/** Levels by course, an hour each, and the courses' other facts. */
export class Samples {
  private readonly world: World;
  private readonly measured: readonly Measured[];
  private readonly courses = new Map<string, Course & { levels: number[] }>();
  private resident: Map<string, number[]> = new Map();
  private readonly timer: NodeJS.Timeout;
  /** Most keys seen, so that a soak of nothing is none. */
  keysMax = 0;

  constructor(world: World) {
    this.world = world;
    const { office } = world;
    const gateways = office.gateways.map(({ pid, url }, at) => ({
      what: `gateway ${at + 1}`,
      pid,
      metrics: `${url}/metrics`,
    }));
    const admins = office.admins.map(({ pid, url }) => ({ what: 'admin', pid, metrics: `${url}/metrics` }));
    this.measured = [...gateways, ...admins, { what: 'redis', pid: office.redis.pid, metrics: '' }];
    this.timer = setInterval(() => this.sample(), sampleMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The courses so far. */
  all(): Course[] {
    return [...this.courses.values()];
  }

  /** Takes the hour's levels: the middle of its seconds, and what is held once everything has been collected. */
  async hour(): Promise<void> {
    for (const { what, pid } of this.measured) {
      const seconds = this.resident.get(what) ?? [];
      const how = { unit: 'MB', share: 0.05, slack: what === 'redis' ? 1 : youngMb };
      this.add(`${what}, resident at least`, how, Math.min(...seconds) / mega);
      const most = { unit: 'MB', share: 0, slack: Number.POSITIVE_INFINITY };
      this.add(`${what}, resident, middle`, most, middle(seconds) / mega);
      if (what !== 'redis') process.kill(pid, 'SIGUSR2');
    }
    this.resident = new Map();
    await pause(collectMs);
    for (const one of this.measured) {
      if (one.metrics !== '') await this.held(one);
      this.add(`${one.what}, open files`, { unit: 'files', share: 0.05, slack: 5 }, filesOf(one.pid));
    }
    await this.redis();
  }

  private sample(): void {
    for (const { what, pid } of this.measured) {
      const seconds = this.resident.get(what) ?? [];
      seconds.push(residentBytes(pid));
      this.resident.set(what, seconds);
    }
    void this.world.office.look.dbsize().then((keys) => {
      this.keysMax = Math.max(this.keysMax, keys);
    });
  }

  private add(what: string, how: Pick<Course, 'unit' | 'share' | 'slack'>, level: number): void {
    const course = this.courses.get(what) ?? { what, ...how, levels: [] };
    course.levels.push(level);
    this.courses.set(what, course);
  }

  private async held({ what, metrics }: Measured): Promise<void> {
    const answer = await fetch(metrics, { headers: { authorization: `Bearer ${tokenOf('ada')}` } });
    const text = await answer.text();
    const figure = (name: string): number =>
      Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
    const held = figure('nodejs_heap_size_used_bytes') + figure('nodejs_external_memory_bytes');
    this.add(`${what}, held`, { unit: 'MB', share: 0.05, slack: 0 }, held / mega);
    this.add(
      `${what}, handles`,
      { unit: 'handles', share: 0.05, slack: 5 },
      figure('nodejs_active_handles_total'),
    );
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    this.add(`${what}, time series`, { unit: 'series', share: 0.05, slack: 10 }, lines);
  }

  private async redis(): Promise<void> {
    const { look } = this.world.office;
    const [memory, clients, kinds] = [
      await look.info('memory'),
      await look.info('clients'),
      await this.kinds(),
    ];
    const of = (text: string, name: string): number =>
      Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1]);
    const trail = Number(await look.memory('USAGE', 'tacos:{tacos}:audit', 'SAMPLES', 0));
    const used = of(memory, 'used_memory') - of(memory, 'mem_clients_normal') - trail - kinds.endingBytes;
    this.add('redis, data without what ends by itself', { unit: 'MB', share: 0.05, slack: 0.2 }, used / mega);
    // Answers to Idempotency-Keys, used passes, limits: as many as people were there in the last 300 s.
    const ending = { unit: 'keys', share: 0, slack: Number.POSITIVE_INFINITY };
    this.add('redis, keys that end by themselves', ending, kinds.ending);
    this.add('redis, longest they have left', { unit: 's', share: 0, slack: 5 }, kinds.longestSec);
    this.add('redis, audit trail', { unit: 'MB', share: 0, slack: Number.POSITIVE_INFINITY }, trail / mega);
    this.add('redis, connections', { unit: 'clients', share: 0, slack: 5 }, of(clients, 'connected_clients'));
    this.add('redis, keys without an end', { unit: 'keys', share: 0.05, slack: keysSlack }, kinds.staying);
    this.add('redis, keys of events gone', { unit: 'keys', share: 0, slack: 0 }, kinds.gone);
    const fields = await Promise.all(
      ['budget', 'audit-seen', 'watchers', 'alarms-told'].map((name) => look.hlen(`tacos:{tacos}:${name}`)),
    );
    const all = fields.reduce((sum, each) => sum + each, 0) + (await look.scard('tacos:events'));
    this.add('redis, fields beside events', { unit: 'fields', share: 0, slack: 3 }, all);
  }

  /** Keys by whose they are and whether they end by themselves; marks of deleted events are left out. */
  private async kinds(): Promise<Kinds> {
    const { look } = this.world.office;
    const alive = new Set(await look.smembers('tacos:events'));
    const kinds = { gone: 0, staying: 0, ending: 0, endingBytes: 0, longestSec: 0 };
    for await (const found of look.scanStream({ count: 1_000 })) {
      const keys = (found as string[]).filter((key) => !markPattern.test(key));
      const asked = keys.flatMap((key) => [
        ['ttl', key],
        ['memory', 'USAGE', key],
      ]);
      const replies = (await look.pipeline(asked).exec()) ?? [];
      for (const [at, key] of keys.entries()) {
        const [ttl, bytes] = [Number(replies[2 * at]?.[1]), Number(replies[2 * at + 1]?.[1])];
        const event = /^tacos:\{(evt_soak_\d+)\}/.exec(key)?.[1];
        if (event !== undefined && !alive.has(event)) kinds.gone += 1;
        else if (ttl === -1) kinds.staying += 1;
        else if (ttl > 0) {
          kinds.ending += 1;
          kinds.endingBytes += bytes;
          kinds.longestSec = Math.max(kinds.longestSec, ttl);
        }
      }
    }
    return kinds;
  }
}

interface Kinds {
  readonly gone: number;
  readonly staying: number;
  readonly ending: number;
  readonly endingBytes: number;
  readonly longestSec: number;
}

const filesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

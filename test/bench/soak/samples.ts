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
/** V8 sizes the two halves of its young generation by the load of the moment, 16 MB each, and gives them back late. */
const semiSpaceMb = 16;
/** What the last people did is kept beside what is counted: up to so many keys more or less. */
const keysSlack = 100;

/** Levels by course, an hour each, and the courses' other facts. */
export class Samples {
  private readonly world: World;
  private readonly measured: readonly Measured[];
  private readonly courses = new Map<string, Course & { levels: number[] }>();
  private resident: Map<string, number[]> = new Map();
  private readonly timer: NodeJS.Timeout;
  /** Most keys and people seen, so that a soak of nothing is none. */
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
      const how = { unit: 'MB', share: 0.05, slack: what === 'redis' ? 1 : semiSpaceMb };
      this.add(`${what}, resident at least`, how, Math.min(...seconds) / mega);
      this.add(`${what}, resident`, { ...how, slack: 3 * semiSpaceMb }, middle(seconds) / mega);
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
    const used = of(memory, 'used_memory') - of(memory, 'mem_clients_normal') - trail;
    this.add('redis, data', { unit: 'MB', share: 0.05, slack: 0.2 }, used / mega);
    this.add('redis, audit trail', { unit: 'MB', share: 0, slack: Number.POSITIVE_INFINITY }, trail / mega);
    this.add('redis, connections', { unit: 'clients', share: 0, slack: 5 }, of(clients, 'connected_clients'));
    this.add('redis, keys', { unit: 'keys', share: 0.05, slack: keysSlack }, kinds.others);
    this.add('redis, keys of events gone', { unit: 'keys', share: 0, slack: 0 }, kinds.gone);
    const fields = await Promise.all(
      ['budget', 'audit-seen', 'watchers', 'alarms-told'].map((name) => look.hlen(`tacos:{tacos}:${name}`)),
    );
    const all = fields.reduce((sum, each) => sum + each, 0) + (await look.scard('tacos:events'));
    this.add('redis, fields beside events', { unit: 'fields', share: 0, slack: 3 }, all);
  }

  /** Keys by whose they are; marks of deleted events are none of both. */
  private async kinds(): Promise<{ gone: number; others: number }> {
    const { look } = this.world.office;
    const alive = new Set(await look.smembers('tacos:events'));
    const kinds = { gone: 0, others: 0 };
    for await (const keys of look.scanStream({ count: 1_000 })) {
      for (const key of keys as string[]) {
        if (markPattern.test(key)) continue;
        const event = /^tacos:\{(evt_soak_\d+)\}/.exec(key)?.[1];
        if (event !== undefined && !alive.has(event)) kinds.gone += 1;
        else kinds.others += 1;
      }
    }
    return kinds;
  }
}

const filesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

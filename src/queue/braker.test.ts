import { describe, expect, it } from 'vitest';
import { idleFigures } from '../../test/helpers/idle-figures.ts';
import { type BrakePolicy, formatBackends } from './brake.ts';
import { Braker, type BrakerOptions, brakeHoldMs, brakeLeadMs } from './braker.ts';
import { brakeAt } from './bucket.ts';
import { Flow } from './flow.ts';
import type { Replica } from './replica.ts';
import { formatFigures } from './report-figures.ts';
import { type EventSettings, parseSettings } from './settings.ts';

const t0 = 1_800_000_000_000;
const policy: BrakePolicy = { mode: 'on', floorPercent: 20, latencyMs: 300, errorPercent: 5 };

interface Record {
  readonly summary: string;
  readonly rows: readonly { readonly before: number; readonly after: number }[];
}

/** An event whose Redis is a few fields, and the braker of the worker that sweeps it. */
function stage(change: Partial<BrakePolicy> = {}) {
  let nowMs = t0;
  let slow = 0;
  let word: 'set' | 'held' | 'early' = 'set';
  let isIdle = false;
  const meta: { [name: string]: string } = { phase: 'open', refill: '10000000 0 10000000 0 0 10000000' };
  const steps: number[] = [];
  const audit: Record[] = [];
  const notes = new Set<string>();
  const settings = (): EventSettings => parseSettings(meta);
  const store: BrakerOptions['store'] = {
    reports: async () => {
      const bk = formatBackends([
        { backend: 'payment', calls: 50, slow, failed: 0, p95Ms: slow > 0 ? 900 : 80 },
      ]);
      return {
        'g/w1': `${nowMs} 1 g ${formatFigures({ ...idleFigures, bm: 'on', bk })}`,
        'g/w2': `${nowMs - 60_000} 1 g`,
      };
    },
    setBrake: async (_, { permille, leadMs, forMs, why, audit: record }) => {
      if (word !== 'set') return word;
      steps.push(permille);
      const before = brakeAt(settings(), nowMs);
      const begins = nowMs + leadMs;
      const since = before < 1_000 && Number(meta.brakeSince) > 0 ? meta.brakeSince : String(nowMs);
      meta.brake =
        permille === 1_000
          ? `${before} 0 ${before} 0 ${begins} 1000`
          : `${before} ${begins} ${permille} ${begins} ${nowMs + forMs} 1000`;
      meta.brakeSince = permille === 1_000 ? '0' : (since ?? '0');
      meta.brakeWhy = why;
      if (record !== '') audit.push(JSON.parse(record) as Record);
      return 'set';
    },
    noteAudit: async (_, { noteId, record }) => {
      notes.add(noteId);
      audit.push(JSON.parse(record) as Record);
      return true;
    },
  };
  const served: BrakerOptions['served'] = {
    ref: { id: 'evt_x', keys: {} as never, incarnation: 'i' },
    get settings() {
      return settings();
    },
    replica: { flow: new Flow() } as unknown as Replica,
    get isIdle() {
      return isIdle;
    },
    phase: () => 'open',
    nowMs: () => nowMs,
  };
  const newBraker = (more: Partial<BrakePolicy> = {}): Braker =>
    new Braker({ served, store, worker: 'g/w1', policy: { ...policy, ...change, ...more } });
  let braker = newBraker();
  return {
    steps,
    audit,
    notes,
    meta,
    get braker() {
      return braker;
    },
    ratio: () => brakeAt(settings(), nowMs) / 1_000,
    sick: (is = true) => {
      slow = is ? 20 : 0;
    },
    answer: (is: typeof word) => {
      word = is;
    },
    idle: () => {
      isIdle = true;
    },
    restart: (more: Partial<BrakePolicy> = {}) => {
      braker = newBraker(more);
    },
    skip: (sec: number) => {
      nowMs += sec * 1000;
    },
    /** Two looks a second, as the sweeper's. */
    async run(sec: number) {
      for (let i = 0; i < sec * 2; i += 1) {
        nowMs += 500;
        await braker.decide();
      }
    },
  };
}

describe('the brake of an event', () => {
  it('is in force within seconds of an overload, goes to the floor, and back once it is over', async () => {
    const event = stage();
    await event.run(5);
    expect(event.steps).toEqual([]);
    event.sick();
    await event.run(4);
    expect(event.ratio()).toBeLessThanOrEqual(0.7);
    await event.run(20);
    expect(event.ratio()).toBe(0.2);
    expect(event.braker.wanted).toBe(0.2);
    expect(Math.min(...event.steps)).toBe(200);
    event.sick(false);
    await event.run(100);
    expect(event.ratio()).toBe(1);
    expect(event.meta.brakeSince).toBe('0');
  });

  it('is noted when it begins, at its floor and at its end, not at every step', async () => {
    const event = stage();
    event.sick();
    await event.run(60);
    event.sick(false);
    await event.run(110);
    expect(event.audit.map(({ summary }) => summary)).toEqual([
      'brakes to 70 % of the refill: payment p95 900 ms',
      'brakes to its floor, 20 % of the refill: payment p95 900 ms',
      'the brake is off again',
    ]);
    expect(event.audit.map(({ rows }) => rows[0])).toMatchObject([
      { before: 100, after: 70 },
      { before: 24, after: 20 },
      { before: 90, after: 100 },
    ]);
  });

  it('is renewed while it holds, and over by itself where nobody does', async () => {
    const event = stage();
    event.sick();
    await event.run(120);
    expect(event.ratio()).toBe(0.2);
    event.skip(brakeHoldMs / 1000 + 1);
    expect(event.ratio()).toBe(1);
    event.sick(false);
    event.restart();
    await event.run(2);
    expect(event.meta.brakeSince).toBe('0');
    expect(event.audit.at(-1)?.summary).toBe('the brake ran out, nobody renewed it');
  });

  it('goes on from where it stands at a worker that takes the lease over', async () => {
    const event = stage();
    event.sick();
    await event.run(30);
    event.restart();
    await event.run(2);
    expect(event.ratio()).toBe(0.2);
    event.sick(false);
    await event.run(90 + brakeLeadMs / 1000);
    expect(event.ratio()).toBe(1);
    expect(event.audit).toHaveLength(3);
  });

  it('leaves a brake ended that a worker takes over in the moment before the end is in force', async () => {
    const event = stage();
    event.sick();
    await event.run(8);
    event.sick(false);
    while (event.steps.at(-1) !== 1_000) await event.run(0.5);
    const steps = event.steps.length;
    event.restart();
    await event.run(30);
    expect(event.steps).toHaveLength(steps);
    expect(event.ratio()).toBe(1);
  });

  it('tries a step again that could not be made, and counts none that was not', async () => {
    const event = stage();
    event.sick();
    event.answer('early');
    await event.run(10);
    expect(event.braker.wanted).toBe(1);
    event.answer('set');
    await event.run(1);
    expect(event.steps).toEqual([700]);
  });

  it('only says what it would do in shadow mode, and notes it once an episode', async () => {
    const event = stage({ mode: 'shadow' });
    event.sick();
    await event.run(30);
    expect(event.steps).toEqual([]);
    expect(event.ratio()).toBe(1);
    expect(event.braker.wanted).toBe(0.2);
    expect(event.braker.words().bm).toBe('shadow');
    expect(event.braker.words().bd).toMatch(/^200 \d+ payment:latency:900$/);
    expect(event.audit.map(({ summary }) => summary)).toEqual([
      'would brake: payment p95 900 ms (shadow mode, nothing is changed)',
    ]);
    event.sick(false);
    await event.run(100);
    expect(event.braker.words().bd).toMatch(/^1000 0 /);
    event.sick();
    await event.run(3);
    expect(event.notes.size).toBe(2);
  });

  it('does nothing while it is off, but ends what another one left', async () => {
    const event = stage();
    event.sick();
    await event.run(30);
    event.restart({ mode: 'off' });
    await event.run(1 + brakeLeadMs / 1000);
    expect(event.ratio()).toBe(1);
    expect(event.audit.at(-1)?.summary).toBe('the brake was switched off');
    const count = event.steps.length;
    await event.run(60);
    expect(event.steps).toHaveLength(count);
    expect(event.braker.wanted).toBeUndefined();
    expect(event.braker.words()).toEqual({ bm: '', bd: '' });
  });

  it('leaves an event alone that lets nobody in', async () => {
    const event = stage();
    event.idle();
    event.sick();
    await event.run(20);
    expect(event.steps).toEqual([]);
  });
});

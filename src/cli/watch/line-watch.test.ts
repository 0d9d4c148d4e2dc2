import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { FakeMachine } from '../testing/fake-runtime.ts';
import { auditOf, overviewOf, refillChange, snapshotOf } from '../testing/views.ts';
import { Feed } from './feed.ts';
import { lineHeader, lineRow, overviewHeader } from './line-row.ts';
import { watchLines } from './line-watch.ts';
import type { Link } from './link.ts';

const nowMs = Date.parse('2026-11-21T05:03:21Z');
const live: Link = { word: 'live', ageSec: 0.1, serverAgeSec: 0.1 };

describe('a row', () => {
  it('stands below its header', () => {
    const row = lineRow(snapshotOf(), live, nowMs);
    expect(`${lineHeader}\n${row}`).toBe(
      [
        'TIME          STATE      WAITING  ADMIT/S  TOKENS     REFILL  REDIS%  ETA_TAIL  CONF  LINK',
        '14:03:21 KST  open         18234     48.7  212/500      50.0      41      411s  1.00  live',
      ].join('\n'),
    );
  });

  it('shows pause before phase, - for no data, and a note behind the link', () => {
    const snapshot = snapshotOf({
      paused: true,
      redis: { ...snapshotOf().redis, cpuPercent: null },
    });
    const row = lineRow(snapshot, { ...live, word: 'stale' }, nowMs, 'change \u001b[2J by mina');
    expect(row).toMatch(/ paused .* - {6}411s {2}1\.00 {2}stale {3}change \[2J by mina$/);
  });
});

describe('queue watch outside of a terminal', () => {
  let machine: FakeMachine;
  beforeEach(() => {
    machine = new FakeMachine();
  });
  afterEach(() => machine.remove());

  /** A stream of snapshots, one every 20 ms; then it stays open. */
  const says = (...changes: Partial<QueueSnapshot>[]) => {
    machine.api.streams = [
      async function* (signal) {
        for (const [at, change] of changes.entries()) {
          yield { kind: 'snapshot', id: String(at), snapshot: snapshotOf({ seq: at, ...change }) };
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    ];
  };
  const watch = (...flags: string[]) => machine.run('queue', 'watch', 'evt_x', ...flags);

  it('prints a row at once for a change of state or bucket, none for the rest, and ends at --until', async () => {
    says(
      {},
      { waiting: 18_000 },
      { waiting: 17_990, changes: [refillChange] },
      { paused: true, changes: [refillChange] },
      { waiting: 0, paused: true, changes: [refillChange] },
    );
    const { code, stdout, stderr } = await watch('--until', 'waiting==0', '--timeout', '5s');
    expect([code, stderr]).toEqual([0, '']);
    const rows = stdout.trimEnd().split('\n');
    expect(rows[0]).toBe(lineHeader);
    expect(rows.slice(1).map((row) => row.split(/ +/).slice(2, 4).join(' '))).toEqual([
      'open 18234',
      'open 17990',
      'paused 18234',
      'paused 0',
    ]);
    expect(rows[2]).toMatch(/live {3}change aud_7R0D refill 50->80 mina$/);
  });

  it('prints a row per interval otherwise', async () => {
    says({}, { waiting: 18_000 });
    const { code, stdout } = await watch('--interval', '250ms', '--timeout', '900ms', '--no-headers');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').length).toBeGreaterThanOrEqual(3);
    expect(stdout).not.toContain('TIME');
  });

  it('prints one object per line as jsonl', async () => {
    says({}, { phase: 'draining' });
    const { stdout } = await watch('-o', 'jsonl', '--until', 'phase==draining');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ kind, phase }) => `${kind} ${phase}`)).toEqual([
      'QueueSnapshot open',
      'QueueSnapshot draining',
    ]);
  });

  it('prints only the --fields of each object as jsonl, and does not know others', async () => {
    says({}, { phase: 'draining' });
    const { stdout } = await watch(
      '-o',
      'jsonl',
      '--fields',
      'phase,bucket.tokens',
      '--until',
      'phase==draining',
    );
    const { tokens } = snapshotOf().bucket;
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { phase: 'open', bucket: { tokens } },
      { phase: 'draining', bucket: { tokens } },
    ]);
    const once = await watch('--once', '-o', 'jsonl', '--fields', 'event');
    expect(JSON.parse(once.stdout)).toEqual({ event: snapshotOf().event });
    expect(await watch('-o', 'jsonl', '--fields', 'phases')).toMatchObject({ code: 2, stdout: '' });
  });

  it('is exit 8 when --until was not reached in time', async () => {
    says({});
    const { code, stderr } = await watch('--until', 'waiting==0', '--timeout', '100ms');
    expect(code).toBe(8);
    expect(stderr).toContain('--until was not reached within 0.1 s');
  });

  it('is exit 7 when the data is older than --max-stale', async () => {
    says({ ageSec: 3 });
    const { code, stderr } = await watch('--max-stale', '2s');
    expect(code).toBe(7);
    expect(stderr).toContain('more than --max-stale 2s');
  });

  it('ends with the code of the signal, and with 0 when its reader goes', async () => {
    for (const [signal, expected] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['EPIPE', 0],
    ] as const) {
      says({});
      const running = watch();
      await vi.waitFor(() => expect(machine.api.resumedFrom.length).toBeGreaterThan(0));
      machine.signal(signal);
      expect((await running).code).toBe(expected);
      machine.api.resumedFrom.length = 0;
    }
  });

  it('looks once with --once', async () => {
    expect((await watch('--once')).stdout.split('\n')).toHaveLength(3);
    expect(JSON.parse((await watch('--once', '-o', 'jsonl')).stdout)).toEqual(snapshotOf());
    expect(JSON.parse((await watch('--once', '-o', 'json')).stdout).item).toEqual(snapshotOf());
    machine.api.snapshotNow = snapshotOf({ ageSec: 9 });
    expect((await watch('--once', '--max-stale', '5s')).code).toBe(7);
  });
});

describe('queue watch after a break', () => {
  it('prints every change that was made meanwhile, each as a row of its own', async () => {
    const machine = new FakeMachine();
    const all = Array.from({ length: 20 }, (_, at) => auditOf({ auditId: `aud_${20 - at}` }));
    machine.api.auditNow = all;
    machine.api.streams = [
      async function* () {
        yield { kind: 'snapshot', id: '1', snapshot: snapshotOf({ changes: all.slice(17) }) };
      },
      async function* (signal) {
        yield { kind: 'snapshot', id: '9', snapshot: snapshotOf({ changes: all.slice(0, 8), waiting: 0 }) };
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    ];
    const { stdout } = await machine.run('queue', 'watch', 'evt_x', '--until', 'waiting==0');
    machine.remove();
    const changed = [...stdout.matchAll(/change (aud_\d+)/g)].map(([, id]) => id);
    expect(changed).toEqual(Array.from({ length: 17 }, (_, at) => `aud_${4 + at}`));
  });
});

describe('line mode in words', () => {
  it('speaks of states and changes, and every half minute otherwise', async () => {
    vi.useFakeTimers();
    const api = new FakeApi();
    const stop = new AbortController();
    api.streams = [
      async function* (signal) {
        yield { kind: 'snapshot', id: '1', snapshot: snapshotOf() };
        yield { kind: 'snapshot', id: '2', snapshot: snapshotOf({ waiting: 18_100 }) };
        yield { kind: 'snapshot', id: '3', snapshot: snapshotOf({ paused: true, changes: [refillChange] }) };
        while (!signal.aborted) {
          await new Promise((resolve) => setTimeout(resolve, 2_000));
          yield { kind: 'heartbeat', heartbeat: { ageSec: 0, seq: 3 } };
        }
      },
    ];
    const clock = { now: Date.now, monotonic: () => performance.now() };
    const said: string[] = [];
    const feed = new Feed({ api, event: 'evt_x', clock, signal: stop.signal, random: () => 0 });
    const running = watchLines({
      feed,
      clock,
      signal: stop.signal,
      intervalMs: 1_000,
      form: 'words',
      headers: true,
      print: (line) => said.push(line),
    });
    await vi.advanceTimersByTimeAsync(61_000);
    stop.abort();
    await vi.advanceTimersByTimeAsync(2_000);
    await running;
    vi.useRealTimers();
    expect(said).toEqual([
      'Summer Fest is open. 18 thousand waiting. 49 admitted a second, the last in line waits 7 minutes.',
      'Change by mina: refill 50->80. Reason: ramp step 2. Audit aud_7R0D.',
      'The queue is now paused.',
      'Still waiting, 18 thousand.',
      'Still waiting, 18 thousand.',
    ]);
  });
});

describe('all queues in line mode', () => {
  it('are a row an event, and an object an event as jsonl', async () => {
    const machine = new FakeMachine();
    machine.api.overviewStreams = [
      async function* (signal) {
        yield { kind: 'overview', id: '1', overview: overviewOf() };
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    ];
    const cli = (output: 'table' | 'jsonl') => [
      'queue',
      'watch',
      '--all',
      '--timeout',
      '300ms',
      '-o',
      output,
    ];
    const rows = (await machine.run(...cli('table'))).stdout.trimEnd().split('\n');
    const objects = (await machine.run(...cli('jsonl'))).stdout.trimEnd().split('\n');
    const picked = (await machine.run(...cli('jsonl'), '--fields', 'event')).stdout.trimEnd().split('\n');
    const once = await machine.run(...cli('jsonl'), '--once', '--fields', 'event,waiting');
    machine.remove();
    expect(rows[0]).toBe(overviewHeader);
    expect(rows.slice(1).map((row) => row.split(/ +/)[2])).toEqual(['evt_x', 'evt_y']);
    expect(objects.map((text) => JSON.parse(text))).toMatchObject([
      { kind: 'OverviewEvent', event: 'evt_x' },
      { kind: 'OverviewEvent', event: 'evt_y' },
    ]);
    expect(picked.map((text) => JSON.parse(text))).toEqual([{ event: 'evt_x' }, { event: 'evt_y' }]);
    expect(once.stdout).toBe('{"event":"evt_x","waiting":18234}\n{"event":"evt_y","waiting":40}\n');
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { QueueSnapshot } from '../../contract/admin-api.ts';
import { FakeMachine } from '../testing/fake-runtime.ts';
import { refillChange, snapshotOf } from '../testing/views.ts';
import { lineHeader, lineRow } from './line-row.ts';
import type { Link } from './link.ts';

const nowMs = Date.parse('2026-11-21T05:03:21Z');
const live: Link = { word: 'live', ageSec: 0.1, serverAgeSec: 0.1 };

describe('a row', () => {
  it('stands below its header', () => {
    const row = lineRow(snapshotOf(), live, nowMs);
    expect(`${lineHeader}\n${row}`).toBe(
      [
        'TIME      STATE      WAITING  ADMIT/S  TOKENS     REFILL  REDIS%  ETA_TAIL  CONF  LINK',
        '14:03:21  open         18234     48.7  212/500      50.0      41      411s  1.00  live',
      ].join('\n'),
    );
  });

  it('shows pause before phase, - for no data, and a note behind the link', () => {
    const snapshot = snapshotOf({
      paused: true,
      redis: { cpuPercent: null, opsPerSec: null, usedMemoryBytes: null },
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
      { waiting: 17_990, lastChange: refillChange },
      { paused: true, lastChange: refillChange },
      { waiting: 0, paused: true, lastChange: refillChange },
    );
    const { code, stdout, stderr } = await watch('--until', 'waiting==0', '--timeout', '5s');
    expect([code, stderr]).toEqual([0, '']);
    const rows = stdout.trimEnd().split('\n');
    expect(rows[0]).toBe(lineHeader);
    expect(rows.slice(1).map((row) => row.split(/ +/).slice(1, 3).join(' '))).toEqual([
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

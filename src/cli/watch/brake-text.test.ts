import { describe, expect, it } from 'vitest';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import { FakeMachine } from '../testing/fake-runtime.ts';
import { snapshotOf } from '../testing/views.ts';
import { filling } from '../tui/figures.ts';
import { Bench } from '../tui/testing/seat.ts';
import { brakeText } from './brake-text.ts';

const reason = 'payment p95 900 ms';
const sinceAt = '2026-11-21T05:03:01.000Z';
const braking: QueueSnapshot['brake'] = { mode: 'on', ratio: 0.4, reason, sinceAt };
const shadow: QueueSnapshot['brake'] = { mode: 'shadow', ratio: 1, wouldBe: 0.4, reason, sinceAt };
const words = 'brake 40% of 50/s: payment p95 900 ms';

describe('the brake in words', () => {
  it('says how much is let through, and why', () => {
    expect(brakeText(snapshotOf({ brake: braking }))).toBe(words);
    expect(brakeText(snapshotOf({ brake: shadow }))).toBe('would brake to 40%: payment p95 900 ms');
  });

  it('is silent while it does nothing', () => {
    expect(brakeText(snapshotOf())).toBe('');
    for (const mode of ['on', 'shadow'] as const) {
      expect(brakeText(snapshotOf({ brake: { mode, ratio: 1, reason: null, sinceAt: null } }))).toBe('');
    }
  });
});

describe('the brake on screens', () => {
  it.each([
    [80, 24, 'brake 40%: payment p95 900 ms', 'would be 40%: payment p95 900 ms'],
    [140, 40, 'brake 40% of 50/s: payment p95 900 ms', 'would brake to 40%: payment p95 900 ms'],
  ])('stands with the bucket at %i columns', async (columns, rows, on, would) => {
    const bench = new Bench();
    await bench.hear({ brake: braking });
    expect(bench.rows(columns, rows).join('\n')).toContain(on);
    await bench.hear({ brake: shadow });
    expect(bench.rows(columns, rows).join('\n')).toContain(would);
    await bench.hear({ brake: null });
    expect(bench.rows(columns, rows).join('\n')).not.toContain('brake');
  });

  it('slows the filling of the bucket', () => {
    const calm = snapshotOf({ admitPerSec: 10 });
    expect(filling(calm).gain).toBe('+40.0/s');
    expect(filling({ ...calm, brake: braking }).gain).toBe('+10.0/s');
  });

  it('is a warning of queue get, a note in rows, and data in documents', async () => {
    const machine = new FakeMachine();
    try {
      machine.api.snapshotNow = snapshotOf({ brake: braking });
      expect((await machine.run('queue', 'get', 'evt_x')).stderr).toBe(`warning: ${words}\n`);
      expect((await machine.run('queue', 'get', 'evt_x', '-o', 'wide')).stdout).toContain(words);
      const { stdout } = await machine.run('queue', 'get', 'evt_x', '-o', 'json');
      expect(JSON.parse(stdout)).toMatchObject({ item: { brake: braking }, warnings: [words] });
      machine.api.streams = [
        async function* () {
          yield { kind: 'snapshot', id: '1', snapshot: snapshotOf({ brake: braking }) };
        },
      ];
      const watched = await machine.run('queue', 'watch', 'evt_x', '--until', 'waiting>0', '--timeout', '5s');
      expect(watched.stdout).toContain(`live   ${words}`);
    } finally {
      machine.remove();
    }
  });
});

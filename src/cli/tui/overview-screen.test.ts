import stringWidth from 'string-width';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Overview } from '../../contract/snapshot.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { overviewOf, overviewRowOf } from '../testing/views.ts';
import { OverviewFeed } from '../watch/feed.ts';
import { noLink } from '../watch/link.ts';
import { blockGlyphs } from './glyphs.ts';
import { OverviewScreen } from './overview-screen.ts';
import { contextOf } from './testing/seat.ts';
import { textOf } from './text.ts';

let screen: OverviewScreen;
let feed: OverviewFeed;
beforeEach(() => {
  const clock = { now: () => 0, monotonic: () => 0 };
  const api = new FakeApi();
  feed = new OverviewFeed({ api, clock, signal: new AbortController().signal, random: () => 0 });
  screen = new OverviewScreen({
    feed,
    api,
    clock,
    glyphs: blockGlyphs,
    badge: () => 'PROD',
    context: contextOf(),
    contextFlag: '',
    viewer: () => ({ user: '', version: '', canWrite: false, whyReadOnly: '', isAdmin: false }),
  });
});

const hear = (change: Partial<Overview>) => {
  feed.latest = overviewOf(change);
  feed.facts = { ...noLink, heardAtMs: 0, isInStep: true, isConnected: true };
};
const rows = (columns = 80, height = 24) => {
  screen.resize({ columns, rows: height });
  screen.look();
  const { head, left, foot } = screen.getFrame();
  return [...head, ...left.flatMap(({ lines }) => lines), ...foot].map(textOf);
};

describe('all queues', () => {
  it('have the shared budget on top and a row each, numbers below the right edge of their heads', () => {
    hear({ budget: { usedPerSec: 60, perSec: 120 } });
    const shown = rows();
    expect(shown[2]).toContain(' BUDGET    60 of 120/s   2 events');
    const [head = '', row = ''] = shown.slice(4, 6);
    for (const [name, value] of [
      ['WAITING', '18,234'],
      ['ADMIT/S', '48.7'],
      ['REFILL', '50.0'],
      ['TOKENS', '212/500'],
      ['ETA', '6m51s'],
    ] as const) {
      expect(head.indexOf(name) + name.length).toBe(row.indexOf(value) + value.length);
    }
  });

  it('say that there is no budget, and mark an alarm and a pause', () => {
    hear({
      budget: { usedPerSec: 60, perSec: null },
      events: [overviewRowOf({ alarm: 'crit', paused: true })],
    });
    const text = rows().join('\n');
    expect(text).toContain('60/s, no limit');
    expect(text).toMatch(/evt_x +paused .* {2}crit/);
  });

  it('keep the cursor in sight among hundreds, at every size', () => {
    const events = Array.from({ length: 300 }, (_, at) =>
      overviewRowOf({ event: `evt_${'long'.repeat(10)}_${at}` }),
    );
    hear({ events });
    for (const [columns, height] of [
      [60, 15],
      [80, 24],
      [200, 60],
    ] as const) {
      rows(columns, height);
      screen.press({ name: 'G', text: 'G' });
      const shown = rows(columns, height);
      expect(shown.length).toBeLessThanOrEqual(height - 1);
      expect(shown.some((row) => row.startsWith(' > '))).toBe(true);
      for (const row of shown.slice(0, 2)) expect(stringWidth(row)).toBeLessThanOrEqual(columns);
    }
    expect(rows(40, 10)).toHaveLength(1);
  });

  it('have a help of the keys that are bound here', () => {
    hear({});
    expect(rows().at(-1)).toContain('? help');
    screen.press({ name: '?', text: '?' });
    const text = rows().join('\n');
    expect(text).toContain('watch the event at the cursor');
    for (const other of ['freeze', 'sign in', 'audit', 'refill and']) expect(text).not.toContain(other);
    expect(rows()).toHaveLength(rows().filter((row) => stringWidth(row) <= 80).length);
    screen.press({ name: '?', text: '?' });
    expect(rows().join('\n')).toContain('BUDGET');
  });

  it('have the double rule of the wide layout below the header', () => {
    hear({});
    expect(rows(140, 40)[1]).toBe('═'.repeat(140));
    expect(rows(80, 24)[1]).toBe('─'.repeat(80));
  });

  it('survive their events going away', () => {
    hear({});
    screen.press({ name: 'G', text: 'G' });
    hear({ events: [] });
    expect(rows().join('\n')).toContain('0 events');
    expect(screen.press({ name: 'return', text: '' })).toBe(undefined);
  });
});

import { renderToString } from 'ink';
import { render } from 'ink-testing-library';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeApi } from '../testing/fake-api.ts';
import { refillChange, snapshotOf } from '../testing/views.ts';
import { Feed } from '../watch/feed.ts';
import { WatchApp } from './app.tsx';
import { blockGlyphs } from './glyphs.ts';
import { wantsColor } from './open.ts';
import { WatchScreen } from './screen.tsx';
import { WatchStore } from './store.ts';

const live = {
  heardAtMs: 0,
  serverAgeSec: 0.1,
  isInStep: true,
  isConnected: true,
  attempt: 0,
  retryAtMs: undefined,
};

let nowMs: number;
let feed: Feed;
let store: WatchStore;
beforeEach(() => {
  nowMs = 1_000;
  const clock = { now: () => 0, monotonic: () => nowMs };
  const { signal } = new AbortController();
  feed = new Feed({ api: new FakeApi(), event: 'evt_x', clock, signal, random: () => 0 });
  const names = { badge: () => 'PROD', context: 'apne2-prod', event: 'evt_x' };
  store = new WatchStore({ feed, clock, glyphs: blockGlyphs, ...names });
});
afterEach(() => store.stop());

/** Takes a snapshot in, as the stream would. */
const hear = (change: Parameters<typeof snapshotOf>[0] = {}) => {
  feed.snapshot = snapshotOf(change);
  feed.facts = { ...live, heardAtMs: nowMs, end: undefined };
  store.look();
};
const frame = (columns: number, rows: number) =>
  renderToString(<WatchScreen model={store.getModel()} size={{ columns, rows }} rule="─" />, {
    columns,
  }).split('\n');

describe('the screen', () => {
  it('at 80x24 has header, rows, footer, and leaves the last row free', () => {
    hear();
    const lines = frame(80, 24);
    expect(lines).toHaveLength(23);
    expect(lines[0]).toBe(' PROD  apne2-prod / evt_x  Summer Fest                     ● LIVE <1s  14:03:21');
    expect(stringWidth(lines[0] ?? '')).toBe(79);
    expect(lines[1]).toBe('─'.repeat(80));
    expect(lines.slice(2, 8).map((line) => line.slice(1, 11).trim())).toEqual([
      'WAITING',
      'ADMITTED',
      'BUCKET',
      'REDIS',
      'ETA tail',
      'STATE',
    ]);
    expect(lines.at(-1)).toBe(' f freeze  t window  r resync  ? help  q quit');
  });

  it.each([
    [80, 24],
    [60, 15],
    [100, 30],
    [140, 40],
  ])('never is wider or taller than %dx%d less one row', (columns, rows) => {
    hear({
      name: '여름 축제 '.repeat(20),
      waiting: 9_999_999,
      lastChange: { ...refillChange, reason: 'x'.repeat(200) },
    });
    const lines = frame(columns, rows);
    expect(lines.length).toBeLessThanOrEqual(rows - 1);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
  });

  it('too small a terminal gets one line', () => {
    hear();
    expect(frame(59, 24)).toEqual([' PROD  18234 waiting, 48.7/s  (enlarge to 60x15)']);
    expect(frame(80, 14)).toHaveLength(1);
  });

  it('has a skeleton before the first data', () => {
    expect(frame(80, 24)[0]).toContain('● CONNECTING');
  });

  it('says how old what it shows is', () => {
    hear();
    nowMs += 3_000;
    store.look();
    expect(store.getModel().link.text).toBe('● LAGGING 3s');
    feed.facts = { ...feed.facts, isConnected: false, attempt: 3, retryAtMs: nowMs + 13_000 };
    nowMs += 9_000;
    store.look();
    expect(store.getModel()).toMatchObject({ link: { text: '● STALE 12s retry 3 in 4s' }, isStale: true });
    expect(frame(80, 24)[2]).toContain('18,234');
  });
});

describe('the model', () => {
  it('is not published when nothing changed', () => {
    const listener = vi.fn();
    hear();
    store.subscribe(listener);
    for (let at = 0; at < 4; at += 1) {
      nowMs += 250;
      store.look();
    }
    const quiet = listener.mock.calls.length;
    hear({ waiting: 5 });
    expect([quiet, listener.mock.calls.length]).toEqual([0, 1]);
  });

  it('keeps the changes seen, the latest first', async () => {
    const stop = new AbortController();
    const api = new FakeApi();
    const of = (auditId: string) => snapshotOf({ lastChange: { ...refillChange, auditId } });
    api.streams = [
      async function* (signal) {
        yield { kind: 'snapshot', id: '1', snapshot: of('aud_1') };
        yield { kind: 'snapshot', id: '2', snapshot: of('aud_2') };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    ];
    const clock = { now: () => 0, monotonic: () => nowMs };
    feed = new Feed({ api, event: 'evt_x', clock, signal: stop.signal, random: () => 0 });
    const names = { badge: () => 'DEV', context: 'local', event: 'evt_x' };
    store = new WatchStore({ feed, clock, glyphs: blockGlyphs, ...names });
    store.start();
    const run = feed.run();
    await vi.waitFor(() => expect(store.getModel().changes.map(({ id }) => id)).toEqual(['aud_2', 'aud_1']));
    stop.abort();
    await run;
  });
});

describe('keys', () => {
  const open = () => {
    const onLeave = vi.fn();
    const onSuspend = vi.fn(async () => {});
    const screen = render(<WatchApp store={store} rule="─" onLeave={onLeave} onSuspend={onSuspend} />);
    return { ...screen, onLeave, onSuspend };
  };

  it('quit by q, and by Ctrl-C as a signal', async () => {
    const { stdin, onLeave, unmount } = open();
    stdin.write('q');
    await vi.waitFor(() => expect(onLeave).toHaveBeenCalledWith('quit'));
    stdin.write('\u0003');
    await vi.waitFor(() => expect(onLeave).toHaveBeenCalledWith('SIGINT'));
    unmount();
  });

  it('show help and take it away again', async () => {
    hear();
    const { stdin, lastFrame, unmount } = open();
    stdin.write('?');
    await vi.waitFor(() => expect(lastFrame()).toContain('KEYS'));
    stdin.write('?');
    await vi.waitFor(() => expect(lastFrame()).toContain('WAITING'));
    unmount();
  });

  it('hold the picture with f while data goes on behind it', () => {
    hear();
    store.act('freeze');
    nowMs += 12_000;
    hear({ waiting: 5 });
    expect(store.getModel()).toMatchObject({ frozen: 'FROZEN 12s', summary: '18234 waiting, 48.7/s' });
    store.act('freeze');
    expect(store.getModel()).toMatchObject({ frozen: '', summary: '5 waiting, 48.7/s' });
  });

  it('go through the windows with t', () => {
    hear();
    const shown = () =>
      store
        .getModel()
        .rows[1]?.parts.map(({ text }) => text)
        .join('');
    for (const choice of ['1m [5m] 15m', '1m 5m [15m]', '[1m] 5m 15m']) {
      store.act('window');
      expect(shown()).toContain(choice);
    }
  });
});

it('colour is off for NO_COLOR, a dumb terminal and --color never', () => {
  expect(wantsColor({}, 'auto')).toBe(true);
  expect(wantsColor({ NO_COLOR: '' }, 'auto')).toBe(true);
  expect(wantsColor({ NO_COLOR: '1' }, 'auto')).toBe(false);
  expect(wantsColor({ TERM: 'dumb' }, 'auto')).toBe(false);
  expect(wantsColor({}, 'never')).toBe(false);
  expect(wantsColor({ NO_COLOR: '1' }, 'always')).toBe(true);
});

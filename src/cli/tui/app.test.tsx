import { renderToString } from 'ink';
import { render } from 'ink-testing-library';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeApi } from '../testing/fake-api.ts';
import { overviewOf, snapshotOf, whoamiOf } from '../testing/views.ts';
import { WatchApp } from './app.tsx';
import { blockGlyphs } from './glyphs.ts';
import { following, wantsColor } from './open.ts';
import { FrameView } from './screen.tsx';
import { Stage, type StageOptions } from './stage.ts';
import { Bench, contextOf } from './testing/seat.ts';

let api: FakeApi;
let stop: AbortController;
beforeEach(() => {
  api = new FakeApi();
  stop = new AbortController();
  api.streams = [
    async function* (signal) {
      yield { kind: 'snapshot', id: '1', snapshot: snapshotOf() };
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  ];
  api.overviewStreams = [
    async function* (signal) {
      yield { kind: 'overview', id: '1', overview: overviewOf() };
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  ];
});
afterEach(() => stop.abort());

const open = (change: Partial<StageOptions> = {}) => {
  const onFail = vi.fn();
  const stage = new Stage({
    api,
    clock: { now: Date.now, monotonic: () => performance.now() },
    random: () => 0,
    signal: stop.signal,
    glyphs: blockGlyphs,
    badge: () => 'DEV',
    context: contextOf({ name: 'local' }),
    contextFlag: '',
    write: true,
    frameMs: 50,
    event: 'evt_x',
    onFail,
    ...change,
  });
  const onLeave = vi.fn();
  const onSuspend = vi.fn(async () => {});
  const onSignIn = vi.fn(async () => {});
  stage.resize({ columns: 100, rows: 24 });
  const screen = render(
    <WatchApp stage={stage} onLeave={onLeave} onSuspend={onSuspend} onSignIn={onSignIn} />,
  );
  stage.start();
  const close = () => {
    stage.stop();
    screen.unmount();
  };
  const shows = (text: string) => vi.waitFor(() => expect(screen.lastFrame()).toContain(text));
  return { ...screen, stage, onLeave, onFail, close, shows };
};

describe('what is drawn', () => {
  it.each([
    [80, 24],
    [140, 40],
  ])('is the frame, row by row, at %dx%d', async (columns, rows) => {
    const bench = new Bench();
    await bench.hear({ name: '여름 축제' });
    const expected = bench.rows(columns, rows).map((row) => row.trimEnd());
    const drawn = renderToString(<FrameView frame={bench.screen.getFrame()} />, { columns }).split('\n');
    expect(drawn.map((row) => row.trimEnd())).toEqual(expected);
    for (const row of drawn) expect(stringWidth(row)).toBeLessThanOrEqual(columns);
  });
});

describe('keys', () => {
  it('quit by q, and by Ctrl-C as a signal', async () => {
    const { stdin, onLeave, shows, close } = open();
    await shows('18,234');
    stdin.write('q');
    await vi.waitFor(() => expect(onLeave).toHaveBeenCalledWith('quit'));
    stdin.write('\u0003');
    await vi.waitFor(() => expect(onLeave).toHaveBeenCalledWith('SIGINT'));
    close();
  });

  it('show help and take it away again', async () => {
    const { stdin, shows, close } = open();
    await shows('18,234');
    stdin.write('?');
    await shows('KEYS');
    stdin.write('?');
    await shows('POSITIONS');
    close();
  });

  it('that change things are there for operators with --write only', async () => {
    api.whoamiNow = whoamiOf({ role: 'viewer' });
    const viewer = open();
    await viewer.shows('READ-ONLY');
    await viewer.shows('18,234');
    viewer.stdin.write('b');
    viewer.close();
    api.whoamiNow = whoamiOf({ role: 'operator' });
    const operator = open();
    await operator.shows('WRITE');
    operator.stdin.write('b');
    await operator.shows('[ Cancel ]');
    operator.close();
    expect(api.plans).toEqual([]);
  });

  it('pasted text is none, with or without marks of the terminal', async () => {
    const { stdin, onLeave, shows, close } = open();
    await shows('18,234');
    stdin.write('\u001b[200~q\u001b[201~');
    stdin.write('quit now');
    stdin.write('j');
    await shows(' >     2');
    expect(onLeave).not.toHaveBeenCalled();
    close();
  });

  it('that are typed to be found may come with their Enter, in one piece', async () => {
    const { stdin, shows, close } = open();
    await shows('18,234');
    stdin.write('/');
    await shows('find: _');
    stdin.write('no such place\r');
    await shows('"no such place" is no position');
    stdin.write('\u001b');
    await shows('POSITIONS');
    stdin.write('/');
    await shows('find: _');
    stdin.write('\u001b[200~#3\r\u001b[201~');
    await shows('find: #3');
    stdin.write('\r');
    await shows('>     3');
    close();
  });

  it('are none where several at once would change something', async () => {
    const { stdin, shows, lastFrame, close } = open();
    await shows('WRITE');
    await shows('18,234');
    stdin.write('/7\r');
    stdin.write('p\r');
    stdin.write('p');
    await shows('[ Cancel ]');
    stdin.write('\t');
    await shows('> reason');
    stdin.write('because\r');
    await shows('because');
    stdin.write('x');
    await shows('because x');
    expect(lastFrame()).toContain('[ Cancel ]');
    expect(api.acts).toEqual([]);
    close();
  });

  it('held down come several at once, and all count', async () => {
    const { stdin, shows, close } = open();
    await shows('18,234');
    stdin.write('jjj');
    await shows('>     4');
    close();
  });
});

describe('a form on the screen', () => {
  it('has its empty rows, and takes Tab together with what is typed', async () => {
    const { stdin, shows, lastFrame, close } = open();
    await shows('WRITE');
    await shows('18,234');
    stdin.write('b');
    await shows('[ Cancel ]');
    stdin.write('\t80\t');
    await shows('> capacity');
    const rows =
      lastFrame()
        ?.split('\n')
        .map((row) => row.trim()) ?? [];
    expect(rows.find((row) => row.startsWith('refill/s'))).toContain('[80 ');
    expect(rows[rows.findIndex((row) => row.startsWith('now:')) + 1]).toBe('');
    close();
  });
});

describe('all queues', () => {
  it('are a row each with the budget on top; Enter goes into one and Esc back', async () => {
    const { stdin, shows, stage, close } = open({ event: undefined });
    await shows('BUDGET');
    await shows('evt_y');
    stdin.write('j');
    await shows('> evt_y');
    stdin.write('\r');
    await shows('local / evt_y');
    await shows('POSITIONS');
    stdin.write('\u001b');
    await shows('all events');
    expect(stage.lastWords()).toContain('2 events');
    close();
  });

  it('come back with the reason when one cannot be opened', async () => {
    const { stdin, shows, onFail, close } = open({ event: undefined });
    await shows('evt_y');
    api.failures.stream = new Error('event "evt_x" not found');
    stdin.write('\r');
    await shows('event "evt_x" not found');
    stdin.write('\u001b');
    await shows('BUDGET');
    expect(onFail).not.toHaveBeenCalled();
    close();
  });
});

it('the first connection failing is an error of the command', async () => {
  api.failures.stream = new Error('no');
  const { onFail, close } = open();
  await vi.waitFor(() => expect(onFail).toHaveBeenCalled());
  close();
});

it('the last words have the last values and a line for each change', async () => {
  const { stage, shows, close } = open();
  await shows('18,234');
  stage.made.push({ auditId: 'aud_7R0D', summary: 'refillPerSec 50 -> 80' });
  close();
  expect(stage.lastWords()).toBe(
    ' DEV  local / evt_x  waiting 18234  admitted 1700  48.7/s\n   changed: refillPerSec 50 -> 80   audit aud_7R0D\n',
  );
});

it('a client that follows is always the one of the moment', async () => {
  const other = new FakeApi();
  other.whoamiNow = whoamiOf({ name: 'joon' });
  let current = api;
  const client = following(() => current);
  const before = await client.whoami();
  current = other;
  expect([before.item.name, (await client.whoami()).item.name]).toEqual(['mina', 'joon']);
});

it('colour is off for NO_COLOR, a dumb terminal and --color never', () => {
  expect(wantsColor({}, 'auto')).toBe(true);
  expect(wantsColor({ NO_COLOR: '' }, 'auto')).toBe(true);
  expect(wantsColor({ NO_COLOR: '1' }, 'auto')).toBe(false);
  expect(wantsColor({ TERM: 'dumb' }, 'auto')).toBe(false);
  expect(wantsColor({}, 'never')).toBe(false);
  expect(wantsColor({ NO_COLOR: '1' }, 'always')).toBe(true);
});

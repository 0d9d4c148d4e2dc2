import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueSnapshot } from '../../src/contract/snapshot.ts';
import { runCrowd } from '../../src/simulator/crowd.ts';
import { eventually } from '../helpers/eventually.ts';
import { type FakeAdmin, openFakeAdmin } from '../helpers/fake-admin.ts';
import { pause } from '../helpers/fleet.ts';
import { type Office, openOffice, tokenOf } from '../helpers/office.ts';
import { differences, figuresOf, figuresOn, trendsOf } from '../helpers/screen-figures.ts';
import { emptied, maskFaults, narrowMask, wideMask } from '../helpers/screen-masks.ts';
import { openSnapshotLog, type SnapshotLog } from '../helpers/snapshot-log.ts';
import { openTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { openTerminal, type Terminal } from '../helpers/terminal.ts';

const layouts = {
  narrow: { columns: 80, rows: 24, mask: narrowMask, inSight: 10 },
  wide: { columns: 140, rows: 40, mask: wideMask, inSight: 19 },
} as const;
type Layout = keyof typeof layouts;

const people = 5_000;
const isLive = (rows: readonly string[]): boolean => / LIVE /.test(rows[0] ?? '');
const esc = '\u001B';

describe('the live screen in a terminal', () => {
  let office: Office;
  let proxy: TcpProxy;
  const leaving = { many: new AbortController(), few: new AbortController() };
  let crowds: Promise<unknown> = Promise.resolve();
  const open = new Set<Terminal>();
  const logs = new Map<string, SnapshotLog>();

  beforeAll(async () => {
    office = await openOffice({ gateways: 2 });
    for (const [event, ...more] of [
      ['evt_x', '--refill', '20'],
      ['evt_few', '--refill', '1'],
      ['evt_none'],
    ] as const) {
      const flags = ['--name', 'Summer Fest D1', '--time-zone', 'Asia/Seoul', ...more];
      expect(await office.tacos(['event', 'create', event, ...flags])).toMatchObject({ code: 0 });
      logs.set(event, openSnapshotLog({ server: server(), event, token: tokenOf('vera') }));
    }
    proxy = await openTcpProxy({ port: Number(new URL(server()).port) });
    const common = { gateway: office.urls, noShow: 0.01 };
    crowds = Promise.all([
      runCrowd(
        { ...common, event: 'evt_x', visitors: people, keep: people, connections: 32 },
        { signal: leaving.many.signal },
      ),
      runCrowd(
        { ...common, event: 'evt_few', visitors: 200, keep: 200, connections: 2 },
        { signal: leaving.few.signal },
      ),
    ]);
    await eventually(() => (logOf('evt_x').latest?.waiting ?? 0) > people * 0.97, {
      withinMs: 45_000,
      everyMs: 100,
    });
  }, 90_000);

  afterAll(async () => {
    leaving.many.abort();
    leaving.few.abort();
    await Promise.all([...open].map((terminal) => terminal.close()));
    await Promise.all([...logs.values()].map((log) => log.close()));
    await crowds;
    await proxy.close();
    await office.stop();
  }, 60_000);

  const server = (): string => office.admins[0]?.url ?? '';
  const logOf = (event: string): SnapshotLog => {
    const log = logs.get(event);
    if (log === undefined) throw new Error(`no log of ${event}`);
    return log;
  };
  const watch = async (
    event: string,
    layout: Layout,
    {
      as = 'vera',
      at = server(),
      flags = [],
    }: { as?: 'vera' | 'omar'; at?: string; flags?: readonly string[] } = {},
  ): Promise<Terminal> => {
    const { columns, rows } = layouts[layout];
    const terminal = office.terminal(['queue', 'watch', event, ...flags], { as, server: at, columns, rows });
    open.add(terminal);
    await terminal.until('live data', isLive);
    // Who looks and what the server is come a moment later than the data.
    if (layout === 'wide') await terminal.until('the server', ([head]) => / server v\d/.test(head ?? ''));
    return terminal;
  };
  /** On a busy machine the rush itself raises an alarm for a minute, whose row the masks of a calm line do not have. */
  const calm = async (event: string): Promise<void> => {
    await eventually(() => (logOf(event).latest?.alarms ?? []).every(({ id }) => id !== 'join-slow'), {
      withinMs: 100_000,
      everyMs: 200,
    });
  };
  /** One key after the other: several at once are pasted text, which is never keys. */
  const press = async (terminal: Terminal, ...keys: readonly string[]): Promise<void> => {
    for (const key of keys) {
      terminal.type(key);
      await pause(60);
    }
  };
  const freeze = async (terminal: Terminal): Promise<string[]> => {
    const isFrozen = (rows: readonly string[]): boolean => isLive(rows) && / FROZEN \ds /.test(rows[0] ?? '');
    await press(terminal, 'f');
    await terminal.until('a live frozen frame', isFrozen);
    // Its header may come before the rest of it.
    await pause(100);
    return terminal.until('a live frozen frame', isFrozen);
  };
  const quit = async (terminal: Terminal): Promise<void> => {
    terminal.type('q');
    expect(await terminal.ended).toMatchObject({ code: 0 });
    expectRestored(terminal);
  };
  const expectRestored = (terminal: Terminal): void => {
    expect(terminal.isAlternate()).toBe(false);
    expect(terminal.isCursorHidden()).toBe(false);
    expect(terminal.raw().lastIndexOf(`${esc}[?2004h`)).toBeLessThan(
      terminal.raw().lastIndexOf(`${esc}[?2004l`),
    );
  };
  /** There is one snapshot of which every figure on the frame is, but for those `apart`. Answers its number. */
  const expectOneSnapshot = (
    rows: readonly string[],
    layout: Layout,
    all: readonly QueueSnapshot[],
    apart: readonly string[] = [],
  ): number => {
    const { trend = '?', ...on } = figuresOn(rows, layout);
    const inSight = Object.keys(on).filter((name) => name.startsWith('row ')).length;
    const compared = all.map((snapshot) => ({
      seq: snapshot.seq,
      differ: differences(on, figuresOf(snapshot, layout, Math.max(1, inSight))).filter(
        (each) => !apart.some((name) => each.startsWith(`${name}: `)),
      ),
    }));
    const nearest = compared.toSorted((one, other) => one.differ.length - other.differ.length)[0];
    expect(nearest?.differ, rows.join('\n')).toEqual([]);
    const shown = all.find(({ seq }) => seq === nearest?.seq);
    expect([...(shown === undefined ? [] : trendsOf(shown, all))]).toContain(trend);
    return nearest?.seq ?? 0;
  };

  for (const layout of ['narrow', 'wide'] as const) {
    const { columns, rows, mask, inSight } = layouts[layout];
    it(`at ${columns}x${rows} has the layout by hand, and every figure is of one snapshot`, async () => {
      const terminal = await watch('evt_x', layout);
      const seen = new Set<number>();
      for (let frame = 0; frame < 3; frame += 1) {
        await pause(700);
        const frozen = await freeze(terminal);
        expect(maskFaults(frozen, mask, columns)).toEqual([]);
        seen.add(expectOneSnapshot(frozen, layout, logOf('evt_x').all));
        const alarms = /^ ! (WARN|CRIT) /m.test(terminal.text()) ? 1 : 0;
        expect(frozen.filter((row) => / v_\w{8} /.test(row))).toHaveLength(inSight - alarms);
        await press(terminal, 'f');
      }
      expect(seen.size).toBe(3);
      await quit(terminal);
      expect(terminal.text()).toMatch(/^ TEST {2}env \/ evt_x {2}waiting \d+ {2}admitted \d+ {2}[\d.]+\/s$/m);
    }, 30_000);
  }

  it('says how the line moves as the people who wait do, from 10 s on', async () => {
    const terminal = await watch('evt_x', 'narrow');
    await terminal.until('how it moves', (rows) =>
      rows.some((row) => /^ WAITING .* [+-]?\d\S*\/min/.test(row)),
    );
    const frozen = await freeze(terminal);
    expectOneSnapshot(frozen, 'narrow', logOf('evt_x').all);
    expect(figuresOn(frozen, 'narrow').trend).toMatch(/\d/);
    await quit(terminal);
  }, 40_000);

  it('has nothing left of wider rows when it gets narrower while data changes', async () => {
    const terminal = await watch('evt_x', 'wide');
    for (const columns of [100, 140, 120, 132, 100]) {
      await pause(700);
      const from = terminal.raw().length;
      terminal.resize(columns, 40);
      await terminal.until('its width', ([, rule]) => rule === '═'.repeat(columns));
      await pause(700);
      const frozen = await freeze(terminal);
      await press(terminal, '\u000C');
      await settled(terminal);
      expect(withoutAges(terminal.screen())).toEqual(withoutAges(frozen));
      // The screen was blank before anything was drawn at the new size.
      const [before = '', ...drawn] = terminal.raw().slice(from).split(`${esc}[2J${esc}[H`);
      expect(before).not.toContain('═'.repeat(columns));
      expect(drawn).toHaveLength(1);
      expect(drawn[0]).not.toContain('═'.repeat(columns + 1));
      await press(terminal, 'f');
    }
    await quit(terminal);
  }, 60_000);

  it('finds what is typed together with its Enter', async () => {
    const terminal = await watch('evt_x', 'narrow');
    await press(terminal, '/', 'not a place\r');
    await terminal.until('an answer', (rows) =>
      rows.some((row) => row.includes('"not a place" is no position')),
    );
    await press(terminal, esc, '/', '#7\r');
    await terminal.until('the row', (rows) => rows.some((row) => /^ > +7 /.test(row)));
    await quit(terminal);
  }, 20_000);

  it('is the same frame after four sizes as before them, without leftovers', async () => {
    const terminal = await watch('evt_x', 'narrow');
    const before = await freeze(terminal);
    for (const [columns, rows] of [
      [140, 40],
      [100, 30],
      [60, 15],
      [80, 24],
    ] as const) {
      terminal.resize(columns, rows);
      await settled(terminal);
      const drawn = terminal.screen();
      await press(terminal, '\u000C');
      await settled(terminal);
      // A screen drawn afresh has no leftovers.
      expect(withoutAges(terminal.screen())).toEqual(withoutAges(drawn));
      expect(drawn.at(-1)).toBe('');
      expect(drawn.at(-2)).toMatch(/q quit$/);
      if (columns === 140) expect(maskFaults(drawn, wideMask, 140)).toEqual([]);
    }
    expect(withoutAges(terminal.screen())).toEqual(withoutAges(before));
    await quit(terminal);
    // Left blank: of a screen that had another size when it was opened, tmux keeps what is on it above the prompt.
    const raw = terminal.raw();
    const left = raw.slice(raw.lastIndexOf('\u001B[2J'), raw.lastIndexOf('\u001B[?1049l'));
    expect(stripVTControlCharacters(left).trim()).toBe('');
  }, 30_000);

  it('lets nobody go on by the figures of a cut link, and is live again after it', async () => {
    const at = `http://127.0.0.1:${proxy.port}`;
    const terminal = await watch('evt_x', 'narrow', { as: 'omar', at, flags: ['--write'] });
    expect(terminal.isDim(2, 11)).toBe(false);
    proxy.cut();
    const stale = await terminal.until('STALE', ([head]) => / STALE \ds/.test(head ?? ''), 12_000);
    const firstSec = Number(/STALE (\d+)s/.exec(stale[0] ?? '')?.[1]);
    expect(firstSec).toBeGreaterThanOrEqual(5);
    const waiting = /^ WAITING +(\S+)/.exec(stale[2] ?? '')?.[1];
    await terminal.until('dim figures', () => terminal.isDim(2, 11));
    await terminal.until(
      'an older age',
      ([head]) => Number(/STALE (\d+)s/.exec(head ?? '')?.[1]) >= firstSec + 2,
    );
    expect(terminal.text()).toMatch(new RegExp(`^ WAITING +${waiting}`, 'm'));
    await press(terminal, 'p');
    await terminal.until('the form', (rows) => rows.some((row) => /blocked: the link is STALE/.test(row)));
    await press(terminal, '\t', ...'reasons enough', '\t', '\r');
    await pause(300);
    expect(terminal.text()).toMatch(/blocked: the link is STALE/);
    await press(terminal, esc);
    proxy.mend();
    await terminal.until('LIVE', isLive, 15_000);
    await terminal.until('bright figures', () => !terminal.isDim(2, 11));
    await quit(terminal);
    expect(logOf('evt_x').latest?.paused).toBe(false);
  }, 45_000);

  it('comes back from Ctrl-Z by fg as it was, in the size that the terminal has then', async () => {
    const shell = openTerminal({
      file: '/bin/bash',
      argv: ['--norc', '--noprofile', '-i'],
      env: {
        HOME: office.home,
        TACOS_SERVER: server(),
        TACOS_TOKEN: tokenOf('vera'),
        LANG: 'C.UTF-8',
        PS1: 'shell> ',
      },
      columns: 80,
      rows: 24,
    });
    open.add(shell);
    await shell.until('a prompt', (rows) => rows.some((row) => row.startsWith('shell>')));
    shell.type('bin/tacos queue watch evt_x\r');
    await shell.until('live data', isLive);
    await press(shell, '\u001A');
    await shell.until('the shell', (rows) => rows.some((row) => /Stopped/.test(row)));
    expect(shell.isAlternate()).toBe(false);
    expect(shell.isCursorHidden()).toBe(false);
    shell.type('echo still $((40 + 2))\r');
    await shell.until('what is typed', (rows) => rows.includes('still 42'));
    shell.resize(140, 40);
    shell.type('fg\r');
    await shell.until('live data', (rows) => isLive(rows) && / 5 ALERTS/.test(rows.join('\n')));
    expect(shell.isAlternate()).toBe(true);
    const frozen = await freeze(shell);
    expect(maskFaults(frozen, wideMask, 140)).toEqual([]);
    expectOneSnapshot(frozen, 'wide', logOf('evt_x').all);
    await press(shell, 'q');
    await shell.until('the shell', (rows) =>
      rows.some((row) => row.startsWith(' TEST  env / evt_x  waiting')),
    );
    expect(shell.isAlternate()).toBe(false);
    expect(shell.isCursorHidden()).toBe(false);
    await shell.close();
  }, 30_000);

  it('gives the terminal back on SIGTERM, SIGINT, SIGHUP and Ctrl-C', async () => {
    const codes = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, 'Ctrl-C': 130 } as const;
    for (const [how, code] of Object.entries(codes)) {
      const terminal = await watch('evt_few', 'narrow');
      expect(terminal.isAlternate()).toBe(true);
      expect(terminal.isCursorHidden()).toBe(true);
      if (how === 'Ctrl-C') terminal.type('\u0003');
      else terminal.signal(how as NodeJS.Signals);
      expect({ how, ...(await terminal.ended) }).toMatchObject({ how, code });
      expectRestored(terminal);
      expect(terminal.text()).toMatch(/^ TEST {2}env \/ evt_few {2}waiting \d+ /m);
    }
  }, 40_000);

  it('shows a pause that is made on it, to everybody who looks', async () => {
    leaving.many.abort();
    await calm('evt_few');
    const writer = await watch('evt_few', 'narrow', { as: 'omar', flags: ['--write'] });
    const reader = await watch('evt_few', 'wide');
    await press(writer, 'p');
    await writer.until('the plan', (rows) => rows.some((row) => /paused +no -> yes/.test(row)));
    await press(writer, '\t', ...'backends down', '\t');
    await writer.until('consent', (rows) =>
      rows.some((row) => /Enter on Apply applies$/.test(row) && /Cancel/.test(row)),
    );
    await press(writer, '\r');
    await writer.until('the receipt', (rows) => rows.some((row) => /in force on 2 of 2 gateways/.test(row)));
    await press(writer, '\r');
    await writer.until('PAUSED', (rows) => rows.some((row) => /^ STATE +PAUSED/.test(row)));
    await reader.until('the change', (rows) => rows.some((row) => /omar "backends down"/.test(row)));
    for (const [terminal, layout] of [[reader, 'wide']] as const) {
      const frozen = await freeze(terminal);
      expect(maskFaults(frozen, layouts[layout].mask, layouts[layout].columns)).toEqual([]);
      expectOneSnapshot(frozen, layout, logOf('evt_few').all);
      await quit(terminal);
    }
    const narrow = await watch('evt_few', 'narrow');
    const frozen = await freeze(narrow);
    expect(maskFaults(frozen, narrowMask, 80)).toEqual([]);
    expectOneSnapshot(frozen, 'narrow', logOf('evt_few').all);
    await quit(narrow);
    await quit(writer);
    expect(writer.text()).toMatch(/changed: paused .* audit aud_\w+/);
  }, 140_000);

  it('shows a line in which nobody waits', async () => {
    await calm('evt_none');
    for (const layout of ['narrow', 'wide'] as const) {
      const terminal = await watch('evt_none', layout);
      const frozen = await freeze(terminal);
      expect(maskFaults(frozen, emptied(layouts[layout].mask), layouts[layout].columns)).toEqual([]);
      // Where nothing happens no snapshot follows: only the first one that a reader gets is of its own time.
      expectOneSnapshot(frozen, layout, logOf('evt_none').all, ['time']);
      expect(terminal.text()).toMatch(/POSITIONS none ─/);
      await quit(terminal);
    }
  }, 130_000);

  it('ends with 3 and a hint where there is no such event, on the main screen', async () => {
    const terminal = office.terminal(['queue', 'watch', 'evt_nowhere'], {
      as: 'vera',
      columns: 80,
      rows: 24,
    });
    expect(await terminal.ended).toMatchObject({ code: 3 });
    expect(terminal.text()).toMatch(/^error: .*evt_nowhere/m);
    expect(terminal.text()).toMatch(/^ {2}try {3}tacos /m);
    expect(terminal.isAlternate()).toBe(false);
    expect(terminal.isCursorHidden()).toBe(false);
  });

  describe('of a server that says what it likes', () => {
    let fake: FakeAdmin;
    let said: QueueSnapshot;
    beforeAll(async () => {
      said = crowded(logOf('evt_x').latest);
      fake = await openFakeAdmin(said);
    });
    afterAll(() => fake.close());

    it('has room for 1,234,567 people', async () => {
      for (const layout of ['narrow', 'wide'] as const) {
        const { columns, mask } = layouts[layout];
        const terminal = await watch('evt_x', layout, { at: fake.url });
        const frozen = await freeze(terminal);
        expect(maskFaults(frozen, mask.map(million), columns)).toEqual([]);
        expectOneSnapshot(frozen, layout, [said]);
        expect(frozen.join('\n')).toMatch(/WAITING +1,234,567 /);
        await quit(terminal);
      }
    }, 30_000);

    it('keeps its figures, dimmed, when the token has expired, and says which key signs in', async () => {
      const terminal = await watch('evt_x', 'narrow', { at: fake.url });
      fake.expire();
      const rows = await terminal.until('AUTH EXPIRED', ([head]) => /● AUTH EXPIRED/.test(head ?? ''));
      expect(rows[2]).toMatch(/^ WAITING +1,234,567 /);
      await terminal.until('dim figures', () => terminal.isDim(2, 11));
      await terminal.until('the key', (all) => / a sign in /.test(all[22] ?? ''));
      await quit(terminal);
    }, 20_000);
  });
});

/** The same queue with far more people. */
function crowded(snapshot: QueueSnapshot | undefined): QueueSnapshot {
  if (snapshot === undefined) throw new Error('no snapshot was heard');
  return { ...snapshot, waiting: 1_234_567, etaTailSec: 61_728, etaMedianSec: 30_864, alarms: [] };
}

/** The row of the people who wait, as wide as it has to be for seven digits. */
const million = (row: string): string => row.replace('WAITING   ¤______ ▒▒▒', 'WAITING   ¤¤¤¤¤¤¤¤¤ ▒');

/** Ages go on while a frame is frozen. */
const withoutAges = (rows: readonly string[]): string[] =>
  rows
    .map((row, at) => (at === 0 ? row.replace(/FROZEN +\d+s|LIVE [\d.]+s/g, '') : row))
    .map((row) => row.replace(/ +/g, ' '));

/** Resolves once nothing was written for a while. */
async function settled(terminal: Terminal): Promise<void> {
  let before = -1;
  for (let quietTimes = 0; quietTimes < 3; ) {
    await pause(100);
    const length = terminal.raw().length;
    quietTimes = length === before ? quietTimes + 1 : 0;
    before = length;
  }
}

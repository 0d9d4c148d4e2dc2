import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CliError } from '../errors.ts';
import { alarmOf, auditOf, positionOf, snapshotOf } from '../testing/views.ts';
import { Bench } from './testing/seat.ts';
import { WatchScreen } from './watch-screen.ts';

const top = Array.from({ length: 20 }, (_, at) => positionOf(at + 1));
let bench: Bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.hear({ top });
});
const cursorRow = () => bench.rows().find((row) => row.startsWith(' > '));

describe('a quiet queue', () => {
  it('is drawn no more often than something differs', async () => {
    for (let second = 0; second < 70; second += 1) await bench.wait(1_000);
    const frames = vi.fn();
    bench.screen.subscribe(frames);
    await bench.wait(10_000);
    expect(frames).not.toHaveBeenCalled();
    await bench.hear({ top, waiting: 5 });
    expect(frames).toHaveBeenCalledTimes(1);
  });

  it('keeps panes that did not change as the same objects', async () => {
    bench.rows(140, 40);
    const before = bench.screen.getFrame();
    await bench.hear({ top, redis: { ...snapshotOf().redis, cpuPercent: 88 } });
    const after = bench.screen.getFrame();
    const same = (id: string) =>
      [...before.left, ...before.right].find((each) => each.id === id) ===
      [...after.left, ...after.right].find((each) => each.id === id);
    expect([same('positions'), same('changes'), same('redis')]).toEqual([true, true, false]);
  });
});

describe('the link', () => {
  it('says how old what is shown is, and dims it', () => {
    bench.nowMs += 3_000;
    expect(bench.rows()[0]).toContain('● LAGGING 3s');
    bench.feed.facts = {
      ...bench.feed.facts,
      isConnected: false,
      attempt: 3,
      retryAtMs: bench.nowMs + 13_000,
    };
    bench.nowMs += 9_000;
    expect(bench.rows()[0]).toContain('● STALE 12s retry 3 in 4s');
    expect(bench.screen.getFrame().isDim).toBe(true);
    expect(bench.text()).toContain('18,234');
  });

  it('leaves a gap in the charts while it is down, never bridged', async () => {
    for (let second = 0; second < 70; second += 1) await bench.wait(1_000);
    bench.nowMs += 20_000;
    bench.screen.look();
    await bench.hear({ top });
    await bench.wait(10_000);
    const spark = bench.rows()[2]?.slice(19, 39) ?? '';
    expect(spark).toMatch(/^█+·{5,7}█+$/);
  });

  it('offers to sign in when the token has run out, and only then', async () => {
    const before = bench.screen.press({ name: 'a', text: 'a' });
    bench.feed.facts = { ...bench.feed.facts, end: 'auth' };
    expect(bench.text()).toContain('AUTH EXPIRED');
    expect(bench.rows().at(-1)).toContain('a sign in');
    expect([before, bench.screen.press({ name: 'a', text: 'a' })]).toEqual([undefined, { kind: 'sign-in' }]);
  });

  it('tells a difference of the clocks from 2 s on', async () => {
    bench.api.clockSkewSec = 2;
    expect(bench.rows()[0]).not.toContain('clock');
    bench.api.clockSkewSec = -3.4;
    expect(bench.rows()[0]).toContain('clock -3s');
  });
});

describe('moving about', () => {
  it('goes down and up, to the ends and by pages, and no further', async () => {
    await bench.press('j', 'down', 'j', 'k');
    expect(cursorRow()).toMatch(/^ > {5}3 /);
    await bench.press('g', 'k');
    expect(cursorRow()).toMatch(/^ > {5}1 /);
    await bench.press('pagedown');
    expect(cursorRow()).toMatch(/^ > {4}12 /);
    expect(bench.text()).toContain('POSITIONS 2-12 of 18,234');
  });

  it('reads what the snapshot does not carry, once a second, with its age', async () => {
    bench.api.positionsNow = Array.from({ length: 500 }, (_, at) => positionOf(at + 1));
    const asked = vi.spyOn(bench.api, 'positions');
    await bench.press('/');
    await bench.type('#300');
    await bench.press('return');
    await bench.wait(1_000);
    expect(cursorRow()).toMatch(/^ > {3}300 {2}v_abcdadaa/);
    const calls = asked.mock.calls.length;
    await bench.wait(3_000);
    expect(asked.mock.calls.length - calls).toBe(3);
    bench.api.failures.positions = new Error('down');
    await bench.wait(5_000);
    expect(bench.text()).toMatch(/read [45]s ago ─ sort pos/);
    await bench.press('g');
    await bench.wait(2_000);
    expect(cursorRow()).toMatch(/^ > {5}1 {2}v_abcdaaab/);
  });

  it('lists those who are away below the last position', async () => {
    await bench.hear({ waiting: 2, away: 1, top: top.slice(0, 2), awayTop: [positionOf(null)] });
    await bench.press('G');
    expect(cursorRow()).toMatch(/^ > {5}- {2}v_abcdaaaa {10}- {6}- {2}11m02s {3}45s {2}AWAY/);
    expect(bench.text()).toContain('POSITIONS 1-2 of 2, 1 away');
  });

  it('stays in the line when it gets shorter', async () => {
    await bench.press('G');
    await bench.hear({ waiting: 3, top: top.slice(0, 3) });
    expect(cursorRow()).toMatch(/^ > {5}3 /);
  });

  it('goes through the panes, and to one by its number', async () => {
    await bench.press('tab');
    expect(bench.text()).toContain('── CHANGES (audit)');
    await bench.press('5');
    expect(bench.text()).toContain('── ALERTS');
    await bench.press('1');
    expect(bench.text()).toContain('── WAITING  18,234');
    expect(bench.text()).toContain('    0 ┤');
  });
});

describe('what keys open', () => {
  it('Enter tells the story of the visitor at the cursor', async () => {
    const asked = vi.spyOn(bench.api, 'visitor');
    await bench.press('j', 'return');
    expect(asked).toHaveBeenCalledWith('evt_x', 'v_abcdaaac');
    expect(bench.text(80, 40)).toContain('412');
    await bench.press('escape');
    expect(cursorRow()).toBeDefined();
  });

  it('/ takes a reference too, and says when it is none', async () => {
    const asked = vi.spyOn(bench.api, 'visitor');
    await bench.press('/');
    bench.screen.paste('user:42\n');
    await bench.press('return');
    expect(asked).toHaveBeenCalledWith('evt_x', 'user:42');
    await bench.press('escape', '/');
    await bench.type('q!');
    await bench.press('return');
    expect(bench.text()).toContain('"q!" is no position');
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('? lists the keys that are bound, and no others', async () => {
    await bench.press('?');
    expect(bench.text()).toContain('set refill and capacity');
    await bench.press('?');
    bench.viewer = { ...bench.viewer, canWrite: false };
    await bench.press('?');
    expect(bench.text()).not.toContain('set refill and capacity');
    expect(bench.text()).toContain(' this watch is read-only: start it with --write to change something');
  });

  it('e chooses another event by a part of its name', async () => {
    await bench.press('e');
    await bench.type('late');
    expect(bench.text()).toContain('1 events');
    expect(bench.screen.press({ name: 'return', text: '' })).toEqual({ kind: 'event', event: 'evt_late' });
  });

  it('L shows the audit trail and a record in full', async () => {
    await bench.press('L');
    expect(bench.text()).toContain('aud_7Q2M');
    await bench.press('j', 'return');
    expect(bench.text()).toContain('tacos/1.2.3 (mina@desk-1)');
    await bench.press('escape', 'escape');
    expect(cursorRow()).toBeDefined();
  });

  it('C shows the command of the screen and of the last form', async () => {
    await bench.press('b', 'tab');
    await bench.type('80');
    await bench.press('escape', 'C');
    const text = bench.text(120, 30);
    expect(text).toContain('tacos queue watch evt_x -c apne2-prod --write');
    expect(text).toContain('tacos bucket set evt_x --refill 80 -c apne2-prod');
  });

  it('f holds the picture while data goes on behind it', async () => {
    await bench.press('f');
    bench.nowMs += 12_000;
    await bench.hear({ top, waiting: 5 });
    expect(bench.rows()[0]).toContain('FROZEN 12s');
    expect(bench.text()).toContain('18,234');
    await bench.press('f');
    expect(bench.text()).toContain('WAITING   5 ');
  });

  it('holds the charts with it, whatever is heard meanwhile', async () => {
    for (let second = 0; second < 3; second += 1) await bench.hear({ top, waiting: 18_234 });
    await bench.press('f');
    const chart = () => bench.rows(140, 40).slice(2, 16);
    const before = chart();
    for (let second = 0; second < 3; second += 1) {
      bench.nowMs += 1_000;
      await bench.hear({ top, waiting: 1, admitPerSec: 1 });
    }
    expect(chart()).toEqual(before);
  });

  it('says no sign where a rate rounds to nothing', async () => {
    const bucket = { ...snapshotOf().bucket, tokens: 5, refillPerSec: { now: 10, target: 10 } };
    await bench.hear({ top, bucket, admitPerSec: 10.004, joinPerSec: 10.0, leavePerSec: 0 });
    await bench.wait(12_000);
    expect(bench.text()).toMatch(/ 0\/min/);
    expect(bench.text()).toMatch(/ \+0\.0\/s/);
    expect(bench.text()).not.toMatch(/-0(\.0)?\//);
  });

  it('tells the newest change with its audit id, however long it is', async () => {
    const summary = 'refill 50/s -> 60/s, capacity 200 -> 240, window 200 -> 240';
    const undoUntil = new Date(Date.parse(snapshotOf().asOf) + 300_000).toISOString();
    await bench.hear({ top, changes: [auditOf({ auditId: 'aud_0123456789', summary, undoUntil })] });
    const row = bench.rows(80, 24).find((each) => each.startsWith(' ! ')) ?? '';
    expect(row).toMatch(/ refill 50\/s -> \d.*… {2}mina {2}aud_0123456789 {2}\(undo for \S+\)/);
    expect(row.trimEnd().length).toBeLessThanOrEqual(80);
  });

  it('t goes through the windows', async () => {
    const shown = () => /\[\d+m\]/.exec(bench.text())?.[0];
    const seen = [shown()];
    for (let at = 0; at < 3; at += 1) {
      await bench.press('t');
      seen.push(shown());
    }
    expect(seen).toEqual(['[1m]', '[5m]', '[15m]', '[1m]']);
  });

  it('changes nothing without the right to', async () => {
    bench.viewer = { ...bench.viewer, canWrite: false };
    await bench.press('b', 'p', 'D', 'X', 'u');
    expect(bench.api.plans).toEqual([]);
    expect(cursorRow()).toBeDefined();
    expect(bench.rows().at(-1)).toBe(' this watch is read-only: start it with --write to change something');
    await bench.press('j');
    expect(bench.rows().at(-1)).toContain(' j/k move ');
    bench.viewer = { ...bench.viewer, whyReadOnly: 'your role is viewer, which changes nothing' };
    await bench.press('X');
    expect(bench.rows().at(-1)).toContain('read-only: your role is viewer');
    await bench.press('z');
    expect(bench.rows().at(-1)).toContain(' j/k move ');
  });

  it('shows each figure as a whole or not at all, however narrow it is', async () => {
    for (let columns = 60; columns <= 130; columns += 1) {
      const text = bench.text(columns, 40);
      // `crit 85`, `p99 1.2ms`, `conf 1.00`, `over limit 0.0/s` and the window behind it.
      expect(text, `${columns} columns`).not.toMatch(
        /crit 8(?!5)|p99 (?!1\.2ms)|conf (?!1\.00)|over l(?!imit 0\.0\/s)/,
      );
      expect(bench.rows(columns, 40).every((row) => [...row].length <= columns)).toBe(true);
    }
    expect(bench.text(100, 40)).toContain('warn 70  crit…');
    expect(bench.text(110, 40)).toContain('warn 70  crit 85');
  });

  it('says in full what to do on a terminal that is too small', () => {
    expect(bench.rows(30, 8)).toEqual([
      ' PROD  18234 waiting, 48.7/s'.padEnd(30),
      ' (enlarge to 60x15)'.padEnd(30),
    ]);
    expect(bench.rows(60, 8)[0]).toContain('48.7/s  (enlarge to 60x15)');
  });

  it('never takes pasted text for keys', async () => {
    bench.screen.paste('bpDXuq\r');
    await bench.press('j');
    expect(cursorRow()).toMatch(/^ > {5}2 /);
    expect(bench.api.plans).toEqual([]);
  });
});

it('what cannot be read is said where it was asked for', async () => {
  bench.api.failures.listEvents = new CliError('no answer: connection reset', {
    code: 'NO_ANSWER',
    exitCode: 7,
  });
  await bench.press('e');
  expect(bench.text()).toContain('no answer: connection reset');
});

it('one line tells of alarms and changes on a narrow screen', async () => {
  await bench.hear({ top, alarms: [alarmOf(), alarmOf({ id: 'b' })], changes: [auditOf()] });
  const rows = bench.rows();
  expect(rows.find((row) => row.startsWith(' ! WARN'))).toContain('(and 1 more, Tab)');
  expect(rows.some((row) => row.startsWith(' ! 14:03:24 refill 50->80  mina'))).toBe(true);
});

it('before the first data there is a skeleton', () => {
  const fresh = new Bench();
  expect(fresh.screen).toBeInstanceOf(WatchScreen);
  expect(fresh.rows()[0]).toContain('● CONNECTING');
  expect(fresh.text()).toContain(' WAITING');
});

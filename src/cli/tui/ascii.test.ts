import { beforeEach, describe, expect, it } from 'vitest';
import { CliError } from '../errors.ts';
import { alarmOf, auditOf, overviewOf, positionOf } from '../testing/views.ts';
import { OverviewFeed } from '../watch/feed.ts';
import { noLink } from '../watch/link.ts';
import { asciiGlyphs, plainGlyphs, sparkline } from './glyphs.ts';
import { OverviewScreen } from './overview-screen.ts';
import { Bench } from './testing/seat.ts';
import { inGlyphs, textOf } from './text.ts';

const ascii = /^[\x20-\x7e\n]*$/;
const sizes = [
  [60, 15],
  [80, 24],
  [140, 40],
  [20, 5],
] as const;
const foreign = { name: '여름 축제 — Été', message: { text: 'Bientôt… «ici»' } };
const long = auditOf({ actor: 'mîna', summary: '축'.repeat(90), reason: 'größer · '.repeat(40) });

let bench: Bench;
const expectAscii = () => {
  for (const size of sizes) expect(bench.text(...size)).toMatch(ascii);
};
beforeEach(async () => {
  bench = new Bench({ isAscii: true });
  bench.api.auditNow = [long];
  bench.api.eventsNow = bench.api.eventsNow.map((event) => ({ ...event, name: '여름 축제' }));
  const top = Array.from({ length: 20 }, (_, at) => positionOf(at + 1));
  const alarms = [alarmOf({ text: 'refill → 0 · now' })];
  await bench.hear({ ...foreign, top, alarms, changes: [long] });
  await bench.wait(3_000);
});

describe('--ascii writes nothing but ASCII', () => {
  it('in any pane, live, stale, frozen and while something is found', async () => {
    for (const pane of ['1', '2', '3', '4', '5']) {
      await bench.press(pane);
      expectAscii();
    }
    await bench.press('f', '/', 'é');
    expectAscii();
    bench.nowMs += 20_000;
    expectAscii();
  });

  it.each(['?', 'e', 'L', 'C', 'return', 'b', 'p', 'D', 'X', 'u'])('in what %s opens', async (key) => {
    await bench.press(key);
    await bench.wait(1_000);
    expectAscii();
    await bench.press('tab', 'é', 'return');
    await bench.wait(1_000);
    expectAscii();
  });

  it('in a form with its plan, its receipt and what is refused', async () => {
    bench.api.failures.act = new CliError('trop tôt … réessayez', { code: 'BUDGET', exitCode: 6 });
    await bench.press('p', 'tab');
    await bench.type('größere Pause');
    await bench.wait(1_000);
    await bench.press('tab', 'return');
    expectAscii();
    delete bench.api.failures.act;
    await bench.wait(1_000);
    await bench.press('return');
    expect(bench.api.acts.length).toBeGreaterThan(0);
    expectAscii();
  });

  it('before the first data, and of all queues', () => {
    bench = new Bench({ isAscii: true });
    expectAscii();
    const { api, clock } = bench;
    const feed = new OverviewFeed({ api, clock, signal: bench.stop.signal, random: () => 0 });
    const screen = new OverviewScreen({
      feed,
      api,
      clock,
      glyphs: asciiGlyphs,
      badge: () => 'PROD',
      context: bench.screen.seat.context,
      contextFlag: '',
      viewer: () => bench.viewer,
    });
    feed.latest = overviewOf();
    feed.facts = { ...noLink, heardAtMs: bench.nowMs, isInStep: true, isConnected: true };
    for (const [columns, rows] of sizes) {
      screen.resize({ columns, rows });
      const { head, left, foot } = screen.getFrame();
      const text = [...head, ...left.flatMap(({ lines }) => lines), ...foot].map(textOf);
      expect(text.join('\n')).toMatch(ascii);
      for (const row of text) expect(row.length).toBeLessThanOrEqual(columns);
    }
  });
});

it('where there is no data is a dot, which no level looks like', () => {
  expect(bench.text(80, 24)).toContain('. = no data');
  expect(asciiGlyphs.levels).not.toContain(asciiGlyphs.gap);
  expect(sparkline([undefined, 0, 1], asciiGlyphs)).toBe('._#');
});

it('a letter that is not ASCII takes the columns that it had; a wide terminal shows it', () => {
  expect(inGlyphs('축 é…', asciiGlyphs)).toBe('?? ?~');
  expect(inGlyphs('축 é…', plainGlyphs)).toBe('축 é~');
});

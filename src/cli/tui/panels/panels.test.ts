import { beforeEach, describe, expect, it } from 'vitest';
import { auditOf, eventOf, storyOf } from '../../testing/views.ts';
import { Bench } from '../testing/seat.ts';

let bench: Bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.hear();
});

describe("a visitor's story", () => {
  it('scrolls to its last line and back, and no further', async () => {
    await bench.press('return');
    expect(bench.text()).toContain('status       waiting, position 412');
    expect(bench.text()).toMatch(/lines 1-17 of \d\d/);
    expect(bench.text()).not.toContain('"as_of"');
    await bench.press('G');
    expect(bench.text()).toContain('"as_of"');
    const end = bench.text();
    await bench.press('j', 'pagedown');
    expect(bench.text()).toBe(end);
    await bench.press('k', 'pageup', 'pageup');
    expect(bench.text()).toContain('lines 1-17 of');
    await bench.press('j');
    expect(bench.text()).toContain('lines 2-18 of');
    expect(bench.rows().at(-1)).toContain('j/k scroll');
  });

  it('wraps what is too long for a line, without losing any of it', async () => {
    const message = 'We will be back soon. '.repeat(8).trim();
    const { statusBody } = storyOf();
    bench.api.storyNow = storyOf({ statusBody: { ...statusBody, message } as typeof statusBody });
    await bench.press('return');
    const shown = bench.rows(80, 60);
    for (const row of shown) expect(row.length).toBeLessThanOrEqual(80);
    const flat = shown.map((row) => row.slice(14)).join('');
    expect(flat).toContain(message);
  });
});

describe('the audit trail', () => {
  it('has dates where a change was not today', async () => {
    const items = [auditOf(), auditOf({ auditId: 'aud_OLD', at: '2026-11-19T04:53:40.000Z' })];
    bench.api.auditNow = items;
    await bench.press('L');
    const rows = bench.rows();
    expect(rows.find((row) => row.includes('aud_7R0D'))).toMatch(/^ > 14:03:24 {8}mina/);
    expect(rows.find((row) => row.includes('aud_OLD'))).toMatch(/^ {3}11-19 13:53:40 {2}mina/);
    await bench.press('j', 'return');
    expect(bench.text()).toContain('2026-11-19 13:53:40 KST');
  });

  it('has none, and more room, where all were today', async () => {
    bench.api.auditNow = [auditOf()];
    await bench.press('L');
    expect(bench.rows().find((row) => row.includes('aud_7R0D'))).toMatch(/^ > 14:03:24 {2}mina/);
  });

  it('marks what is cut in ASCII under --ascii, in the middle and at the end', async () => {
    bench = new Bench({ isAscii: true });
    const long = auditOf({ summary: `bucket ${'s'.repeat(100)}`, reason: 'r'.repeat(100) });
    await bench.hear({ changes: [long] });
    bench.api.auditNow = [long];
    expect(bench.rows().find((row) => row.startsWith(' ! '))).toContain('~');
    await bench.press('L');
    expect(bench.rows().find((row) => row.startsWith(' > '))).toContain('~');
    for (const size of [80, 140]) expect(bench.text(size, 40)).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe('an audit record', () => {
  const record = async () => {
    const names = Array.from({ length: 20 }, (_, at) => `field${at}`);
    const rows = ['message until', ...names].map((name) => ({
      name,
      unit: 'text' as const,
      before: null,
      after: name === 'message until' ? 'word '.repeat(30).trim() : 'x',
    }));
    bench.api.auditNow = [auditOf({ rows })];
    await bench.press('L', 'return');
  };

  it('has its names and values in full, on as many lines as they need', async () => {
    await record();
    const shown = bench.rows(80, 60);
    expect(shown.some((row) => row.startsWith(' message until - -> word'))).toBe(true);
    const values = shown.map((row) => row.slice(15)).join('');
    expect(values.match(/word/g)).toHaveLength(30);
    expect(shown.join('')).not.toContain('…');
  });

  it('scrolls where it is longer than the screen, and begins at its top', async () => {
    await record();
    expect(bench.text()).toMatch(/lines 1-17 of \d\d/);
    expect(bench.text()).not.toContain('field19');
    await bench.press('G');
    expect(bench.text()).toContain('field19');
    expect(bench.rows().at(-1)).toContain('j/k scroll');
    await bench.press('escape');
    expect(bench.rows().find((row) => row.startsWith(' > '))).toContain('aud_7R0D');
    await bench.press('return');
    expect(bench.text()).toContain('lines 1-17');
  });
});

describe('the choice of an event', () => {
  it.each([60, 80, 140])('at %d columns cuts names, never numbers', async (columns) => {
    const event = { event: 'e'.repeat(40), name: 'n'.repeat(40), waiting: 9_999_999, admitPerSec: 12_345.6 };
    bench.api.eventsNow = [eventOf({ ...event, alarm: 'crit' })];
    await bench.press('e');
    const row = bench.rows(columns, 24).find((each) => each.startsWith(' > ')) ?? '';
    expect(row).toMatch(/ open {6}9,999,999 +12,?345\.6 {2}crit$/);
    expect(row.length).toBeLessThanOrEqual(columns);
  });
});

describe('the message to visitors', () => {
  const message = { text: 'We will be open again at 15:00, please keep this page open' };
  const stateRow = (columns: number) => bench.rows(columns, 24).find((row) => row.startsWith(' STATE')) ?? '';

  it('stands in the row of the state, cut to fit', async () => {
    expect(stateRow(80)).toContain('streams 1,204');
    await bench.hear({ message });
    expect(stateRow(80)).toMatch(/silent >60s 312 .*gateways 6\/6 {3}msg "We wil.*…"$/);
    expect(stateRow(80).length).toBeLessThanOrEqual(80);
    expect(stateRow(99)).toContain('msg "We will be open again');
  });

  it('leaves room for the autoscaler, where the server steers one', async () => {
    await bench.hear({ hpa: { name: 'gateway', min: 4, max: 20, asked: 6, replicas: 6 } });
    expect(bench.text(140, 40)).toMatch(/FLEET {2}hpa gateway 6 \(4\.\.20\) v1\.2\.3 ──/);
    await bench.hear({ hpa: { name: 'gateway', min: 4, max: 20, asked: 6, replicas: 4 }, message });
    expect(bench.text(140, 40)).toContain('FLEET  hpa gateway 4 of 6 (4..20)');
    for (const row of bench.rows(140, 40)) expect(row.length).toBeLessThanOrEqual(140);
  });

  it("stands behind the fleet's title on a wide screen, and leaves when it is cleared", async () => {
    await bench.hear({ message });
    expect(bench.text(140, 40)).toMatch(/FLEET {2}6 gateways v1\.2\.3 {3}msg "We will.*…" ──/);
    for (const row of bench.rows(140, 40)) expect(row.length).toBeLessThanOrEqual(140);
    await bench.hear({ message: null });
    expect(bench.text(140, 40)).not.toContain('msg "');
  });
});

import stringWidth from 'string-width';
import { beforeEach, describe, expect, it } from 'vitest';
import { alarmOf, auditOf, positionOf, snapshotOf } from '../testing/views.ts';
import { Bench } from './testing/seat.ts';

const changes = [
  auditOf({
    auditId: 'aud_7Q2M',
    at: '2026-11-21T04:53:40.000Z',
    summary: 'refill 10 -> 50/s',
    undoUntil: '2026-11-21T05:08:40.000Z',
  }),
  auditOf({ auditId: 'aud_7Q1C', action: 'queue.open', summary: 'opened', reason: 'on-sale D1' }),
];
const top = Array.from({ length: 20 }, (_, at) => positionOf(at + 1, { client: at % 2 ? 'stream' : 'poll' }));
const redis = { ...snapshotOf().redis, masters: 3, hottestNode: 'm2', maxMemoryBytes: 4e9 };

/** Figures become 9 and charts #, so that only the structure is left. */
const mask = (row: string) =>
  row
    .replace(/[▁▂▃▄▅▆▇█░·]+/gu, (cells) => '#'.repeat(cells.length))
    .replace(/\d/g, '9')
    .trimEnd();

let bench: Bench;
beforeEach(async () => {
  bench = new Bench();
  // Too small to draw anything: only the history is wanted.
  bench.screen.resize({ columns: 20, rows: 5 });
  for (let second = 0; second < 1_000; second += 1) {
    bench.nowMs += 1_000;
    // In the last minute 50 a second go: 48 of them enter.
    const waiting = 48_000 - second * 2 - Math.max(0, second - 930) * 48;
    if (second % 20 === 0 || second > 930) await bench.hear({ waiting, changes, top, redis });
    else await bench.wait(1);
  }
  await bench.hear({ changes, top, redis });
});

describe('the screen at 80x24', () => {
  it('stands as it was drawn', () => {
    bench.viewer = { ...bench.viewer, canWrite: false };
    const rows = bench.rows(80, 24);
    expect(rows).toHaveLength(23);
    expect(rows.map(mask)).toEqual([
      ' PROD  apne9-prod / evt_x  Summer Fest      READ-ONLY  ● LIVE 9.9s  99:99:99 KST',
      '─'.repeat(80),
      ' WAITING   99,999  ####################  -9,999/min    empty in ~9m99s',
      ' ADMITTED  99.9/s  ####################  99% of refill  [9m] 9m 99m  # = no data',
      ' BUCKET    999/999 ####################  99%  +9.9/s   full in 9m99s',
      ' REDIS     cpu 99% ####################  9.9k ops/s   p99 9.9ms  mem 999MB',
      ' ETA tail  9m99s   conf 9.99 HIGH  n(99m)=99,999   clamp 99m not reached',
      ' STATE     OPEN    streams 9,999   silent >99s 999   9xx 9.99%   gateways 9/9',
      ' ! 99:99:99 refill 99 -> 99/s  mina  "ramp step 9"  aud_9Q9M  (undo for 9m99s)',
      '── POSITIONS 9-99 of 99,999 ────────────────────────── sort pos ─ filter none ──',
      '     POS  VISITOR           ETA   CONF  WAITED  BEAT  NOTE',
      ' >     9  v_abcdaaab         9s   9.99  99m99s    9s  TOP99',
      ...Array.from(
        { length: 9 },
        (_, at) =>
          `${String(at + 2 < 10 ? 9 : 99).padStart(8)}  v_abcdaa${at + 2 < 10 ? 'a' : 'b'}${'abcdefghij'[(at + 2) % 10]}         9s   9.99  99m99s    9s  TOP99`,
      ),
      '─'.repeat(80),
      ' j/k move  / find  f freeze  t window  Tab pane  C command  ? help  q quit',
    ]);
  });

  it('says what the snapshot says', () => {
    const text = bench.text(80, 24);
    for (const figure of [
      '18,234',
      '48.7/s',
      '212/500',
      'cpu 41%',
      '9.8k ops/s',
      '31,495',
      'streams 1,204',
    ]) {
      expect(text).toContain(figure);
    }
    expect(text).toContain('-3,000/min    empty in ~6m05s');
    expect(text).toContain('ETA tail  6m51s');
    expect(text).toContain('silent >60s 312   5xx 0.02%   gateways 6/6');
    expect(text).toContain('(undo for 5m19s)');
  });

  it('offers what changes things only to those who may', () => {
    expect(bench.rows(80, 24).at(-1)).toBe(
      ' j/k move  / find  b bucket  p pause  D drain  X expire  u undo  ? more  q quit',
    );
    expect(bench.rows(80, 24)[0]).toContain('  WRITE  ');
  });
});

describe('the screen at 140x40', () => {
  it('stands as it was drawn', () => {
    const rows = bench.rows(140, 40);
    expect(rows).toHaveLength(39);
    const masked = rows.map(mask);
    expect(masked[0]).toMatch(
      /^ PROD {2}apne9-prod \/ evt_x {2}Summer Fest {3}admin\.apne9\.example {3}as mina \(operator\) +WRITE {2}● LIVE 9\.9s {3}server v9\.9\.9 {3}99:99:99 KST$/,
    );
    expect(masked[1]).toBe('═'.repeat(140));
    const titles = masked.filter((row) => /^── \d|│── /.test(row));
    expect(titles.map((row) => row.replace(/─+/g, '─'))).toEqual([
      '─ 9 WAITING  99,999   -9,999/min   empty in ~9m99s (99:99:99) ─ 99m ─│─ BUCKET  v99 ─',
      `  99k ┤ ${'#'.repeat(81)}  │─ REDIS  9 masters ─`,
      expect.stringMatching(/^ {7}99:99 +99:99 +99:99 +99:99 +99:99 +now {2}│─ ETA ─$/),
      '─ 9 ADMISSION  99.9/s   99% of refill 99.9/s   over limit 9.9/s ─ 99m ─│ tail 9m99s   median 9m99s   conf 9.99 HIGH',
      ` refill/s ${'#'.repeat(64)}   99.9          │─ FLEET  9 gateways v9.9.9 ─`,
      '─ 9 POSITIONS 9-99 of 99,999 ─ sort pos ─ filter none ─│─ 9 CHANGES (audit) ─',
      expect.stringMatching(/│─ 9 ALERTS ─$/),
    ]);
    expect(masked[17]?.slice(0, 91).trimEnd()).toBe(
      '     POS  VISITOR           ETA    CONF  WAITED    JOINED    BEAT  CLIENT    NOTE',
    );
    expect(masked[17]?.slice(91)).toBe('│ 99:99:99 bucket refill 99 -> 99/s    aud_9Q9M');
    expect(masked[18]).toMatch(
      /^ > {5}9 {2}v_abcdaaab {9}9s {4}9\.99 {2}99m99s {4}99:99:99 {4}9s {2}poll {6}TOP99 +│/,
    );
    expect(masked[18]).toMatch(/│ {10}mina "ramp step 9" {5,}u undo 9m99s$/);
    expect(masked.at(-1)).toBe(
      ' 9-9 pane  j/k move  / find  f freeze  t window  b bucket  p pause  D drain  X expire  u undo  C command  L audit  ? help  q quit',
    );
    for (const row of rows.slice(2, -2)) expect(stringWidth(row)).toBe(140);
    for (const row of rows.slice(2, -2)) expect(row[91]).toBe('│');
  });

  it('has an axis with its top, its middle and 0, and the area below', () => {
    const rows = bench.rows(140, 40).map((row) => row.slice(0, 8));
    expect(rows.slice(3, 10)).toEqual([
      '  50k ┤ ',
      '      ┤ ',
      '      ┤ ',
      '  25k ┤ ',
      '      ┤ ',
      '      ┤ ',
      '    0 ┤ ',
    ]);
  });

  it('puts the right edge of a head above that of its numbers, the left edge above that of texts', () => {
    const [head = '', row = ''] = bench.rows(140, 40).slice(17, 19);
    const end = (text: string, part: string) => text.indexOf(part) + part.length;
    expect(end(head, 'POS')).toBe(end(row, ' 1'));
    expect(end(head, 'ETA')).toBe(end(row, '1s'));
    expect(end(head, 'CONF')).toBe(end(row, '1.00'));
    expect(end(head, 'WAITED')).toBe(end(row, '11m02s'));
    expect(end(head, 'BEAT')).toBe(end(row, ' 3s'));
    expect(head.indexOf('VISITOR')).toBe(row.indexOf('v_'));
    expect(head.indexOf('JOINED')).toBe(row.indexOf('13:52:19'));
    expect(head.indexOf('CLIENT')).toBe(row.indexOf('poll'));
    expect(head.indexOf('NOTE')).toBe(row.indexOf('TOP10'));
  });

  it('puts what is wrong above what is well', async () => {
    await bench.hear({ changes, top, alarms: [alarmOf({ severity: 'crit' })] });
    const rows = bench.rows(140, 40).map((row) => row.slice(92).trimEnd());
    const at = rows.findIndex((row) => row.startsWith('── 5 ALERTS  1 on'));
    expect(rows.slice(at + 1, at + 5)).toEqual([
      ' crit  admissions 12.0/s of a refill of 50.0/s',
      '       for 60 s',
      '       next: tacos doctor evt_x',
      ' ok    redis cpu 41% < 70%',
    ]);
  });
});

describe('at every size', () => {
  it.each([
    [60, 15],
    [79, 20],
    [80, 24],
    [99, 50],
    [100, 15],
    [100, 24],
    [120, 30],
    [140, 40],
    [200, 60],
    [300, 100],
  ])('%dx%d is filled and never exceeded', async (columns, rows) => {
    const name = '여름 축제 '.repeat(20);
    const reason = '이유 '.repeat(100);
    const long = auditOf({ reason, actor: 'm'.repeat(60), summary: 's'.repeat(200) });
    await bench.hear({ name, waiting: 9_999_999, changes: [long], top, alarms: [alarmOf()] });
    const shown = bench.rows(columns, rows);
    expect(shown).toHaveLength(rows - 1);
    for (const row of shown) expect(stringWidth(row)).toBeLessThanOrEqual(columns);
  });

  it('below 60x15 there is one line', () => {
    expect(bench.rows(59, 24).map((row) => row.trim())).toEqual([
      'PROD  18234 waiting, 48.7/s  (enlarge to 60x15)',
    ]);
    expect(bench.rows(80, 14)).toHaveLength(1);
  });

  it('--ascii draws nothing but ASCII', async () => {
    bench = new Bench({ isAscii: true });
    await bench.hear({ changes, top });
    for (const size of [
      [80, 24],
      [140, 40],
    ] as const) {
      expect(bench.text(...size)).toMatch(/^[\x20-\x7e\n]*$/);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { blockGlyphs } from '../../tui/glyphs.ts';
import { textOf } from '../../tui/text.ts';
import { compareReports } from './baseline.ts';
import { LiveRows, type Look, liveHeader, liveRow, targetAt } from './live.ts';
import { loadFrame } from './load-frame.ts';
import { type LoadPlan, loadPlanOf, planWarnings } from './load-plan.ts';
import { type K6Summary, type LoadReport, loadReportOf, loadReportSchema, type Seen } from './load-report.ts';
import { junitOf, limitText, markdownOf } from './report-files.ts';
import { findScenario, readScenarios } from './scenarios.ts';

const book = await readScenarios();
const machine = { cores: 2, memoryBytes: 8e9, isShared: true };
const planOf = (name: string, scale: number): LoadPlan =>
  loadPlanOf(book, {
    scenario: findScenario(book, name),
    event: 'evt_a',
    baseUrl: 'http://127.0.0.1:8000',
    scale,
    timeScale: 1,
    machine,
  });
const plan = planOf('30k', 0.05);

interface Figures {
  readonly dropped?: number;
  readonly p95?: number;
  readonly vusMax?: number;
  readonly cpuSec?: number | null;
  readonly rate?: number;
  readonly code?: number;
  readonly partial?: boolean;
}

function reportOf({
  dropped = 0,
  p95 = 20,
  vusMax = 50,
  cpuSec = 20,
  rate = 900,
  code = 0,
  partial = false,
}: Figures = {}): LoadReport {
  const trend = (ms: number) => ({
    min: 1,
    avg: ms / 2,
    med: ms / 2,
    'p(90)': ms,
    'p(95)': ms,
    'p(99)': 2 * ms,
  });
  const timed = (ms: number, count: number) => ({
    type: 'trend',
    values: { ...trend(ms), max: 3 * ms, count },
  });
  const metrics: K6Summary['metrics'] = {
    http_reqs: { type: 'counter', values: { count: 90_000, rate } },
    http_req_failed: { type: 'rate', values: { rate: 0, passes: 0, fails: 90_000 } },
    http_req_duration: timed(p95, 90_000),
    'http_req_duration{name:join}': {
      ...timed(p95, 60_000),
      thresholds: { 'p(99)<250': { ok: 2 * p95 < 250 } },
    },
    iterations: { type: 'counter', values: { count: 80_000, rate: 800 } },
    dropped_iterations: { type: 'counter', values: { count: dropped, rate: 1 } },
    vus_max: { type: 'gauge', values: { value: vusMax, min: 1, max: vusMax } },
    tacos_order_errors: { type: 'counter', values: { count: 0 }, thresholds: { 'count==0': { ok: true } } },
  };
  const summary = {
    run: { endedAt: '2026-11-21T05:00:00.000Z' },
    state: { testRunDurationMs: 100_000 },
    metrics,
  };
  const seen: Seen = {
    k6ExitCode: code,
    isPartial: partial,
    k6Version: '1.4.0',
    cores: 2,
    cpuSec,
    peakPerSec: 1_400,
    server: null,
  };
  return loadReportOf(plan, summary, seen);
}

describe('the plan', () => {
  it('counts the requests of the stages, and the machines that they take', () => {
    expect(planOf('30k', 1)).toMatchObject({ requests: 3_150_000, peakRequestsPerSec: 30_000, machines: 12 });
    expect(plan).toMatchObject({
      requests: 157_500,
      peakRequestsPerSec: 1_500,
      machines: 1,
      durationSec: 120,
    });
    expect(planWarnings(plan, machine)).toEqual([]);
  });

  it('says which scale this machine can drive, and when memory is short', () => {
    expect(planWarnings(planOf('30k', 1), machine).join()).toContain('--scale 0.08');
    expect(planWarnings(planOf('30k', 1), { ...machine, memoryBytes: 1e9 }).join()).toContain('lower --vus');
  });

  it('knows the rate at any moment', () => {
    const loads = [
      {
        what: 'requests' as const,
        from: 0,
        stages: [{ sec: 10, perSec: 100 }],
        requestsEach: 1,
        inFlightSec: 1,
      },
    ];
    expect([0, 5, 10].map((sec) => targetAt(loads, sec))).toEqual([0, 50, 0]);
  });
});

describe('the verdict', () => {
  it.each<[string, Figures, string, RegExp]>([
    ['nothing dropped, CPU to spare', {}, 'nobody', /sent and answered/],
    ['dropped, k6 busy', { dropped: 5_000, cpuSec: 180 }, 'generator', /5,000 of 85,000.*90 %/],
    ['dropped, answers slow', { dropped: 5_000, p95: 900, vusMax: 500 }, 'server', /waited for answers/],
    ['dropped, users too few', { dropped: 5_000, p95: 30, vusMax: 250 }, 'generator', /raise --vus/],
    ['not dropped, k6 busy', { cpuSec: 170 }, 'generator', /own waiting/],
    ['not dropped, answers slow', { p95: 400, code: 99 }, 'server', /name:join\} not p\(99\)<250/],
    ['CPU not known', { cpuSec: null }, 'nobody', /sent/],
  ])('%s', (_, figures, by, why) => {
    const { limit } = reportOf(figures);
    expect(limit).toEqual({ by, why: expect.stringMatching(why) });
  });
});

describe('a run that was stopped', () => {
  it('says so, and how far it came, instead of that all was sent', () => {
    const report = reportOf({ partial: true });
    expect(limitText(report)).toMatch(
      /^no limit was reached before it was stopped: [\d,]+ of about [\d,]+ requests were sent$/,
    );
    expect(markdownOf(report)).not.toContain('all arrivals were sent');
  });
});

describe('the baseline', () => {
  const before = reportOf();
  const against = (after: LoadReport) => compareReports({ file: 'b.json', report: before }, after);

  it('is not worse for a little more or less', () => {
    expect(against(reportOf({ p95: 23, rate: 850 }))).toMatchObject({ comparable: true, worse: false });
  });

  it('says which figures got worse', () => {
    const { worse, rows } = against(reportOf({ p95: 200, rate: 500, dropped: 8_000 }));
    const named = rows.filter(({ verdict }) => verdict === 'worse').map(({ figure }) => figure);
    expect([worse, named]).toEqual([
      true,
      ['requests/s', 'join p95 ms', 'join p99 ms', 'dropped share', 'thresholds crossed'],
    ]);
  });

  it('tells better from worse, and another load from the same', () => {
    expect(against(reportOf({ rate: 2_000 })).rows[0]).toMatchObject({
      figure: 'requests/s',
      verdict: 'better',
    });
    expect(against({ ...before, scale: 1 }).comparable).toBe(false);
  });
});

describe('the report', () => {
  it('keeps all of k6’s figures and is what its schema says', () => {
    const report = reportOf();
    expect(loadReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report).toMatchObject({ requests: 90_000, iterations: 80_000, passed: true });
    expect(report.calls).toEqual([
      { call: 'join', count: 60_000, p50Ms: 10, p95Ms: 20, p99Ms: 40, maxMs: 60 },
    ]);
  });

  it('as JUnit has a case for each threshold, for the load and for the baseline', () => {
    const after = reportOf({ p95: 400, dropped: 9_000, cpuSec: 190, code: 99 });
    const baseline = compareReports({ file: 'b.json', report: reportOf() }, after);
    const xml = junitOf({ ...after, baseline });
    expect(xml).toContain('name="http_req_duration{name:join} p(99)&lt;250"><failure');
    expect(xml).toContain('name="the load was sent as planned"><failure message="limited by the generator');
    expect(xml).toContain('name="not worse than before: join p95 ms"><failure message="20 became 400"');
    const [, tests, failures] = /tests="(\d+)" failures="(\d+)"/.exec(xml) ?? [];
    expect([Number(tests), Number(failures)]).toEqual([
      xml.match(/<testcase/g)?.length,
      xml.match(/<failure/g)?.length,
    ]);
  });

  it('as Markdown says the outcome, the limit and what got worse', () => {
    const after = { ...reportOf({ p95: 400, code: 99 }), partial: false };
    const text = markdownOf({ ...after, baseline: compareReports({ file: 'b', report: reportOf() }, after) });
    expect(text).toContain('# Load test 30k: failed');
    expect(text).toContain(limitText(after));
    expect(text).toContain('| **crossed** | http_req_duration{name:join} |');
    expect(text).toContain('| join p95 ms | 20 | 400 | **worse** |');
  });
});

describe('a run under way', () => {
  const look: Look = {
    atSec: 15,
    durationSec: 120,
    targetPerSec: 1_125,
    arrivalsPerSec: 800,
    requestsPerSec: 810.5,
    total: { iterations: 9_000, active: 20, requests: 9_100, dropped: 40, failedRatio: 0.0123, p95Ms: 31.4 },
    k6Cores: 0.9,
    server: null,
  };

  it('is a row under its heads', () => {
    const row = liveRow(look);
    expect(row.split(/\s+/).filter((cell) => cell !== '')).toEqual(
      '15s 1125.0 800.0 810.5 31.4 1.23 40 - - -'.split(' '),
    );
    for (const [head, cell] of [
      ['TARGET/S', '1125.0'],
      ['ERR%', '1.23'],
    ] as const) {
      expect(row.indexOf(cell) + cell.length).toBe(liveHeader.indexOf(head) + head.length);
    }
  });

  it('is a row with the rates since the row before, whatever the last second was', () => {
    const rows = new LiveRows();
    const at = (atSec: number, iterations: number, active: number): string[] => {
      const total = { iterations, active, requests: 24 * iterations, dropped: 0, failedRatio: 0, p95Ms: 30 };
      return rows
        .next({ ...look, atSec, targetPerSec: 1, arrivalsPerSec: 2, total })
        .trim()
        .split(/\s+/);
    };
    expect(at(5, 3, 2).slice(0, 4)).toEqual(['5s', '1.0', '1.0', '14.4']);
    expect(at(10, 9, 1).slice(0, 4)).toEqual(['10s', '1.0', '1.0', '28.8']);
  });

  it.each([
    { columns: 80, rows: 24 },
    { columns: 140, rows: 40 },
    { columns: 60, rows: 10 },
  ])('fits a screen of $columns x $rows', (size) => {
    const looks = Array.from({ length: 200 }, () => look);
    const view = { plan, head: ' DEV  local / evt_a', looks, isStopping: false, glyphs: blockGlyphs };
    const { head, left, foot } = loadFrame(view, size);
    const lines = [...head, ...left.flatMap((block) => block.lines), ...foot].map(textOf);
    expect(lines.length).toBeLessThan(size.rows);
    expect(lines.every((text) => [...text].length <= size.columns)).toBe(true);
    expect(lines[0]).toContain('loadtest 30k   LOAD   15s of 2m00s');
    expect(lines.join('\n')).toContain('ARRIVED    800.0/s');
    expect(textOf(loadFrame({ ...view, isStopping: true }, size).head[0] ?? [])).toContain('STOPPING');
  });
});

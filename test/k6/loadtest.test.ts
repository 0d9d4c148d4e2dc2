/** `tacos loadtest` with a real k6 against a real `tacos up`, and against gateways that break promises. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadReport, loadReportSchema } from '../../src/cli/commands/loadtest/load-report.ts';
import { startFleet } from '../helpers/fleet.ts';
import { k6Path } from '../helpers/k6.ts';
import { type Program, root, startProgram } from '../helpers/processes.ts';
import { openTerminal } from '../helpers/terminal.ts';

let folder: string;
let up: Program;
let env: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tacos-loadtest-test-'));
  const dataDir = join(folder, 'up');
  const ports = ['--gateway-port', '0', '--admin-port', '0', '--grpc-port', '0'];
  env = {
    TACOS_K6: k6Path(),
    TACOS_DATA_DIR: dataDir,
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_CONFIG_HOME: join(folder, 'config'),
  };
  up = await startProgram({
    argv: ['dist/cli/main.js', 'up', '--headless', '--visitors', '0', ...ports, '--data-dir', dataDir],
    env,
    ready: /^ready gateway=(\S+)/m,
    withinMs: 40_000,
  });
});
afterAll(async () => {
  await up?.stop(20_000);
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line; `during` may disturb it. */
async function tacos(argv: readonly string[], during?: (pid: number) => Promise<void>): Promise<Ran> {
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...argv], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  }
  const closed = once(child, 'close') as Promise<[number | null]>;
  await during?.(child.pid ?? 0);
  const [code] = await closed;
  return { code, ...out };
}

/** Processes that run a scenario of this checkout. */
function running(scenario: string): string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => line.includes(join('k6', `${scenario}.js`)) && line.includes(root));
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 300) throw new Error(`waited for too long: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const readReport = (base: string): LoadReport =>
  loadReportSchema.parse(JSON.parse(readFileSync(`${base}.json`, 'utf8')));

describe('tacos loadtest against tacos up', () => {
  it('smoke passes: rows on the way, a report in three forms, with k6’s own numbers', async () => {
    const base = join(folder, 'smoke');
    const ran = await tacos(['loadtest', 'smoke', '--time-scale', '0.4', '--summary', base]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toMatch(/ AFTER +TARGET\/S.*\n +5s +1\.0 +\d/);
    expect(ran.stdout).toContain('smoke: passed   k6 exit 0');
    const report = readReport(base);
    const value = (metric: string, name: string) => report.metrics[metric]?.values[name];
    expect({
      requests: report.requests,
      requestsPerSec: report.requestsPerSec,
      failedRatio: report.failedRatio,
      iterations: report.iterations,
      joined: report.joined,
      letIn: report.letIn,
      orders: report.orders,
      join: report.calls.find(({ call }) => call === 'join')?.p95Ms,
    }).toEqual({
      requests: value('http_reqs', 'count'),
      requestsPerSec: value('http_reqs', 'rate'),
      failedRatio: value('http_req_failed', 'rate'),
      iterations: value('iterations', 'count'),
      joined: value('tacos_joined', 'count'),
      letIn: value('tacos_granted', 'count'),
      orders: value('tacos_ordered', 'count'),
      join: value('http_req_duration{name:join}', 'p(95)'),
    });
    expect(report.letIn).toBeGreaterThan(5);
    expect(report.orders).toBeGreaterThan(0);
    expect(report.server).toMatchObject({ gateways: 1, waitingMax: expect.any(Number) });
    expect(report.generator.cpuSec).toBeGreaterThan(0);
    expect(readFileSync(`${base}.md`, 'utf8')).toContain('# Load test smoke: passed');
    expect(readFileSync(`${base}.xml`, 'utf8')).toMatch(
      /<testsuite name="tacos loadtest smoke" tests="\d+" failures="0"/,
    );
  });

  it('30k scaled down keeps the line’s promises, as one JSON document', async () => {
    const argv = [
      'loadtest',
      '30k',
      '--scale',
      '0.05',
      '--time-scale',
      '0.15',
      '--event',
      'evt_30k',
      '-o',
      'json',
    ];
    const { code, stdout, stderr } = await tacos(argv);
    const { kind, item } = JSON.parse(stdout) as { kind: string; item: LoadReport };
    // A busy machine may answer too late; it may not break a promise.
    const broken = item.thresholds.filter(({ metric, ok }) => !ok && metric.startsWith('tacos_'));
    expect([kind, broken, stderr]).toEqual(['LoadReport', [], '']);
    expect([0, 99]).toContain(code);
    expect(item.requests).toBeGreaterThan(5_000);
    expect(item.letIn).toBeGreaterThan(50);
    expect(['generator', 'server', 'nobody']).toContain(item.limit.by);
  });

  it('says what got worse than the baseline, and keeps k6’s exit code', async () => {
    const base = join(folder, 'smoke');
    const before = readReport(base);
    const faster = { ...before, requestsPerSec: before.requestsPerSec * 10 };
    const file = join(folder, 'before.json');
    writeFileSync(file, JSON.stringify(faster));
    const after = join(folder, 'after');
    const argv = ['loadtest', 'smoke', '--time-scale', '0.4', '--summary', after, '--baseline', file];
    const { code, stdout } = await tacos(argv);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/baseline +worse than .*: requests\/s/)]);
    expect(readReport(after).baseline).toMatchObject({ worse: true, comparable: true });
    expect(readFileSync(`${after}.xml`, 'utf8')).toContain('not worse than before: requests/s"><failure');
  });

  it('stopped by SIGINT sums up what there is, ends with 130 and leaves no process', async () => {
    const base = join(folder, 'stopped');
    const argv = ['loadtest', 'soak', '--scale', '0.1', '--summary', base];
    const ran = await tacos(argv, async (pid) => {
      await until('k6 runs', () => running('soak').length > 0);
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      process.kill(pid, 'SIGINT');
    });
    expect([ran.code, running('soak')]).toEqual([130, []]);
    expect(ran.stdout).toContain('soak: stopped before its end');
    const report = readReport(base);
    expect(report).toMatchObject({ partial: true, passed: false, k6ExitCode: 105 });
    expect(report.requests).toBeGreaterThan(0);
    expect(readFileSync(`${base}.xml`, 'utf8')).toContain('stopped before its end');
  });

  it('told to end by SIGTERM as soon as k6 is there, ends with 143 and leaves no process', async () => {
    const argv = ['loadtest', 'soak', '--scale', '0.1', '--summary', join(folder, 'killed')];
    const ran = await tacos(argv, async (pid) => {
      await until('k6 runs', () => running('soak').length > 0);
      process.kill(pid, 'SIGTERM');
    });
    expect([ran.code, running('soak')]).toEqual([143, []]);
  });
});

describe('tacos loadtest on a terminal', () => {
  it('draws how it goes; Ctrl-C stops k6 and leaves the report on the main screen', async () => {
    const base = join(folder, 'terminal');
    const argv = ['loadtest', 'soak', '--scale', '0.1', '--summary', base];
    const terminal = openTerminal({ argv, env, columns: 100, rows: 30 });
    try {
      await terminal.until('rates', (screen) => screen.some((line) => /ARRIVED +[1-9]/.test(line)), 30_000);
      expect(terminal.isAlternate()).toBe(true);
      expect(terminal.text()).toMatch(/loadtest soak {3}LOAD/);
      terminal.type('\x03');
      expect(await terminal.ended).toMatchObject({ code: 130 });
      expect(terminal.isAlternate()).toBe(false);
      expect(terminal.text()).toContain('soak: stopped before its end');
      expect([running('soak'), existsSync(`${base}.json`)]).toEqual([[], true]);
    } finally {
      await terminal.close();
    }
  });
});

describe('tacos loadtest against a gateway that breaks a promise', () => {
  it('ends with 99 and names it', async () => {
    const fleet = await startFleet({ gateways: 1, env: { TEST_FAULT: 'refused_after_ready' } });
    try {
      const argv = [
        'loadtest',
        'smoke',
        '--base-url',
        fleet.urls[0] ?? '',
        '--event',
        (await fleet.event()).id,
      ];
      const base = join(folder, 'fault');
      const { code, stdout } = await tacos([
        ...argv,
        '--time-scale',
        '0.1',
        '--patience',
        '8s',
        '--summary',
        base,
      ]);
      expect([code, stdout]).toEqual([
        99,
        expect.stringContaining('crossed   tacos_refused_after_ready rate==0'),
      ]);
      expect(readReport(base)).toMatchObject({ passed: false, partial: false, k6ExitCode: 99, server: null });
    } finally {
      await fleet.stop();
    }
  });
});

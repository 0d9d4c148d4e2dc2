/**
 * `npm run bench:tui [-- --short] [--json] [--check] [--soak D]`: what the live screen costs, on the real program in a
 * pseudo-terminal against a running gateway with simulated visitors. `--check` exits 1 for counts that are missed
 * (frames of a quiet queue, bytes a second, memory) by half and for times that are missed by more than 3 times. `--soak 20m`
 * watches for so long instead and reports how memory grew.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { QueueSnapshot } from '../../src/contract/snapshot.ts';
import { runCrowd } from '../../src/simulator/crowd.ts';
import { openFakeAdmin } from '../helpers/fake-admin.ts';
import { pause } from '../helpers/fleet.ts';
import { type Office, openOffice } from '../helpers/office.ts';
import { root } from '../helpers/processes.ts';
import type { Terminal } from '../helpers/terminal.ts';
import { cpuMs, residentBytes } from './lib/proc-usage.ts';
import { atMost, machine, median, type Row, redisVersion, reported, table } from './lib/rows.ts';

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    soak: { type: 'string' },
  },
});
const on = machine(redisVersion());
const say = (progress: string): void => console.error(`  tui: ${progress}`);
const timesFactor = 3;
/** A short run counts a frame or a collection more or less. */
const countsFactor = 1.5;
const screen = { columns: 140, rows: 40 };
const event = 'evt_bench';

const office = await openOffice({ gateways: 1 });
const rows: Row[] = [];
try {
  await office.tacos(['event', 'create', event, '--refill', '20']);
  await office.tacos(['event', 'create', 'evt_quiet']);
  if (values.soak === undefined) await measure(office);
  else await soak(office, minutesOf(values.soak));
} finally {
  await office.stop();
}
const counts = rows.filter(({ unit }) => unit === 'frames' || unit === 'kB/s' || unit === 'MB');
const missed = rows.filter((row) => (row.factor ?? 0) > (counts.includes(row) ? countsFactor : timesFactor));
if (values.json) console.log(JSON.stringify({ machine: on, short: values.short, rows }, undefined, 2));
else console.log(`\n${table(rows)}\n\n${on}`);
if (values.check && missed.length > 0) {
  console.error(`missed: ${missed.map(({ what }) => what).join('; ')}`);
  process.exitCode = 1;
}

async function measure(all: Office): Promise<void> {
  starts();
  await firstPaint(all);
  await quiet(all);
  const leaving = new AbortController();
  const crowd = runCrowd(
    { gateway: all.urls, event, visitors: 2_000, keep: 2_000, connections: 16, noShow: 0.05 },
    { signal: leaving.signal },
  );
  const watch = await openWatch(all, event);
  await pause(5_000);
  await busy(watch);
  await keys(watch);
  await quit(watch);
  leaving.abort();
  await crowd;
}

/** Programs that answer without a server. */
function starts(): void {
  for (const flag of ['-V', '-h']) {
    const took = Array.from({ length: values.short ? 3 : 9 }, () => {
      const startedMs = performance.now();
      spawnSync(process.execPath, [`${root}dist/cli/main.js`, flag], { stdio: 'ignore' });
      return performance.now() - startedMs;
    });
    rows.push(atMost(`tacos ${flag}`, 120, { figure: median(took), unit: 'ms' }));
  }
}

async function firstPaint(all: Office): Promise<void> {
  const firsts: number[] = [];
  const alls: number[] = [];
  for (let run = 0; run < (values.short ? 2 : 5); run += 1) {
    const startedMs = performance.now();
    const watch = all.terminal(['queue', 'watch', event], screen);
    await watch.until('the skeleton', (lines) => lines.some((line) => line.includes(event)));
    firsts.push(performance.now() - startedMs);
    await watch.until('data', (lines) => /LIVE/.test(lines[0] ?? ''));
    alls.push(performance.now() - startedMs);
    await quit(watch);
  }
  const figure = median(firsts);
  rows.push(
    atMost('watch to first paint', 400, {
      figure,
      unit: 'ms',
      detail: `data ${Math.round(median(alls))} ms`,
    }),
  );
}

/**
 * Frames while nothing happens: with a server that says the same again and again, and of a real queue without
 * visitors, where Redis's own figures still change about once a second.
 */
async function quiet(all: Office): Promise<void> {
  say('a quiet queue');
  const ran = await all.tacos(['queue', 'get', 'evt_quiet', '-o', 'json']);
  const server = await openFakeAdmin((JSON.parse(ran.stdout) as { item: QueueSnapshot }).item);
  const sec = values.short ? 5 : 15;
  const still = await openWatch(all, 'evt_quiet', server.url);
  const real = await openWatch(all, 'evt_quiet');
  await pause(6_000);
  const counts = [still, real].map((watch) => {
    const counted = { frames: 0, bytes: 0 };
    watch.onBytes((text) => {
      counted.frames += 1;
      counted.bytes += text.length;
    });
    return counted;
  });
  await pause(sec * 1000);
  const [of, ofReal] = counts;
  // Charts that have just begun move on by a column, none of them more often than once in 11 s.
  const moves = 3 * Math.ceil(sec / 11);
  rows.push(
    atMost('frames when nothing changes', moves, {
      figure: of?.frames ?? 0,
      unit: 'frames',
      detail: `${of?.bytes} bytes in ${sec} s`,
    }),
  );
  const detail = `${ofReal?.bytes} bytes in ${sec} s`;
  const figure = (ofReal?.frames ?? 0) / sec;
  rows.push(reported('writes of a queue without visitors', { figure, unit: 'a second', detail }));
  await quit(still);
  await quit(real);
  await server.close();
}

/** CPU, bytes and memory while every row changes. */
async function busy(watch: Terminal): Promise<void> {
  say('a busy queue');
  const sec = values.short ? 10 : 30;
  let bytes = 0;
  let frames = 0;
  watch.onBytes((text) => {
    bytes += Buffer.byteLength(text);
    frames += 1;
  });
  const before = cpuMs(watch.pid);
  await pause(sec * 1000);
  const cpuPercent = (cpuMs(watch.pid) - before) / sec / 10;
  rows.push(atMost('CPU of the watch', 10, { figure: cpuPercent, unit: '% of a core' }));
  rows.push(atMost('bytes to the terminal', 10, { figure: bytes / sec / 1000, unit: 'kB/s' }));
  rows.push(reported('writes to the terminal', { figure: frames / sec, unit: 'a second' }));
  rows.push(atMost('memory of the watch', 160, { figure: residentBytes(watch.pid) / 1e6, unit: 'MB' }));
}

/** Keypress to the first byte that answers it. */
async function keys(watch: Terminal): Promise<void> {
  say('keys');
  const took: number[] = [];
  const presses = values.short ? 40 : 150;
  let pressedMs = 0;
  let wanted = false;
  watch.onBytes((_bytes, atMs) => {
    if (!wanted) return;
    wanted = false;
    took.push(atMs - pressedMs);
  });
  for (let press = 0; press < presses; press += 1) {
    // Not in step with the data, which paints by itself four times a second.
    await pause(80 + Math.random() * 60);
    pressedMs = performance.now();
    wanted = true;
    watch.type(press % 20 < 10 ? 'j' : 'k');
    await pause(70);
  }
  const sorted = took.toSorted((one, other) => one - other);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  rows.push(atMost('keypress to paint, p50', 10, { figure: at(0.5), unit: 'ms' }));
  rows.push(atMost('keypress to paint, p95', 30, { figure: at(0.95), unit: 'ms' }));
  rows.push(
    atMost('keypress to paint, max', 60, { figure: at(1), unit: 'ms', detail: `${took.length} keys` }),
  );
}

async function soak(all: Office, minutes: number): Promise<void> {
  const leaving = new AbortController();
  const crowd = runCrowd(
    { gateway: all.urls, event, visitors: 1_000, keep: 1_000, connections: 8 },
    { signal: leaving.signal },
  );
  const watch = await openWatch(all, event);
  await pause(60_000);
  const first = residentBytes(watch.pid);
  const startedMs = performance.now();
  while (performance.now() - startedMs < minutes * 60_000) {
    await pause(30_000);
    say(`${Math.round(residentBytes(watch.pid) / 1e6)} MB`);
  }
  const hours = (performance.now() - startedMs) / 3_600_000;
  rows.push(
    atMost('growth of memory', 5, { figure: (residentBytes(watch.pid) - first) / 1e6 / hours, unit: 'MB/h' }),
  );
  await quit(watch);
  leaving.abort();
  await crowd;
}

async function openWatch(all: Office, id: string, server?: string): Promise<Terminal> {
  const at = server === undefined ? screen : { ...screen, server };
  const watch = all.terminal(['queue', 'watch', id], at);
  await watch.until('data', (lines) => /LIVE/.test(lines[0] ?? ''));
  return watch;
}

async function quit(watch: Terminal): Promise<void> {
  watch.type('q');
  await watch.ended;
}

function minutesOf(text: string): number {
  const [, number, unit] = /^(\d+)(m|h)$/.exec(text) ?? [];
  if (number === undefined) throw new Error('--soak takes minutes or hours, such as 20m or 24h');
  return Number(number) * (unit === 'h' ? 60 : 1);
}

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendStats } from '../../../src/simulator/backends/control.ts';
import { eventually } from '../../helpers/eventually.ts';
import { call, pause } from '../../helpers/fleet.ts';
import { type Program, root, startProgram } from '../../helpers/processes.ts';

interface Snapshot {
  readonly asOf: string;
  readonly admittedTotal: number;
  readonly waiting: number;
  readonly bucket: { readonly refillPerSec: { readonly now: number } };
}

describe('tacos up', () => {
  let dir: string;
  let up: Program;
  let env: Record<string, string>;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tacos-up-'));
    env = {
      XDG_STATE_HOME: join(dir, 'state'),
      XDG_CONFIG_HOME: join(dir, 'config'),
      TACOS_DATA_DIR: join(dir, 'data'),
    };
    const flags = [
      '--headless',
      '--visitors',
      '3000',
      '--gateway-port',
      '0',
      '--admin-port',
      '0',
      '--grpc-port',
      '0',
      '--data-dir',
      join(dir, 'data'),
    ];
    up = await startProgram({
      argv: ['dist/cli/main.js', 'up', ...flags],
      env,
      ready: /^ready gateway=(http:\S+) admin=(http:\S+) grpc=127\.0\.0\.1:\d+ redis=(\S+)$/m,
      withinMs: 30_000,
    });
  }, 40_000);
  afterAll(async () => {
    await up.stop(20_000);
    await rm(dir, { recursive: true, force: true });
  });

  const tacos = (args: readonly string[], lines?: (line: Snapshot) => void) => {
    const child = spawn(join(root, 'bin/tacos'), args, {
      cwd: tmpdir(),
      env: { ...process.env, ...env, NODE_OPTIONS: '' },
    });
    let stdout = '';
    let stderr = '';
    let rest = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      rest += chunk.toString();
      const parts = rest.split('\n');
      rest = parts.pop() ?? '';
      if (lines) for (const part of parts) lines(JSON.parse(part) as Snapshot);
    });
    const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    });
    return { child, ended };
  };

  it('serves visitors and operators', async () => {
    expect((await call('GET', `${up.ready[1]}/readyz`)).status).toBe(200);
    const list = await tacos(['event', 'list', '-c', 'local', '-o', 'json']).ended;
    expect(JSON.parse(list.stdout)).toMatchObject({ items: [{ event: 'evt_demo' }] });
  });

  it('sells seats to its visitors, and starts the simulated services again, at the same addresses, when they die', async () => {
    const file = (name: string) => readFile(join(dir, 'data', name), 'utf8');
    const control = /control=(\S+)/.exec(await file('logs/backends.log'))?.[1];
    const sold = async () => {
      const stats = (await (await fetch(`http://${control}/stats`)).json()) as BackendStats;
      return (stats.events.evt_demo?.sold ?? 0) > 0;
    };
    await eventually(sold, { withinMs: 30_000, everyMs: 200 });
    const processes = JSON.parse(await file('processes.json')) as { name: string; pid: number }[];
    const backends = processes.find(({ name }) => name === 'backends');
    process.kill(backends?.pid ?? 0, 'SIGKILL');
    await eventually(
      async () =>
        sold()
          .then(() => false)
          .catch(() => true),
      { withinMs: 5_000 },
    );
    await eventually(sold, { withinMs: 30_000, everyMs: 200 });
  }, 80_000);

  it('is steered by `bucket set --refill 50 --for`, as `queue watch -o jsonl` shows, and goes back to 10/s', async () => {
    const seen: Snapshot[] = [];
    const watch = tacos(
      ['queue', 'watch', 'evt_demo', '-c', 'local', '-o', 'jsonl', '--interval', '1s'],
      (line) => seen.push(line),
    );
    await pause(30_000);
    const set = await tacos([
      'bucket',
      'set',
      'evt_demo',
      '--refill',
      '50',
      '--for',
      '40s',
      '--reason',
      'faster please',
      '-c',
      'local',
      '-o',
      'json',
    ]).ended;
    expect({ code: set.code, stderr: set.stderr }).toMatchObject({ code: 0 });
    const changedMs = Date.now();
    await pause(75_000);
    watch.child.kill('SIGTERM');
    expect((await watch.ended).code).toBe(143);
    const rate = (fromSec: number, toSec: number): number => {
      const inside = seen.filter(
        ({ asOf }) =>
          Date.parse(asOf) >= changedMs + fromSec * 1000 && Date.parse(asOf) <= changedMs + toSec * 1000,
      );
      const [first, last] = [inside[0], inside.at(-1)];
      if (!first || !last) return Number.NaN;
      return (
        ((last.admittedTotal - first.admittedTotal) * 1000) / (Date.parse(last.asOf) - Date.parse(first.asOf))
      );
    };
    const faster = rate(10, 38);
    expect(faster).toBeGreaterThanOrEqual(0.95 * 50);
    expect(faster).toBeLessThanOrEqual(1.05 * 50);
    // What the bucket held from the faster time is spent in the first quarter of a minute.
    const after = rate(55, 75);
    expect(after).toBeGreaterThanOrEqual(0.9 * 10);
    expect(after).toBeLessThanOrEqual(1.1 * 10);
    expect(seen.at(-1)?.bucket.refillPerSec.now).toBe(10);
  }, 150_000);
});

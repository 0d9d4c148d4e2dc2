import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { runCrowd } from './crowd.ts';
import {
  type FakeGateway,
  fakeError,
  fakeGranted,
  fakeJoined,
  fakeReady,
  fakeStatus,
  startFakeGateway,
} from './fake-gateway.ts';
import type { CrowdReport } from './report.ts';

let gateway: FakeGateway | undefined;
afterEach(() => gateway?.close());

/** A gateway where everybody is ready at the second poll. */
async function quickGateway(pollAfterSec = 0.05): Promise<FakeGateway> {
  let joins = 0;
  const polled = new Set<string>();
  gateway = await startFakeGateway(({ call, token }) => {
    if (call === 'join') {
      joins += 1;
      return fakeJoined(`w${joins}`, pollAfterSec, joins);
    }
    if (call === 'enter') return fakeGranted(`r-${token}`);
    if (call === 'leave') return { status: 200, body: { status: 'left', message: '' } };
    if (polled.has(token)) return fakeReady();
    polled.add(token);
    return fakeStatus({ poll_after_sec: pollAfterSec });
  });
  return gateway;
}

const event = 'evt_x';

describe('a crowd', () => {
  it('of 5,000 at once is served over a few connections, and nobody is lost', async () => {
    const { url } = await quickGateway(0.5);
    const report = await runCrowd({ gateway: url, event, visitors: 5_000, connections: 64, forMs: 25_000 });
    expect(report.outcomes).toMatchObject({ entered: 5_000, unfinished: 0 });
    expect(report.polls).toBe(10_000);
    expect(report.connectionErrors).toEqual({});
    expect(report.order.admitted).toHaveLength(5_000);
  }, 30_000);

  it('leaves an empty line behind where asked: also who vanished goes home', async () => {
    const { url, calls } = await quickGateway(30);
    const report = await runCrowd({
      gateway: url,
      event,
      visitors: 40,
      noShow: 0.5,
      noShowAt: 'join',
      leaveAtEnd: true,
      forMs: 500,
    });
    expect(report.outcomes.vanished).toBeGreaterThan(5);
    const left = calls.filter(({ call }) => call === 'leave').map(({ token }) => token);
    expect(new Set(left).size).toBe(40);
  });

  it('does the same again with the same seed', async () => {
    const run = async (seed: number) => {
      const { url, calls } = await quickGateway();
      const mixed = {
        noShow: 0.2,
        neverEnter: 0,
        leave: 0.2,
        leaveWithinMs: 1,
        doubleClick: 0.5,
        signedIn: 0.2,
      };
      const report = await runCrowd({
        gateway: url,
        event,
        visitors: 60,
        seed,
        runId: 'r',
        thinkMaxMs: 20,
        ...mixed,
      });
      await gateway?.close();
      const who = calls.map(
        ({ call, headers }) => `${headers['x-forwarded-for']} ${call} ${headers['x-user-id']}`,
      );
      return { outcomes: report.outcomes, kinds: report.kinds, who: who.sort() };
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(await run(6)).not.toEqual(first);
    expect(first.outcomes.left).toBeGreaterThan(0);
    expect(first.outcomes.vanished).toBeGreaterThan(0);
  });

  it('arrives at its rate', async () => {
    const { url } = await quickGateway();
    const arrivals = { kind: 'poisson', perSec: 200 } as const;
    const report = await runCrowd({ gateway: url, event, visitors: 200, arrivals, thinkMaxMs: 0 });
    expect(report.elapsedSec).toBeGreaterThan(0.7);
    expect(report.elapsedSec).toBeLessThan(5);
  });

  it('keeps the line populated when told to, and stops when aborted', async () => {
    const { url } = await quickGateway();
    const controller = new AbortController();
    const present: number[] = [];
    const report = await runCrowd(
      { gateway: url, event, visitors: 10, keep: 10, thinkMaxMs: 0, progressMs: 100 },
      {
        signal: controller.signal,
        onProgress: (progress) => {
          present.push(progress.present);
          if (progress.arrived >= 40) controller.abort();
        },
      },
    );
    expect(report.arrived).toBeGreaterThanOrEqual(40);
    expect(Math.max(...present)).toBeLessThanOrEqual(10);
    expect(report.outcomes.unfinished).toBe(report.arrived - report.outcomes.entered);
  });

  it('does not storm a gateway that refuses everybody', async () => {
    gateway = await startFakeGateway(() => fakeError(403, 'QUEUE_CLOSED'));
    const report = await runCrowd({ gateway: gateway.url, event, visitors: 5, keep: 5, forMs: 500 });
    expect(report).toMatchObject({ arrived: 5, outcomes: { refused: 5 }, errors: { QUEUE_CLOSED: 5 } });
  });

  it('moves to the next gateway when one is gone', async () => {
    const dead = await startFakeGateway(() => 'cut');
    await dead.close();
    const { url } = await quickGateway();
    const report = await runCrowd({
      gateway: [dead.url, url],
      event,
      visitors: 10,
      thinkMaxMs: 0,
      forMs: 9_000,
    });
    expect(report.outcomes.entered).toBe(10);
    expect(report.connectionErrors).toEqual({ ECONNREFUSED: 5 });
  });

  it('goes nowhere but to this machine', async () => {
    await expect(runCrowd({ gateway: 'http://gateway.example', event })).rejects.toThrow('not this machine');
  });

  it('of nobody ends at once', async () => {
    const report = await runCrowd({ gateway: 'http://127.0.0.1:1', event, visitors: 0 });
    expect(report.arrived).toBe(0);
  });
});

describe('the program', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));

  async function run(args: readonly string[], isTimeToStop = () => false) {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (output.stdout += chunk));
    child.stderr.on('data', (chunk) => (output.stderr += chunk));
    const watch = setInterval(() => isTimeToStop() && child.kill('SIGTERM'), 50);
    const [code] = await once(child, 'close');
    clearInterval(watch);
    return { code: code as number, ...output };
  }

  it('refuses other machines and bad flags with exit 2 and a sentence', async () => {
    const away = await run(['--gateway', 'http://192.0.2.1:8000']);
    expect(away).toMatchObject({ code: 2, stdout: '' });
    expect(away.stderr).toContain('192.0.2.1 is not this machine');
    const bad = await run(['--visitors', 'many']);
    expect(bad).toMatchObject({ code: 2, stdout: '' });
    expect(bad.stderr).toContain('--visitors: "many" is not a whole number');
  }, 20_000);

  it('prints the report when all have ended, and when it is told to stop', async () => {
    const { url, calls } = await quickGateway();
    const common = ['--gateway', url, '--event', event, '--seed', '2'];
    const ended = await run([...common, '--visitors', '3', '--report', 'json']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect((JSON.parse(ended.stdout) as CrowdReport).outcomes.entered).toBe(3);
    const before = calls.length;
    const havePolled = () => calls.slice(before).filter(({ call }) => call === 'status').length > 9;
    const stopped = await run([...common, '--visitors', '3', '--never-enter', '1'], havePolled);
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(stopped.stdout).toContain('3 unfinished');
  }, 20_000);
});

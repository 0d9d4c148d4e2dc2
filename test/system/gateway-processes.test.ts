import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { goodToken } from '../helpers/fake-line.ts';
import { type Program, startProgram } from '../helpers/processes.ts';

const running: Program[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.stop()));
});

async function start(argv: readonly string[], env: Record<string, string> = {}) {
  const program = await startProgram({
    argv: ['test/helpers/fake-gateway.ts', ...argv],
    env: { SERVER_GRPC_PORT: '0', ...env },
    ready: /^listening (http:\/\/\S+)\n/m,
  });
  running.push(program);
  return { program, url: program.ready[1] ?? '' };
}

interface Readiness {
  readonly status: string;
  readonly dependencies: { readonly workers: { readonly detail: string } };
}

const readiness = async (url: string) => (await (await fetch(`${url}/readyz`)).json()) as Readiness;
const workersOf = async (url: string) => (await readiness(url)).dependencies.workers.detail;

/** Asks on new connections, so that several workers answer. */
async function poll(url: string, times: number): Promise<number[]> {
  const ask = () =>
    fetch(`${url}/api/v1/queue/status?token=${goodToken}`, { headers: { connection: 'close' } });
  const replies = [];
  for (let at = 0; at < times; at += 1) replies.push((await ask()).status);
  return replies;
}

const polled = async (url: string): Promise<string | undefined> =>
  /http_server_requests_total\{method="GET",route="\/api\/v1\/queue\/status",status="200"\} (\d+)/.exec(
    await (await fetch(`${url}/metrics`)).text(),
  )?.[1];

const join = (url: string): Promise<Response> =>
  fetch(`${url}/api/v1/queue/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"event_id":"evt_demo"}',
  });

/** Resolves once a join has come in, which takes two seconds. */
const isJoining = (program: Program) => eventually(() => program.output().stdout.includes('joining'));

/** Resolves once a signal was heard: the gateway is not ready any more, or nobody listens. */
const hasHeard = (url: string) =>
  eventually(() =>
    readiness(url).then(
      ({ status }) => status !== 'ready',
      () => true,
    ),
  );

for (const workers of ['1', '3']) {
  describe(`a gateway of ${workers}`, () => {
    it('says on stdout where it listens, HTTP last, and answers for all workers', async () => {
      const { program, url } = await start(['--workers', workers, '--port', '0']);
      expect(await readiness(url)).toMatchObject({
        status: 'ready',
        dependencies: { workers: { ok: true, detail: `${workers} of ${workers}` } },
      });
      await poll(url, 9);
      for (let asked = 0; asked < 3; asked += 1) expect(await polled(url)).toBe('9');
      const [grpc, http, ...rest] = program.output().stdout.split('\n');
      expect([grpc, http, rest]).toEqual([
        expect.stringMatching(/^listening grpc:\/\/127\.0\.0\.1:\d+$/),
        `listening ${url}`,
        [''],
      ]);
      expect(Number(grpc?.split(':').at(-1))).not.toBe(Number(new URL(url).port));
    });

    it('stops on SIGTERM: not ready, requests finished, exit 0', async () => {
      const { program, url } = await start(['--workers', workers, '--port', '0']);
      const inFlight = join(url);
      await isJoining(program);
      program.child.kill('SIGTERM');
      const reply = await inFlight;
      expect([reply.status, reply.headers.get('connection')]).toEqual([503, 'close']);
      expect(await program.ended).toEqual({ code: 0, signal: null });
    });

    it('ends at once on a second signal', async () => {
      const { program, url } = await start(['--workers', workers, '--port', '0']);
      const inFlight = join(url).catch(() => 'cut');
      await isJoining(program);
      program.child.kill('SIGINT');
      // Two that come before the first is heard are one.
      await hasHeard(url);
      const signalledMs = performance.now();
      program.child.kill('SIGINT');
      expect(await program.ended).toEqual({ code: 130, signal: null });
      expect(performance.now() - signalledMs).toBeLessThan(500);
      expect(await inFlight).toBe('cut');
    });

    it('does not start on a port in use, and says so', async () => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const address = other.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      await expect(start(['--workers', workers, '--port', String(port)])).rejects.toThrow(
        `port ${port} of 127.0.0.1 is in use: choose another by --port or SERVER_PORT`,
      );
      await expect(start(['--workers', workers, '--port', '0', '--grpc-port', String(port)])).rejects.toThrow(
        `port ${port} of 127.0.0.1 is in use: choose another by --grpc-port or SERVER_GRPC_PORT`,
      );
      await new Promise((resolve) => other.close(resolve));
    });

    it('does not start without a line, and says why', async () => {
      await expect(
        start(['--workers', workers, '--port', '0'], { FAKE_LINE_FAILURE: 'no line today' }),
      ).rejects.toThrow(/ended before it was ready \(1\)[\s\S]*no line today/);
    });
  });
}

it('a worker that dies is replaced, while the others serve', async () => {
  const { program, url } = await start(['--workers', '2', '--port', '0']);
  const workers = (): number[] =>
    execFileSync('ps', ['-o', 'pid=', '--ppid', String(program.pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/)
      .map(Number);
  const [dying = 0, ...others] = workers();
  expect(others.length).toBe(1);
  process.kill(dying, 'SIGKILL');
  // Connections of the dead one may break; whoever asks again is served, by the other or by the new one.
  await expect
    .poll(() => !workers().includes(dying) && workers().length === 2, { timeout: 15_000 })
    .toBe(true);
  expect((await readiness(url)).status).toBe('ready');
  expect(new Set(await poll(url, 4))).toEqual(new Set([200]));
  await expect.poll(() => workersOf(url), { timeout: 40_000 }).toBe('2 of 2');
});

it('settings: shown with --print-config, refused all at once with exit 2', async () => {
  const env = { SERVER_PORT: 'x', REDIS_SENTINELS: 'a' };
  await expect(start([], env)).rejects.toThrow(
    /ended before it was ready \(2\)[\s\S]*SERVER_PORT is "x"[\s\S]*REDIS_SENTINELS is "a"/,
  );
  const shown = startProgram({
    argv: ['test/helpers/fake-gateway.ts', '--print-config', '--port', '9'],
    env: { JWT_SECRET: 'hunter2' },
    ready: /TACOS_TIME_ZONE=UTC {2}# default\n/,
  });
  const program = await shown;
  const { stdout } = program.output();
  expect(stdout).toContain('SERVER_PORT=9  # argument\n');
  expect(stdout).toContain('JWT_SECRET=***  # environment\n');
  expect(await program.ended).toEqual({ code: 0, signal: null });
});

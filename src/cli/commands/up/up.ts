import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import type { ActRequest } from '../../../contract/actions.ts';
import type { AdminApi } from '../../admin-api.ts';
import { type Cli, clientName, requestTimeoutMs } from '../../cli.ts';
import { formatDuration, parseDuration } from '../../duration.ts';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { removeLocal, writeLocal } from '../../local.ts';
import { badgeOf } from '../../mutation.ts';
import { count, rate } from '../../output/format.ts';
import { defaultDataDir } from '../../paths.ts';
import { pause, type Runtime } from '../../runtime.ts';
import { Feed } from '../../watch/feed.ts';
import { watchLines } from '../../watch/line-watch.ts';
import { canShowScreen, printer } from '../queue/watch.ts';
import { soldSeats } from './backends.ts';
import { type DataDir, openDataDir } from './data-dir.ts';
import { Fleet } from './processes.ts';

/** Flags of `tacos up`. */
export interface UpFlags {
  readonly headless?: boolean;
  readonly visitors: number;
  readonly gatewayPort: number;
  readonly adminPort: number;
  /** Default `grpcPortDefault`, but a free one where the gateway's is. */
  readonly grpcPort?: number;
  readonly dataDir?: string;
  readonly workers?: number;
  readonly for?: string;
}

const grpcPortDefault = 8_001;

// No capacity of its own: the default of 100 grows with the refill, so a raised refill is reached without a second setting.
const demo = { event: 'evt_demo', name: 'Demo', refillPerSec: 10 } as const;
const demoRequest: ActRequest = {
  events: [demo.event],
  action: { type: 'event.create', name: demo.name, refillPerSec: demo.refillPerSec },
};

/** `tacos up`: everything on this machine until told to stop. Ends with 0 whatever stopped it. */
export async function up(cli: Cli, flags: UpFlags): Promise<number> {
  const { runtime } = cli;
  const forMs = flags.for === undefined ? undefined : parseDuration('--for', flags.for);
  const isScreen = flags.headless !== true && canShowScreen(cli, 'auto');
  const data = openDataDir(flags.dataDir ?? defaultDataDir(runtime), runtime.userName);
  const note = noteWriter(runtime, data, isScreen);
  const fleet = new Fleet({ runtime, data, note });
  // Should this process be ended the hard way, nothing that it started stays behind.
  const killAll = (): void => fleet.kill();
  process.once('exit', killAll);
  const { signal } = runtime.stop;
  try {
    const { grpcPort = flags.gatewayPort === 0 ? 0 : grpcPortDefault } = flags;
    const addresses = await fleet.start({ ...flags, grpcPort }, signal);
    if (signal.aborted) return exitCodes.done;
    const api = await connect(runtime, addresses.admin, data);
    await createDemo(api, signal);
    const environment = (await api.version()).environment;
    const { admin, gateway, grpc, redis } = addresses;
    const others = writeLocal(runtime, data.path, {
      server: admin,
      tokenFile: data.tokenFile,
      gateway,
      pid: process.pid,
      environment,
    });
    // Straight to stderr: the screen is not open yet.
    for (const other of others)
      runtime.stderr.write(`note: "local" is this one now; for the other: export TACOS_DATA_DIR=${other}\n`);
    const hasVisitors =
      flags.visitors === 0 || (await fleet.startVisitors(addresses, flags.visitors, signal));
    if (!hasVisitors) note('there is no simulator here, so no visitors come');
    const ready = `ready gateway=${gateway} admin=${admin} grpc=${grpc} redis=${redis}\n`;
    if (flags.headless === true) runtime.stdout.write(ready);
    else if (!isScreen) runtime.stderr.write(ready);
    await serve(cli, api, {
      ...(forMs === undefined ? {} : { forMs }),
      isScreen,
      isHeadless: flags.headless === true,
      backends: addresses.backends,
    });
    return exitCodes.done;
  } catch (error) {
    if (signal.aborted) return exitCodes.done;
    throw error;
  } finally {
    removeLocal(runtime, data.path, process.pid);
    await fleet.stop();
    process.off('exit', killAll);
    data.release();
  }
}

/** Shows what is going on until the time is over, the operator leaves or a signal comes; then sums it up. */
async function serve(
  cli: Cli,
  api: AdminApi,
  options: { forMs?: number; isScreen: boolean; isHeadless: boolean; backends: string | undefined },
): Promise<void> {
  const { runtime } = cli;
  const { forMs, isScreen, isHeadless, backends } = options;
  const { clock, random, stop } = runtime;
  const startedAtMs = clock.monotonic();
  const before = await api.snapshot(demo.event);
  const ended = new AbortController();
  const timer = forMs === undefined ? undefined : setTimeout(() => ended.abort('SIGTERM'), forMs);
  const signal = AbortSignal.any([stop.signal, ended.signal]);
  try {
    const feed = new Feed({ api, event: demo.event, clock, signal, random });
    if (isHeadless) await untilAborted(signal);
    else if (isScreen) {
      const { openScreen } = await import('../../tui/open.ts');
      const badge = (): string => badgeOf(api.environment);
      const shown = { ...cli, runtime: { ...runtime, stop: { signal } } };
      await openScreen(shown, { feed, badge, context: 'local', event: demo.event });
    } else {
      await watchLines({
        feed,
        api,
        clock,
        signal,
        intervalMs: 1_000,
        form: 'rows',
        headers: true,
        print: printer(cli),
      });
    }
  } finally {
    clearTimeout(timer);
    ended.abort('SIGTERM');
  }
  const after = await api.snapshot(demo.event).catch(() => undefined);
  if (after === undefined) return;
  const sec = (clock.monotonic() - startedAtMs) / 1000;
  const admitted = after.admittedTotal - before.admittedTotal;
  const sold = backends === undefined ? undefined : await soldSeats(backends, demo.event);
  const seats = sold === undefined ? '' : `, sold ${count(sold.sold)} of ${count(sold.seats)} seats`;
  runtime.stderr.write(
    `${demo.event}: admitted ${count(admitted)}, waiting ${count(after.waiting)}, ` +
      `${rate(admitted / Math.max(sec, 1))}/s over ${formatDuration(sec)}${seats}\n`,
  );
}

async function connect(runtime: Runtime, server: string, data: DataDir): Promise<AdminApi> {
  const token = readFileSync(data.tokenFile, 'utf8').trim();
  const client = clientName(runtime);
  return runtime.connect({ server, token, client, timeoutMs: requestTimeoutMs, unreachableHint: 'tacos up' });
}

/** Makes the demo event unless it is there. The admin API may still be looking for its Redis. */
async function createDemo(api: AdminApi, signal: AbortSignal): Promise<void> {
  const idempotencyKey = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    try {
      await api.act(demoRequest, { idempotencyKey });
      return;
    } catch (error) {
      if (error instanceof CliError && error.details.code === 'EVENT_EXISTS') return;
      if (attempt === 20 || signal.aborted) throw error;
    }
    await pause(250, signal);
  }
}

/** Notes go to a log, and to stderr where no screen would be spoilt. */
function noteWriter(runtime: Runtime, data: DataDir, isScreen: boolean): (line: string) => void {
  const file = data.log('up');
  return (line) => {
    appendFileSync(file, `${new Date(runtime.clock.now()).toISOString()} ${line}\n`);
    if (!isScreen) runtime.stderr.write(`note: ${line}\n`);
  };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });

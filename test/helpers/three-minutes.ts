/** A sale of three minutes, lived through: its CLI is killed after the first step, its admin API in the middle. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StepOutcome } from '../../src/contract/sale.ts';
import { SaleStore } from '../../src/queue/sale-store.ts';
import { keysOf } from '../../src/queue/scripts.ts';
import { runCrowd } from '../../src/simulator/crowd.ts';
import type { CrowdReport } from '../../src/simulator/report.ts';
import { eventually } from './eventually.ts';
import { pause } from './fleet.ts';
import { type Office, tokenOf } from './office.ts';
import { root } from './processes.ts';

/** After the opening, s; the last one is three minutes after the file is applied. */
const opensAfterSec = 45;
const steps: readonly (readonly [string, number, string])[] = [
  ['1.message', -25, 'message: "doors open soon"'],
  ['2.bucket', -15, 'refill: 20, capacity: 100'],
  ['3.window', 0, 'window: 400'],
  ['4.bucket', 10, 'refill: 40, ramp: 10s'],
  ['5.bucket', 45, 'refill: 30, for: 20s'],
  ['6.message', 90, 'message: "few are left", for: 10m'],
  ['7.bucket', 135, 'refill: 5, capacity: 200'],
];
/** Shortly before its time the admin API is killed. */
const interrupted = '4.bucket';
/** Fewer than come before the opening: the others are refused at first. */
const maxWaiting = 50;
const visitors = 200;
/** Before the opening, ms. */
const prequeueMs = 33_000;

/** What was seen. */
export interface LongSale {
  /** Steps in the order of the file, the opening not among them. */
  readonly steps: readonly { readonly step: string; readonly dueMs: number }[];
  readonly outcomes: ReadonlyMap<string, StepOutcome>;
  readonly state: string;
  /** Step that was due while no admin process was there, and when one was again, ms. */
  readonly interrupted: { readonly step: string; readonly backAtMs: number };
  /** How the process of `tacos sale apply --wait` ended. */
  readonly cli: NodeJS.Signals | null;
  readonly seen: CrowdReport;
}

/** Makes the event, applies the file and waits until the sale is done. Takes a little more than three minutes. */
export async function runThreeMinutes(office: Office, event: string): Promise<LongSale> {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const made = await office.tacos([
    ...['event', 'create', event, '--opens-at', iso(Date.now() + 3_600_000), '--refill', '10'],
    ...['--max-waiting', String(maxWaiting), '--reason', 'a new sale'],
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  const opensMs = Date.now() + opensAfterSec * 1000;
  const path = join(office.home, `${event}.yaml`);
  const lines = [
    ...['apiVersion: tacos/v1', 'kind: Sale', `event: ${event}`, `opensAt: "${iso(opensMs)}"`],
    ...[`prequeueFrom: "${iso(opensMs - prequeueMs)}"`, 'lasts: 1h', `visitors: ${visitors}`, 'steps:'],
    ...steps.map(([, at, change]) => `  - {at: ${at}s, ${change}}`),
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);

  const sales = new SaleStore(office.client);
  const sale = () => sales.read({ keys: keysOf(event) });
  const isDone = async (step: string): Promise<boolean> => (await sale())?.outcomes.has(step) ?? false;
  const until = (step: string) => eventually(() => isDone(step), { withinMs: 120_000, everyMs: 500 });
  const child = spawn(`${root}bin/tacos`, ['sale', 'apply', path, '--reason', 'on sale tonight', '--wait'], {
    cwd: tmpdir(),
    env: {
      ...process.env,
      ...{ NODE_OPTIONS: '', HOME: office.home, XDG_CONFIG_HOME: join(office.home, 'config') },
      ...{ TACOS_SERVER: office.admins[0]?.url, TACOS_TOKEN: tokenOf('omar'), CI: '1' },
    },
    stdio: 'ignore',
  });
  const cliEnded = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('close', (_code, signal) => resolve(signal));
  });
  try {
    await eventually(async () => (await sale()) !== undefined, { withinMs: 20_000, everyMs: 200 });
    // The first ones come before anybody may join, where the machine is not too slow for that.
    await pause(Math.max(0, opensMs - prequeueMs - 1_500 - Date.now()));
    const crowd = runCrowd({
      ...{ gateway: office.urls, event, visitors, connections: 8, leave: 0.1, leaveWithinMs: 20_000 },
      arrivals: { kind: 'poisson', perSec: 20 },
    });
    await until('1.message');
    child.kill('SIGKILL');
    const cli = await cliEnded;

    const [, atSec = 0] = steps.find(([id]) => id === interrupted) ?? [];
    await pause(Math.max(0, opensMs + (atSec - 1) * 1000 - Date.now()));
    office.admins[0]?.child.kill('SIGKILL');
    await office.admins[0]?.ended;
    await office.addAdmin();
    const backAtMs = Date.now();
    await eventually(async () => (await sale())?.state === 'done', { withinMs: 200_000, everyMs: 1_000 });
    const { outcomes = new Map(), state = '' } = (await sale()) ?? {};
    return {
      steps: steps.map(([step, at]) => ({ step, dueMs: opensMs + at * 1000 })),
      outcomes,
      state,
      interrupted: { step: interrupted, backAtMs },
      cli,
      seen: await crowd,
    };
  } finally {
    child.kill('SIGKILL');
  }
}

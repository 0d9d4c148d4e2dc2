/** A real k6, run on the scenarios as they are. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findK6 } from '../../scripts/lib/k6.mjs';
import { root } from './processes.ts';

/** What k6 says at the end of a run; the values by their names, such as `count` or `p(95)`. */
export interface K6Summary {
  readonly state: { readonly testRunDurationMs: number };
  readonly metrics: Readonly<
    Record<
      string,
      {
        readonly values: Readonly<Record<string, number>>;
        readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
      }
    >
  >;
}

export interface K6Run {
  readonly code: number | null;
  readonly summary: K6Summary;
  /** One value of one metric; 0 where there was no sample. */
  value(metric: string, value: string): number;
  /** Metrics of which a threshold was crossed. */
  readonly crossed: readonly string[];
  readonly output: string;
}

/** Path of k6. @throws Error where there is none: `npm run test:k6` brings it */
export function k6Path(): string {
  const path = findK6();
  if (path === undefined) throw new Error('there is no k6: npm run test:k6 brings it');
  return path;
}

/** Runs a scenario to its end. */
export async function runK6(scenario: string, env: Readonly<Record<string, string>>): Promise<K6Run> {
  const folder = mkdtempSync(join(tmpdir(), 'tacos-k6-'));
  const file = join(folder, 'summary.json');
  const child = spawn(k6Path(), ['run', '--quiet', '--address', '', join(root, 'k6', `${scenario}.js`)], {
    env: { ...process.env, ...env, TACOS_SUMMARY: file },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  process.off('exit', kill);
  try {
    const summary = JSON.parse(readFileSync(file, 'utf8')) as K6Summary;
    const isCrossed = ({ thresholds = {} }: K6Summary['metrics'][string]): boolean =>
      Object.values(thresholds).some(({ ok }) => !ok);
    return {
      code,
      summary,
      value: (metric, value) => summary.metrics[metric]?.values[value] ?? 0,
      crossed: Object.keys(summary.metrics).filter((name) =>
        isCrossed(summary.metrics[name] ?? { values: {} }),
      ),
      output,
    };
  } catch (cause) {
    throw new Error(`k6 ended with ${code} and without a summary:\n${output}`, { cause });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each scenario so small that it is over in seconds, with enough visitors for every check to have something to see. */
export const small: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  smoke: { TACOS_SCALE: '2', TACOS_TIME_SCALE: '0.2' },
  join: { TACOS_SCALE: '0.05', TACOS_TIME_SCALE: '0.04', TACOS_VUS: '8' },
  journey: { TACOS_SCALE: '0.4', TACOS_TIME_SCALE: '0.03' },
  '5k': { TACOS_SCALE: '0.02', TACOS_TIME_SCALE: '0.1', TACOS_VUS: '20' },
  '30k': { TACOS_SCALE: '0.005', TACOS_TIME_SCALE: '0.1', TACOS_VUS: '20' },
  spike: { TACOS_SCALE: '0.02', TACOS_TIME_SCALE: '0.15', TACOS_VUS: '20' },
  soak: { TACOS_SCALE: '0.2', TACOS_TIME_SCALE: '0.003', TACOS_VUS: '20' },
  abuse: { TACOS_SCALE: '1', TACOS_TIME_SCALE: '0.1' },
};

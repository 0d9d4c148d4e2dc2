/** One k6 under way: started, asked how it goes, told to stop, and what it left behind. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Longest that k6 may take to stop when told to, ms; then it is ended the hard way. */
const stopMs = 20_000;
const askMs = 900;
/** Of what k6 says, the end is kept. */
const saidMax = 20_000;
/** Linux counts CPU in hundredths of a second. */
const ticksPerSec = 100;

export interface K6Options {
  readonly path: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Port on which k6 says how it goes. */
  readonly port: number;
}

/** Figures while it runs, from the start of the run. */
export interface K6Figures {
  readonly iterations: number;
  readonly active: number;
  readonly requests: number;
  readonly dropped: number;
  readonly failedRatio: number;
  readonly p95Ms: number;
}

const repliesSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      attributes: z.object({ sample: z.record(z.string(), z.number()) }),
    }),
  ),
});

export class K6Process {
  /** Exit code; 128 and more where a signal ended it. */
  readonly ended: Promise<number>;
  private readonly child: ChildProcess;
  private readonly port: number;
  private said = '';
  private cpu = 0;

  constructor({ path, script, env, port }: K6Options) {
    this.port = port;
    // In a process group of its own: Ctrl-C reaches it through us alone, once; twice, it would not sum up.
    this.child = spawn(path, ['run', '--quiet', '--address', `127.0.0.1:${port}`, script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: env as NodeJS.ProcessEnv,
      detached: process.platform !== 'win32',
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.said = (this.said + text).slice(-saidMax);
      });
    }
    // Should this process be ended the hard way, k6 does not stay behind.
    const kill = (): void => void this.child.kill('SIGKILL');
    process.once('exit', kill);
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        process.off('exit', kill);
        resolve(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGKILL' ? 137 : 143));
      });
    });
  }

  /** Told to stop, k6 ends what is under way and sums up. */
  stop(): void {
    this.child.kill('SIGINT');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), stopMs);
    const clear = (): void => clearTimeout(timer);
    this.ended.then(clear, clear);
  }

  /** What it said on its outputs, the end of it. */
  get lastWords(): string {
    return this.said;
  }

  /** CPU that it has used so far, s; the last that was seen once it has ended. */
  cpuSec(): number {
    const { pid } = this.child;
    if (pid !== undefined) this.cpu = Math.max(this.cpu, cpuSecOf(pid) ?? 0);
    return this.cpu;
  }

  /** How it goes; undefined where k6 does not say, as before its start, or in versions that cannot. */
  async figures(): Promise<K6Figures | undefined> {
    try {
      const url = `http://127.0.0.1:${this.port}/v1/metrics`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(askMs) });
      const { data } = repliesSchema.parse(await answer.json());
      const value = (id: string, name: string): number =>
        data.find((each) => each.id === id)?.attributes.sample[name] ?? 0;
      return {
        iterations: value('iterations', 'count'),
        active: value('vus', 'value'),
        requests: value('http_reqs', 'count'),
        dropped: value('dropped_iterations', 'count'),
        failedRatio: value('http_req_failed', 'rate'),
        p95Ms: value('http_req_duration', 'p(95)'),
      };
    } catch {
      return undefined;
    }
  }
}

/** CPU of a process, s; undefined where it cannot be had. */
function cpuSecOf(pid: number): number | undefined {
  try {
    if (process.platform === 'linux') {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSec;
    }
    const { stdout } = spawnSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' });
    const parts = stdout.trim().split(/[:-]/).map(Number);
    if (parts.length < 2 || parts.some(Number.isNaN)) return undefined;
    return parts.reduce((sum, part) => sum * 60 + part, 0);
  } catch {
    return undefined;
  }
}

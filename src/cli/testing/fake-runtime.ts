/** A machine for one command line: its own home, captured output, a fake API behind every server. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ApiTarget } from '../api-transport.ts';
import type { StopReason } from '../exit-codes.ts';
import { writeLocal } from '../local.ts';
import { configFile } from '../paths.ts';
import { run } from '../run.ts';
import type { Runtime } from '../runtime.ts';
import { FakeApi } from './fake-api.ts';

/** What a command line came to. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class FakeMachine {
  readonly home = mkdtempSync(join(tmpdir(), 'tacos-cli-'));
  readonly api = new FakeApi();
  /** Environment of the next command; a server and a token unless a test says otherwise. */
  env: Record<string, string | undefined> = { TACOS_SERVER: 'http://127.0.0.1:1', TACOS_TOKEN: 'env-token' };
  readonly targets: ApiTarget[] = [];
  readonly asked: string[] = [];
  /** What the person types; undefined = nobody there. */
  answer: string | undefined;
  private stop = new AbortController();

  /** Runs one command line. */
  async run(...argv: string[]): Promise<Ran> {
    const out = { stdout: '', stderr: '' };
    const sink = (name: keyof typeof out) => ({
      write: (text: string) => {
        out[name] += text;
      },
    });
    this.stop = new AbortController();
    const runtime: Runtime = {
      ...this.place(),
      stdout: sink('stdout'),
      stderr: sink('stderr'),
      isInteractive: this.answer !== undefined,
      clock: { now: () => Date.parse('2026-11-21T05:03:21Z'), monotonic: () => performance.now() },
      stop: { signal: this.stop.signal },
      userName: 'mina',
      hostName: 'desk-1',
      version: '1.2.3',
      random: () => 0,
      ask: async (question) => {
        this.asked.push(question);
        return this.answer ?? '';
      },
      connect: (target) => {
        this.targets.push(target);
        return this.api;
      },
      entry: (program) => join(this.home, program, 'main.js'),
      readStdin: async () => 'stdin-token\n',
    };
    const code = await run(argv, runtime);
    return { code, ...out };
  }

  /** Sends a signal to the running command. */
  signal(reason: StopReason): void {
    this.stop.abort(reason);
  }

  /** Writes config.yaml. */
  config(text: string): void {
    const file = configFile(this.place());
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Makes a `tacos up` run here; a pid that is gone makes a dead one. */
  local(pid = process.pid, server = 'http://127.0.0.1:2', folder = 'data'): string {
    const dataDir = join(this.home, folder);
    mkdirSync(dataDir, { recursive: true });
    const tokenFile = join(dataDir, 'operator.token');
    writeFileSync(tokenFile, 'local-token\n');
    const gateway = 'http://127.0.0.1:3';
    writeLocal(this.place(), dataDir, { server, tokenFile, gateway, pid, environment: 'development' });
    return dataDir;
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  private place() {
    return { env: this.env, home: this.home, platform: 'linux' as const };
  }
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GlobalFlags } from './cli.ts';
import type { Runtime } from './runtime.ts';
import { FakeMachine } from './testing/fake-runtime.ts';
import { isOlder, noticeOf } from './update-notice.ts';

let machine: FakeMachine;
let asked: number;
let nowMs: number;
beforeEach(() => {
  machine = new FakeMachine();
  asked = 0;
  nowMs = Date.parse('2026-11-21T05:03:21Z');
});
afterEach(() => machine.remove());

interface Case {
  readonly env?: Record<string, string>;
  readonly isTTY?: boolean;
  readonly version?: string;
  readonly output?: GlobalFlags['output'];
  readonly fails?: boolean;
}

function notice({ env = {}, isTTY = true, version = '1.2.3', output = 'table', fails = false }: Case = {}) {
  const stderr = { write: () => {}, isTTY };
  const clock = { now: () => nowMs, monotonic: () => 0 };
  const place = { env, home: machine.home, platform: 'linux', version, stderr, clock };
  return noticeOf(
    place as unknown as Runtime,
    { output, quiet: false },
    {
      version: async () => {
        asked += 1;
        if (fails) throw new Error('away');
        return { version: '2.0.0', environment: 'development', minCliVersion: '1.3.0' };
      },
    },
  );
}

describe('the notice of a server that wants a newer tacos', () => {
  it('is one line, once a day', async () => {
    expect(await notice()).toBe('note: this is tacos 1.2.3; the server is tested with 1.3.0 and newer');
    expect([await notice(), asked]).toEqual([undefined, 1]);
    nowMs += 86_400_000;
    expect([await notice(), asked]).toEqual([expect.stringContaining('1.3.0'), 2]);
  });

  it('is not for programs, pipes, CI, those who switched it off, nor where the server is away', async () => {
    for (const each of [
      { output: 'json' },
      { output: 'jsonl' },
      { isTTY: false },
      { env: { CI: 'true' } },
      { env: { TACOS_NO_UPDATE_NOTIFIER: '1' } },
    ] as const) {
      expect(await notice(each)).toBeUndefined();
    }
    expect(asked).toBe(0);
    expect(await notice({ fails: true })).toBeUndefined();
    expect(await notice({ version: '1.3.0' })).toBeUndefined();
  });
});

it('versions are compared by number', () => {
  expect([isOlder('1.9.0', '1.10.0'), isOlder('1.10.0', '1.9.9'), isOlder('2.0.0', '2.0.0')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([isOlder('0.9', '1.0.0'), isOlder('1.0.0-rc.1', '1.0.0'), isOlder('nonsense', '0.0.1')]).toEqual([
    true,
    false,
    true,
  ]);
});

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rememberEvents } from '../../src/cli/event-memory.ts';
import { root } from '../helpers/processes.ts';
import { openTerminal, type Terminal } from '../helpers/terminal.ts';

/** Interactive shells without anybody's settings, and how each takes the script. */
const shells = {
  bash: { argv: ['--norc', '--noprofile', '-i'], setup: 'source <(tacos completion bash)' },
  zsh: {
    argv: ['-f', '-i'],
    setup: 'autoload -Uz compinit; compinit -u -D; source <(tacos completion zsh)',
  },
  fish: { argv: ['--no-config', '-i'], setup: 'tacos completion fish | source' },
} as const;
type Shell = keyof typeof shells;

const isInstalled = (shell: Shell): boolean => {
  try {
    execFileSync('which', [shell], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const missing = (Object.keys(shells) as Shell[]).filter((shell) => !isInstalled(shell));
const present = (Object.keys(shells) as Shell[]).filter((shell) => !missing.includes(shell));

let home: string;
let server: Server;
let connections = 0;
let terminal: Terminal | undefined;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'tacos-tab-'));
  mkdirSync(join(home, 'bin'));
  const tacos = join(home, 'bin/tacos');
  writeFileSync(tacos, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/cli/main.js')}' "$@"\n`);
  chmodSync(tacos, 0o755);
  server = createServer((_, response) => response.end());
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
});
afterAll(() => {
  server.close();
  rmSync(home, { recursive: true, force: true });
});

/** A shell at its prompt, with completion switched on and two events seen a moment ago. */
async function open(shell: Shell): Promise<Terminal> {
  const place = { env: {}, home, platform: process.platform };
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  rememberEvents({ ...place, clock }, 'env', ['evt_summer', 'evt_winter']);
  const { argv, setup } = shells[shell];
  terminal = openTerminal({
    file: shell,
    argv,
    columns: 160,
    rows: 30,
    env: {
      HOME: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_CACHE_HOME: join(home, '.cache'),
      XDG_STATE_HOME: join(home, '.local/state'),
      PATH: `${join(home, 'bin')}:${process.env.PATH}`,
      PS1: '$ ',
      TACOS_SERVER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      TACOS_TOKEN: 'none',
    },
  });
  terminal.type(`${setup}\r`);
  terminal.type('echo rea""dy\r');
  await terminal.until('the prompt', (lines) => lines.some((line) => line.trim() === 'ready'), 20_000);
  return terminal;
}

/** Clears the line, types, and waits until the line that is being edited matches. */
async function completes(at: Terminal, typed: string, expected: RegExp): Promise<void> {
  at.type(`\u0015${typed}\t`);
  await at.until(String(expected), (lines) => lines.some((line) => expected.test(line)), 15_000);
}

let tried = 0;

/** Clears the line, types and asks for completion. A shell shows what is typed after TAB only once it has answered. */
async function tries(at: Terminal, typed: string): Promise<void> {
  tried += 1;
  const answered = `~${tried}~`;
  at.type(`\u0015${typed}\t`);
  at.type(answered);
  await at.until(answered, (lines) => lines.some((line) => line.trimEnd().endsWith(answered)), 20_000);
}

it('has every shell there in CI', () => {
  if (missing.length > 0) console.log(`not tested here, as it is not installed: ${missing.join(', ')}`);
  expect(process.env.CI === undefined ? [] : missing).toEqual([]);
});

describe.each(present)('TAB in %s', (shell) => {
  it('completes nouns, verbs, values and event ids seen by earlier commands, asking no server', async () => {
    const at = await open(shell);
    await completes(at, 'tacos simu', /tacos simulate\b/);
    await completes(at, 'tacos queue posi', /tacos queue positions\b/);
    await completes(at, 'tacos event list -o ya', /tacos event list -o yaml/);
    await completes(at, 'tacos queue get evt_su', /tacos queue get evt_summer/);
    await completes(at, 'tacos help exit', /tacos help exit-codes/);
    await completes(at, 'tacos bucket set evt_x --idem', /--idempotency-key/);
    expect(connections).toBe(0);
  });

  it('never completes a confirmation, nor a visitor', async () => {
    const at = await open(shell);
    for (const typed of [
      'tacos queue expire evt_x --confirm evt_su',
      'tacos queue remove evt_summer evt_wi',
    ]) {
      await tries(at, typed);
      expect(at.text()).toContain(typed);
      expect(at.text()).not.toMatch(/--confirm evt_summer|evt_winter/);
    }
    await completes(at, 'tacos simu', /tacos simulate\b/);
  });

  it('runs nothing that stands on the line', async () => {
    const at = await open(shell);
    const bait = join(home, `bait-${shell}`);
    await tries(at, `tacos queue get "$(touch ${bait})" > ${bait}.out `);
    await completes(at, 'tacos simu', /tacos simulate\b/);
    expect([existsSync(bait), existsSync(`${bait}.out`)]).toEqual([false, false]);
  });
});

it('is written for PowerShell too', () => {
  const script = execFileSync(join(home, 'bin/tacos'), ['completion', 'powershell'], { encoding: 'utf8' });
  expect(script).toContain('Register-ArgumentCompleter');
});

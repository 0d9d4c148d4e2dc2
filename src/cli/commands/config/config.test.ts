import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../testing/fake-runtime.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  machine.env = {};
});
afterEach(() => machine.remove());

const file = () => join(machine.home, '.config/tacos/config.yaml');

/** Settings by key, each as `value from origin`. */
async function settings(...argv: string[]): Promise<Record<string, string>> {
  const { stdout } = await machine.run('config', 'list', '-o', 'json', ...argv);
  const { items } = JSON.parse(stdout) as { items: { key: string; value: string | null; origin: string }[] };
  return Object.fromEntries(items.map(({ key, value, origin }) => [key, `${value} from ${origin}`]));
}

describe('config list', () => {
  it('says of each setting where it is from: built-in, file, environment, flag, the later the stronger', async () => {
    expect(await settings()).toMatchObject({
      context: 'null from built-in',
      token: 'null from built-in',
      color: 'auto from built-in',
      timeout: '10s from built-in',
    });
    machine.config(
      '{color: never, timeout: 20s, accessible: true, current: a, contexts: {a: {server: https://a.example}}}',
    );
    expect(await settings()).toMatchObject({
      context: `a from ${file()}`,
      server: `https://a.example from ${file()}`,
      color: `never from ${file()}`,
      timeout: `20s from ${file()}`,
      accessible: `true from ${file()}`,
    });
    machine.env = {
      TACOS_CONTEXT: 'a',
      TACOS_TOKEN: 'very-secret-token',
      TACOS_COLOR: 'always',
      TACOS_TIMEOUT: '30s',
      ACCESSIBLE: '0',
      LANG: 'ko_KR.EUC-KR',
    };
    expect(await settings()).toMatchObject({
      context: 'a from env TACOS_CONTEXT',
      token: 'set from env TACOS_TOKEN',
      color: 'always from env TACOS_COLOR',
      timeout: '30s from env TACOS_TIMEOUT',
      accessible: 'false from env ACCESSIBLE',
      ascii: 'true from env LANG',
    });
    const flags = [
      '-c',
      'a',
      '--no-color',
      '--ascii',
      '--accessible',
      '--timeout',
      '40s',
      '--token-file',
      '-',
    ];
    expect(await settings(...flags)).toMatchObject({
      context: 'a from flag --context',
      token: 'set from flag --token-file',
      color: 'never from flag --no-color',
      timeout: '40s from flag --timeout',
      ascii: 'true from flag --ascii',
      accessible: 'true from flag --accessible',
    });
  });

  it('never shows a token, and the origin in the table only when asked', async () => {
    machine.env = { TACOS_SERVER: 'http://127.0.0.1:1', TACOS_TOKEN: 'very-secret-token', NO_COLOR: '1' };
    const plain = (await machine.run('config', 'list')).stdout;
    const full = (await machine.run('config', 'list', '--show-origin')).stdout;
    expect([plain.includes('ORIGIN'), full.includes('env NO_COLOR')]).toEqual([false, true]);
    expect(plain + full).not.toContain('very-secret-token');
  });
});

describe('config get and set', () => {
  it('read back what was written', async () => {
    expect((await machine.run('config', 'set', 'timeout', '15s')).code).toBe(0);
    expect((await machine.run('config', 'get', 'timeout')).stdout).toBe('15s\n');
    await machine.run('config', 'set', 'accessible', 'true');
    expect(readFileSync(file(), 'utf8')).toContain('accessible: true');
    machine.env = { TACOS_SERVER: 'http://127.0.0.1:1', TACOS_TOKEN: 't' };
    await machine.run('queue', 'list');
    expect(machine.targets.at(-1)?.timeoutMs).toBe(15_000);
  });

  it.each([
    [['set', 'timeout', 'soon'], 'timeout: a duration such as 10s'],
    [['set', 'ascii', 'maybe'], 'neither true nor false'],
    [['set', 'server', 'https://a'], '"server" cannot be set'],
    [['set', '__proto__', 'x'], 'cannot be set'],
    [['set', 'current', 'nowhere'], 'there is no context "nowhere"'],
    [['get', 'colour'], 'there is no setting "colour": there are context, '],
  ])('%j is exit 2', async (argv, message) => {
    const { code, stdout, stderr } = await machine.run('config', ...argv);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)]);
  });
});

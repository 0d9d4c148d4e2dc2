import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allOf, buildProgram, pathOf } from './program.ts';
import { FakeMachine } from './testing/fake-runtime.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

describe('help', () => {
  it('of every command shows examples first, in 80 columns, exit 0', async () => {
    const commands = allOf(buildProgram('1', () => {})).filter(({ commands: { length } }) => length === 0);
    expect(commands.length).toBeGreaterThanOrEqual(10);
    for (const path of commands.map(pathOf).filter((each) => each !== 'help')) {
      const { code, stdout, stderr } = await machine.run(...path.split(' '), '--help');
      expect([path, code, stderr]).toEqual([path, 0, '']);
      expect(stdout).toMatch(/^Usage: tacos .*\n\nExamples:\n {2}tacos /);
      const long = stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('  tacos '));
      expect(long).toEqual([]);
    }
  });

  it('of a bare group goes to stderr with exit 2', async () => {
    for (const words of [[], ['queue'], ['bucket']]) {
      const { code, stdout, stderr } = await machine.run(...words);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('Usage: tacos');
    }
  });

  it('has the version beside it', async () => {
    expect(await machine.run('-V')).toEqual({ code: 0, stdout: 'tacos 1.2.3\n', stderr: '' });
  });
});

describe('a command line that cannot be meant', () => {
  it.each([
    [['queue', 'wach'], "unknown command 'wach' (Did you mean watch?)"],
    [['queue', 'list', '--reason', 'x'], "unknown option '--reason'"],
    [['queue', 'get'], "missing required argument 'EVT'"],
    [['queue', 'list', '-o', 'xml'], '--output "xml" is not one of table, wide, name, json, yaml, jsonl'],
    [['queue', 'list', '--fields', 'a;b'], '--fields "a;b" is not a list of paths'],
    [['queue', 'list', '--color', 'blue'], '--color "blue" is not one of'],
    [['queue', 'list', '--timeout', 'soon'], '--timeout "soon" is not a duration'],
    [['queue', 'watch', 'evt_x', '--tui', 'maybe'], '--tui "maybe" is not one of'],
    [['queue', 'watch', 'evt_x', '-o', 'yaml'], 'prints a stream'],
    [['queue', 'watch', 'evt_x', '--until', 'x'], '--until cannot read "x"'],
    [['queue', 'watch', 'evt_x', '--interval', '1ms'], 'shorter than 250ms'],
    [['bucket', 'set', 'evt_x', '--refill', 'fast'], 'It must be a number.'],
    [['up', '--gateway-port', '70000'], 'a whole number from 0 to 65535'],
  ])('%j is exit 2 and sends nothing', async (argv, message) => {
    const { code, stdout, stderr } = await machine.run(...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain('exit 2\n');
  });

  it('is one JSON line on stderr where JSON was asked for, wherever that stands', async () => {
    for (const argv of [
      ['queue', 'wach', '-o', 'json'],
      ['-o', 'json', 'queue', 'wach'],
      ['--output=jsonl', 'queue', 'wach'],
    ]) {
      const { stdout, stderr } = await machine.run(...argv);
      expect([stdout, stderr.trimEnd().split('\n').length]).toEqual(['', 1]);
      expect(JSON.parse(stderr).error).toMatchObject({ code: 'USAGE', exitCode: 2, applied: 'no' });
    }
  });
});

describe('a fault of ours', () => {
  it('is exit 1 with a crash file, and a stack only for -vv', async () => {
    machine.api.failures.listEvents = new TypeError('x is not a function');
    const { code, stderr } = await machine.run('queue', 'list');
    expect(code).toBe(1);
    expect(stderr).not.toContain('    at ');
    const folder = join(machine.home, '.local/state/tacos/crashes');
    expect(readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8')).toContain('x is not a function');
    expect((await machine.run('queue', 'list', '-vv')).stderr).toContain('    at ');
  });
});

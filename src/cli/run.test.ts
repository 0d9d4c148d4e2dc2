import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topics } from './commands/help/topics.ts';
import { exitCodes, stopCodes } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import { FakeMachine } from './testing/fake-runtime.ts';
import { allOf, pathOf } from './tree.ts';

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

describe('flags', () => {
  it('may stand before the noun, between noun and verb, and after it', async () => {
    for (const argv of [
      ['bucket', 'set', 'evt_x', '--refill', '80', '-o', 'json'],
      ['-o', 'json', 'bucket', '--refill', '80', 'set', 'evt_x'],
      ['--refill=80', '-qo', 'json', 'bucket', 'set', 'evt_x'],
      ['-ojson', 'bucket', '--reason', 'set the bucket', 'set', 'evt_x', '--refill', '80'],
    ]) {
      const { code, stdout } = await machine.run(...argv);
      expect([argv, code]).toEqual([argv, 0]);
      expect(JSON.parse(stdout).kind).toBe('Change');
      expect(machine.api.acts.at(-1)?.request.action).toMatchObject({ refillPerSec: 80 });
    }
  });

  it('are never taken for the words of a command', async () => {
    const { code, stderr } = await machine.run('--reason', 'queue', 'bucket', 'set', 'evt_x');
    expect([code, stderr.includes('bucket set')]).toEqual([2, true]);
  });
});

describe('--fields and --sort', () => {
  it('of unknown paths are exit 2 naming the known ones, and print nothing', async () => {
    for (const [argv, wrong] of [
      [
        ['queue', 'list', '--fields', 'event,waitng'],
        '--fields does not know the field "waitng": it knows admitPerSec, ',
      ],
      [['queue', 'get', 'evt_x', '-o', 'json', '--fields', 'bucket.tokenz'], 'bucket.tokens, '],
      [['queue', 'list', '--sort', 'wait'], '--sort does not know the field "wait"'],
      [['queue', 'list', '--sort', 'a b'], '--sort "a b" is not a path'],
      [['queue', 'get', 'evt_x', '--sort', 'waiting'], '--sort is for lists'],
    ] as const) {
      const { code, stdout, stderr } = await machine.run(...argv);
      expect([argv, code, stdout]).toEqual([argv, 2, '']);
      expect(stderr).toContain(wrong);
    }
  });

  it('take a field that is optional and absent everywhere', async () => {
    expect((await machine.run('event', 'list', '--fields', 'event,opensAt')).code).toBe(0);
  });

  it('sort numbers as numbers and texts as texts, absent ones last, either way', async () => {
    const [first] = machine.api.eventsNow;
    if (first === undefined) throw new Error('no event');
    machine.api.eventsNow = [
      { ...first, event: 'evt_b', waiting: 9 },
      { ...first, event: 'evt_a', waiting: 100, opensAt: '2026-12-01T00:00:00Z' },
      { ...first, event: 'evt_c', waiting: 10 },
    ];
    const order = async (key: string) =>
      (await machine.run('event', 'list', '-o', 'name', '--sort', key)).stdout.trim().split('\n');
    expect(await order('waiting')).toEqual(['evt_b', 'evt_c', 'evt_a']);
    expect(await order('-waiting')).toEqual(['evt_a', 'evt_c', 'evt_b']);
    expect(await order('-event')).toEqual(['evt_c', 'evt_b', 'evt_a']);
    expect(await order('opensAt')).toEqual(['evt_a', 'evt_b', 'evt_c']);
    expect(await order('-opensAt')).toEqual(['evt_a', 'evt_b', 'evt_c']);
  });
});

describe('help', () => {
  it('of every topic fits 80 columns', async () => {
    for (const { name } of topics) {
      const { code, stdout } = await machine.run('help', name);
      expect([name, code, stdout.split('\n').filter((line) => line.length > 80)]).toEqual([name, 0, []]);
    }
  });

  it('of exit-codes has every code that the program uses', async () => {
    const { stdout } = await machine.run('help', 'exit-codes');
    const codes = [...Object.values(exitCodes), ...Object.values(stopCodes)];
    expect(codes.filter((code) => !new RegExp(`^  ${code} `, 'm').test(stdout))).toEqual([]);
  });

  it('of a command is its -h, of nothing all commands and topics, of another word exit 2', async () => {
    const [asTopic, asFlag] = [
      await machine.run('help', 'bucket', 'set'),
      await machine.run('bucket', 'set', '-h'),
    ];
    expect(asTopic).toEqual(asFlag);
    const all = (await machine.run('help')).stdout;
    expect(all).toContain('Usage: tacos');
    expect(all).toContain('guard-rails');
    expect(all).not.toContain('complete [WORDS');
    const { code, stderr } = await machine.run('help', 'bukket');
    expect([code, stderr]).toEqual([2, expect.stringContaining('no topic and no command "bukket"')]);
  });

  it('names related commands and the topic behind them', async () => {
    const { stdout } = await machine.run('bucket', 'set', '-h');
    expect(stdout).toMatch(/Related:\n {2}tacos bucket get\n[\s\S]* {2}tacos help guard-rails\n$/);
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

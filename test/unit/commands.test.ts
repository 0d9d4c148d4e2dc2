/** What holds for every command, of whatever noun: a new one is tested here without being named. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allOf, buildProgram, type Invocation, pathOf } from '../../src/cli/program.ts';
import { FakeMachine } from '../../src/cli/testing/fake-runtime.ts';

/** Commands without a JSON document, each with the reason. */
const withoutJson: Readonly<Record<string, string>> = {
  up: 'runs until it is stopped; its lines are a log',
  gateway: 'is a server process',
  admin: 'is a server process',
  completion: 'prints a script for a shell',
  complete: 'answers a shell, in the shell’s own form',
  help: 'prints a page for people',
  'queue watch': 'is a stream: jsonl, tested in line-watch.test.ts',
  'hpa watch': 'is a stream: jsonl, tested in hpa.test.ts',
  'auth login': 'talks with a person and a browser',
  'auth logout': 'changes files of this machine only; the exit code says all',
  'context use': 'prints a line for the shell to run',
  'context set': 'changes config.yaml only; the exit code says all',
  'context remove': 'changes config.yaml only; the exit code says all',
  'config set': 'changes config.yaml only; the exit code says all',
  'config path': 'prints a path, for other programs as it is',
};

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  machine.config(
    ['contexts:', '  apne2-prod: {server: "https://admin.apne2.example", kind: prod}']
      .concat('  staging: {server: "http://127.0.0.1:1"}')
      .join('\n'),
  );
});
afterEach(() => machine.remove());

const build = (onInvoke: (invocation: Invocation) => void = () => {}): Command => buildProgram('1', onInvoke);
const leaves = allOf(build()).filter(({ commands }) => commands.length === 0);
const paths = leaves.map(pathOf);
/** With a --dry-run, and yet no change of settings: what it does is tested where it is. */
const otherwise = ['loadtest'];
const changes = leaves
  .filter((leaf) => leaf.options.some(({ long }) => long === '--dry-run'))
  .map(pathOf)
  .filter((path) => !otherwise.includes(path));

/** The examples that help shows, as words; what follows a pipe belongs to another program. */
async function examplesOf(path: string): Promise<string[][]> {
  const { stdout } = await machine.run(...path.split(' '), '--help');
  const [, shown = ''] = /\nExamples:\n((?: {2}\S.*\n)+)/.exec(stdout) ?? [];
  return shown
    .trimEnd()
    .split('\n')
    .map((line) => wordsOf(/tacos ([^)]*)/.exec(line)?.[1] ?? ''));
}

/** Splits as a shell does, as far as examples need it. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    if (/^[|<>&;)]/.test(word)) break;
    words.push(word.replace(/^(['"])(.*)\1$/, '$2').replace(/=(['"])(.*)\1$/, '=$2'));
  }
  return words;
}

/** The file that examples of `tacos sale` name. */
function saleFile(): string {
  const path = join(machine.home, 'summer.yaml');
  const head = 'apiVersion: tacos/v1\nkind: Sale\nevent: evt_demo\nvisitors: 3000\nlasts: 2h\n';
  writeFileSync(path, `${head}opensAt: "2026-11-21T15:00:00+09:00"\nsteps: [{at: 5m, refill: 80}]\n`);
  return path;
}

/** The first example, as it stands but for its output and files. */
async function firstExample(path: string): Promise<string[]> {
  const [shown = []] = await examplesOf(path);
  const words = shown.map((word) => (word === 'summer.yaml' ? saleFile() : word));
  const at = words.findIndex((word) => word === '-o' || word === '--output');
  return at < 0 ? words : words.toSpliced(at, 2);
}

describe('every command', () => {
  it('is known by its path once', () => {
    expect(paths.length).toBeGreaterThan(30);
    expect(new Set(paths).size).toBe(paths.length);
  });

  it.each(paths)('%s has examples, and all of them parse to it', async (path) => {
    const examples = await examplesOf(path);
    expect(examples.length).toBeGreaterThanOrEqual(1);
    for (const words of examples) {
      const asked: string[] = [];
      await build(({ command }) => asked.push(command)).parseAsync(words, { from: 'user' });
      expect([words, asked]).toEqual([words, [path]]);
    }
  });

  it('is named in a test beside this one', () => {
    const files = globSync(['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}'], { cwd: process.cwd() });
    const texts = files
      .filter((file) => !file.endsWith('unit/commands.test.ts'))
      .map((file) => readFileSync(file, 'utf8'));
    const unnamed = paths.filter((path) => {
      const named = new RegExp(`(?<![\\w-])${path.split(' ').join(`(?:', '| )`)}(?![\\w-])`);
      return !texts.some((text) => named.test(text));
    });
    expect(unnamed).toEqual([]);
  });

  it('without JSON is one that exists', () => {
    expect(Object.keys(withoutJson).filter((path) => !paths.includes(path))).toEqual([]);
  });
});

describe('in a pipe', () => {
  const reads = paths.filter((path) => !changes.includes(path) && withoutJson[path] === undefined);

  it.each(reads)('%s -o json is one document', async (path) => {
    const { stdout, stderr } = await machine.run(...(await firstExample(path)), '-o', 'json');
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ apiVersion: 'tacos/v1', kind: expect.any(String), warnings: [] });
    expect('item' in document || Array.isArray(document.items)).toBe(true);
    expect(stderr).toBe('');
  });

  it.each(changes)('%s -o json is its plan with --dry-run, and sends no change', async (path) => {
    machine.api.environment = 'production';
    const { code, stdout, stderr } = await machine.run(...(await plain(path)), '--dry-run', '-o', 'json');
    expect([code, stderr, machine.api.acts]).toEqual([0, '', []]);
    expect(JSON.parse(stdout)).toMatchObject({
      apiVersion: 'tacos/v1',
      kind: 'Plan',
      item: { kind: 'Plan' },
    });
  });

  it.each(changes)('%s -o json is what became of it, once consented to by flags', async (path) => {
    machine.api.environment = 'production';
    const words = await plain(path);
    const none = await machine.run(...words, '-o', 'json');
    expect([none.code, none.stdout]).toEqual([5, '']);
    const consent = ['--yes', '--reason', 'as agreed with mina', '--confirm', 'evt_demo'];
    const { code, stdout, stderr } = await machine.run(...words, ...consent, '-o', 'json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'Change', item: { results: [{ applied: true }] } });
    expect(machine.api.acts).toHaveLength(1);
  });

  /** The first example without what consents or stops it. */
  async function plain(path: string): Promise<string[]> {
    const words = await firstExample(path);
    return words.filter((word, at) => {
      const isValue = ['--reason', '--confirm'].includes(words[at - 1] ?? '');
      return !isValue && !['--reason', '--confirm', '--yes', '-y', '--dry-run'].includes(word);
    });
  }
});

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadScript, luaFolder, scriptOptions } from './script-loader.ts';

describe('loadScript', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tacos-lua-'));
    mkdirSync(join(folder, 'includes'));
    write('includes/one', 'local one = 1');
    write('includes/two', 'local two = one + 1');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, ...lines: string[]) =>
    writeFileSync(join(folder, `${name}.lua`), `${lines.join('\n')}\n`);

  it('puts the includes in front, in the order in which they are named', () => {
    write('move', '-- move: moves', '-- include one two', 'return two');
    expect(loadScript(folder, 'move').lua).toBe(
      'local one = 1\n\nlocal two = one + 1\n\n-- move: moves\n-- include one two\nreturn two\n',
    );
  });

  it('reads the names of keys and arguments from the header', () => {
    write(
      'move',
      '-- KEYS[1] meta   hash x',
      '-- KEYS[2] away   zset',
      '-- ARGV[1] nowUs  int?',
      'return KEYS[2]',
    );
    expect(loadScript(folder, 'move')).toMatchObject({ keys: ['meta', 'away'], args: ['nowUs'] });
  });

  it('does without includes, keys and arguments', () => {
    write('move', 'return 1');
    expect(loadScript(folder, 'move')).toEqual({ keys: [], args: [], lua: 'return 1\n' });
  });

  it('names the include that is missing, and the script that wants it', () => {
    write('move', '-- include one three', 'return 1');
    expect(() => loadScript(folder, 'move')).toThrow(
      'lua/move.lua includes three, which is not in lua/includes',
    );
  });

  it('refuses an include that is named twice', () => {
    write('move', '-- include one two one', 'return 1');
    expect(() => loadScript(folder, 'move')).toThrow('lua/move.lua includes something twice');
  });

  it('refuses a header whose numbers are out of order or have a gap', () => {
    write('move', '-- KEYS[2] meta hash', '-- KEYS[1] away zset');
    expect(() => loadScript(folder, 'move')).toThrow('header line "-- KEYS[2] meta" is out of order');
    write('move', '-- KEYS[1] meta hash', '-- ARGV[1] a int', '-- ARGV[3] b int');
    expect(() => loadScript(folder, 'move')).toThrow('header line "-- ARGV[3] b" is out of order');
  });

  it('fails for a script that does not exist', () => {
    expect(() => loadScript(folder, 'nothing')).toThrow('nothing.lua');
  });
});

/** Whether `unpack(KEYS)` or `unpack(KEYS, 2, 16)` of a body takes in the one of this number. */
const unpacks = (body: string, table: string, number: number): boolean =>
  [...body.matchAll(new RegExp(`unpack\\(${table}(?:, (\\d+))?(?:, (\\d+))?\\)`, 'g'))].some(
    ([, first = '1', last = 'Infinity']) => number >= Number(first) && number <= Number(last),
  );

describe('scriptOptions', () => {
  const names = readdirSync(luaFolder())
    .filter((file) => file.endsWith('.lua'))
    .map((file) => file.replace('.lua', ''));
  const { keys, args } = loadScript(luaFolder(), 'leave');

  it('says of each script how many keys it has', () => {
    const options = scriptOptions(
      Object.fromEntries(names.map((name) => [name, loadScript(luaFolder(), name)])),
    );
    expect(Object.keys(options)).toEqual(names);
    expect(options.leave).toMatchObject({ numberOfKeys: keys.length });
  });

  it('refuses a script whose header says other keys than the code', () => {
    const swapped = ['waiting', 'meta', ...keys.slice(2)];
    const options = () => scriptOptions({ leave: { keys: swapped, args } });
    expect(options).toThrow('lua/leave.lua and scripts.ts disagree about its keys or arguments');
  });

  it('refuses a script whose header says other arguments than the code', () => {
    expect(() => scriptOptions({ leave: { keys, args: args.slice(1) } })).toThrow('disagree');
  });

  it('has no script with a key or an argument in its header that its body does not read', () => {
    const unread = names.flatMap((name) => {
      const script = loadScript(luaFolder(), name);
      const body = script.lua.replace(/^--.*$/gm, '');
      const reads = (table: string, index: number) =>
        body.includes(`${table}[${index + 1}]`) || unpacks(body, table, index + 1);
      return [
        ...script.keys.filter((_, index) => !reads('KEYS', index)),
        ...script.args.filter((_, index) => !reads('ARGV', index)),
      ].map((one) => `${name}: ${one}`);
    });
    expect(unread).toEqual([]);
  });
});

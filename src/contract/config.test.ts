import { describe, expect, it } from 'vitest';
import {
  address,
  choice,
  flag,
  macKeys,
  networks,
  origins,
  port,
  positiveNumber,
  readVariables,
  seedKeys,
  text,
  timeZone,
} from './config.ts';

const key = 'k'.repeat(32);
const files: Record<string, string> = { '/run/secret': 'from a file\n', '/run/empty': '\n' };
const readFile = (path: string): string => {
  const found = files[path];
  if (found === undefined) throw Object.assign(new Error('no file'), { code: 'ENOENT' });
  return found;
};

describe('readVariables', () => {
  const variables = {
    PORT: { ...port, fallback: '8000' },
    NAME: text,
    PASSWORD: { ...text, isSecret: true },
  };

  it('takes the environment before the default, and an empty value for none', () => {
    const { values, problems } = readVariables(variables, { PORT: '1', NAME: '' });
    expect(problems).toEqual([]);
    expect(values).toEqual({ PORT: 1 });
    expect(readVariables(variables, {}).values.PORT).toBe(8000);
  });

  it('takes a value from a file, without its last end of line', () => {
    expect(readVariables(variables, { NAME_FILE: '/run/secret' }, readFile).values.NAME).toBe('from a file');
    expect(readVariables(variables, { NAME_FILE: '/run/empty' }, readFile).values.NAME).toBeUndefined();
  });

  it('shows what counts and where it comes from, secrets masked', () => {
    const { shown } = readVariables(variables, { NAME: 'x', PASSWORD_FILE: '/run/secret' }, readFile);
    expect(shown).toEqual([
      { name: 'PORT', text: '8000', source: 'default' },
      { name: 'NAME', text: 'x', source: 'environment' },
      { name: 'PASSWORD', text: '***', source: 'file' },
    ]);
  });

  it('tells all that is wrong at once, secrets masked, control characters escaped', () => {
    const { problems } = readVariables(
      variables,
      { PORT: '65536', NAME: 'a\u001b[31m', PASSWORD: 'bad\u0007' },
      readFile,
    );
    expect(problems).toEqual([
      'PORT is "65536": it must be a port, 0 to 65535',
      'NAME is "a\\u001b[31m": it must be text of 1 to 512 characters without control characters',
      'PASSWORD is ***: it must be text of 1 to 512 characters without control characters',
    ]);
  });

  it('refuses a file that cannot be read, and a value beside a file', () => {
    const both = readVariables(variables, { NAME: 'x', NAME_FILE: '/run/secret' }, readFile);
    expect(both.problems).toEqual([
      'NAME_FILE is "/run/secret", but NAME is set too: only one of them may be',
    ]);
    const missing = readVariables(variables, { NAME_FILE: '/nowhere' }, readFile);
    expect(missing.problems).toEqual([
      'NAME_FILE is "/nowhere": it must be the name of a file that can be read (ENOENT)',
    ]);
  });
});

describe('kinds of values', () => {
  const good: [{ schema: { parse(value: unknown): unknown } }, string, unknown][] = [
    [flag, 'TRUE', true],
    [flag, 'off', false],
    [port, '0', 0],
    [address, 'redis.example:6379', { host: 'redis.example', port: 6379 }],
    [address, '[::1]:6379', { host: '::1', port: 6379 }],
    [choice(['a', 'b']), 'b', 'b'],
    [origins, '*', ['*']],
    [origins, 'https://a.example, http://b.example:8080', ['https://a.example', 'http://b.example:8080']],
    [networks, '10.0.0.0/8,::1', ['10.0.0.0/8', '::1']],
    [timeZone, 'Asia/Seoul', 'Asia/Seoul'],
    [positiveNumber, '0.5', 0.5],
    [
      macKeys,
      `a:${key},b:${key}:x`,
      [
        { kid: 'a', secret: Buffer.from(key) },
        { kid: 'b', secret: Buffer.from(`${key}:x`) },
      ],
    ],
  ];
  for (const [kind, value, parsed] of good) {
    it(`take ${value.slice(0, 40)}`, () => expect(kind.schema.parse(value)).toEqual(parsed));
  }

  const bad: [{ schema: { safeParse(value: unknown): { success: boolean } } }, string][] = [
    [flag, 'maybe'],
    [port, '-1'],
    [port, '8e3'],
    [address, 'localhost'],
    [address, 'localhost:0'],
    [address, 'http://localhost:1'],
    [origins, 'https://a.example/'],
    [origins, 'a.example'],
    [origins, '*,https://a.example'],
    [networks, '10.0.0.0/33'],
    [networks, '10.0.0/8'],
    [timeZone, 'Mars/Base'],
    [positiveNumber, '0'],
    [positiveNumber, 'Infinity'],
    [macKeys, key],
    [macKeys, 'a:short'],
    [macKeys, `a:${key},a:${key}`],
    [macKeys, `a b:${key}`],
  ];
  for (const [kind, value] of bad) {
    it(`refuse ${value.slice(0, 40)}`, () => expect(kind.schema.safeParse(value).success).toBe(false));
  }

  it('take private keys in hex, in base64, or made from any text', () => {
    const seed = Buffer.alloc(32, 7);
    const parsed = seedKeys.schema.parse(`a:${seed.toString('hex')},b:${seed.toString('base64')},c:${key}`);
    expect(parsed.map(({ secret }) => secret.length)).toEqual([32, 32, 32]);
    expect(parsed[0]?.secret).toEqual(seed);
    expect(parsed[1]?.secret).toEqual(seed);
    expect(parsed[2]?.secret).not.toEqual(seed);
  });
});

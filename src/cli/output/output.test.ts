import { describe, expect, it } from 'vitest';
import { CliError } from '../errors.ts';
import { clean, parseClean } from './clean.ts';
import { renderError } from './error-text.ts';
import { pick } from './fields.ts';
import { bytes, shortCount, timeOfDay, tokens } from './format.ts';
import { middleCut, renderTable } from './table.ts';

describe('text from a server', () => {
  it('loses control and bidi characters', () => {
    expect(clean('a\u001b[31mb\u009bc\u202ed\u2066e\u200ff\r\n\u0000g\u2028')).toBe('a[31mbcdefg');
    expect(clean('축제 한정 🎟️ é')).toBe('축제 한정 🎟️ é');
  });

  it('loses them anywhere in JSON, names included', () => {
    expect(parseClean('{"a\\u001b":["x\\u202ey",{"b":"\\u0007"}],"n":1}')).toEqual({
      a: ['xy', { b: '' }],
      n: 1,
    });
  });
});

describe('tables', () => {
  const columns = [
    { head: 'EVENT', value: ({ event }: { event: string; n?: number }) => event },
    { head: 'N', value: ({ n }: { event: string; n?: number }) => n, align: 'right' as const },
  ];

  it('align numbers to the right, show - for absent, and shorten nothing in a pipe', () => {
    const long = 'x'.repeat(100);
    const text = renderTable(columns, [{ event: 'evt_a', n: 12 }, { event: long }], { headers: true });
    expect(text).toBe(`${'EVENT'.padEnd(100)}   N\n${'evt_a'.padEnd(100)}  12\n${long}   -\n`);
  });

  it('shorten the widest text in the middle on a terminal', () => {
    const text = renderTable(columns, [{ event: 'a'.repeat(60) + 'z'.repeat(60), n: 1 }], {
      headers: false,
      width: 80,
    });
    expect(text.trimEnd()).toHaveLength(80);
    expect(text).toMatch(/^a+…z+ {2}1\n$/);
  });

  it('count wide letters as two columns', () => {
    expect(middleCut('가나다라마바사', 9)).toBe('가나…바사');
  });

  it('are empty for nothing without headers', () => {
    expect(renderTable(columns, [], { headers: false })).toBe('');
    expect(renderTable(columns, [], { headers: true })).toBe('EVENT  N\n');
  });
});

describe('numbers and times', () => {
  it('are short', () => {
    expect([bytes(212e6), bytes(2_500_000), bytes(512), shortCount(9_800), shortCount(250)]).toEqual([
      '212MB',
      '2.5MB',
      '512B',
      '9.8k',
      '250',
    ]);
    expect(tokens(212.9)).toBe('212');
  });

  it('take a zone, and do not fall over a bad one', () => {
    expect(timeOfDay('2026-11-21T05:03:21Z', 'Asia/Seoul')).toBe('14:03:21');
    expect(timeOfDay('2026-11-21T05:03:21Z', 'Not/AZone')).toMatch(/^\d\d:03:21$/);
    expect(timeOfDay('nonsense')).toBe('--:--:--');
  });
});

it('picks nested fields', () => {
  const item = { event: 'evt_x', bucket: { tokens: 1, window: 2 }, waiting: 3 };
  expect(pick(item, ['event', 'bucket.tokens', 'none.at.all'])).toEqual({
    event: 'evt_x',
    bucket: { tokens: 1 },
  });
});

describe('an error', () => {
  const error = new CliError('refill 800/s is over the highest, 200/s\u001b[2J', {
    code: 'GUARD_RAIL',
    exitCode: 6,
    why: 'nothing was changed',
    hint: 'tacos bucket set evt_x --refill 200',
    requestId: 'req_01JX4',
    quote: ['a log line'],
  });

  it('says what, why and what to try, then where to read on', () => {
    expect(renderError(error, { command: 'bucket set', json: false })).toBe(
      [
        'error: refill 800/s is over the highest, 200/s[2J',
        '  why   nothing was changed',
        '      | a log line',
        '  try   tacos bucket set evt_x --refill 200',
        '  see   tacos help guard-rails      request req_01JX4      exit 6',
        '',
      ].join('\n'),
    );
  });

  it('is one line of JSON for programs', () => {
    const text = renderError(error, { command: 'bucket set', json: true });
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(JSON.parse(text)).toEqual({
      error: {
        code: 'GUARD_RAIL',
        exitCode: 6,
        message: 'refill 800/s is over the highest, 200/s[2J',
        hint: 'tacos bucket set evt_x --refill 200',
        requestId: 'req_01JX4',
        applied: 'no',
      },
    });
  });

  it('of another kind is a fault of ours, without a stack', () => {
    const text = renderError(new TypeError('x is not a function'), {
      command: '',
      json: false,
      crashFile: '/c.txt',
    });
    expect(text).toContain(
      'error: this is a fault of tacos: x is not a function\n  why   details are in /c.txt',
    );
    expect(text).toContain('exit 1');
  });
});

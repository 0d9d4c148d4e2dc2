import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../testing/fake-runtime.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const run = (...words: string[]) => machine.run('queue', ...words);
const sent = () => machine.api.acts.map(({ request: { events, action } }) => ({ events, action }));
const done = async (words: string[], events: string[] | 'all', action: object) => {
  const { code, stdout, stderr } = await run(...words);
  expect([code, sent()]).toEqual([0, [{ events, action }]]);
  expect(stdout).toMatch(/^ok: /);
  expect(stderr).toMatch(/^ DEV {2}env \/ /);
};

describe('open and close', () => {
  it('queue open opens at once, or at a time of the event', async () => {
    await done(['open', 'evt_x'], ['evt_x'], { type: 'queue.open' });
    const { stderr } = await run('open', 'evt_x', '--at', '2027-05-01T11:00');
    expect(sent()[1]?.action).toEqual({ type: 'queue.open', at: '2027-05-01T02:00:00.000Z' });
    expect(stderr).toMatch(/^--at 2027-05-01T11:00 is 2027-05-01 11:00:00 KST/);
    expect(await run('open', 'evt_x', '--at', '2020-05-01T11:00')).toMatchObject({ code: 2, stdout: '' });
  });

  it('queue close keeps the line or says that it is sold out, never both', async () => {
    await done(['close', 'evt_x', '--keep'], ['evt_x'], { type: 'queue.close', keep: true });
    await run('close', 'evt_x', '--sold-out', 'Sold out.');
    expect(sent()[1]?.action).toEqual({ type: 'queue.close', soldOut: 'Sold out.' });
    expect((await run('close', 'evt_x', '--keep', '--sold-out', 'x')).code).toBe(2);
  });
});

describe('pause and resume', () => {
  it('queue pause takes one, several, or all', async () => {
    await done(['pause', 'evt_x'], ['evt_x'], { type: 'queue.pause' });
    await run('pause', 'evt_x', 'evt_y', 'evt_x');
    const { stdout } = await run('pause', '--all');
    expect(sent().slice(1)).toEqual([
      { events: ['evt_x', 'evt_y'], action: { type: 'queue.pause' } },
      { events: 'all', action: { type: 'queue.pause' } },
    ]);
    expect(stdout.match(/^ok: evt_[xy] version 19/gm)).toHaveLength(2);
  });

  it('queue resume is its opposite', async () => {
    await done(['resume', 'evt_x'], ['evt_x'], { type: 'queue.resume' });
  });

  it.each([[[]], [['evt_x', '--all']], [['bad id']]])('of %j is exit 2', async (words) => {
    expect(await run('pause', ...words)).toMatchObject({ code: 2, stdout: '' });
    expect((await run('resume', ...words)).code).toBe(2);
    expect(machine.api.plans).toEqual([]);
  });
});

describe('queue drain', () => {
  it('closes by itself, by a deadline, or at once', async () => {
    await done(['drain', 'evt_x', '--deadline', '30m'], ['evt_x'], {
      type: 'queue.drain',
      deadlineSec: 1_800,
    });
    expect((await run('drain', 'evt_x', '--now', '--yes')).code).toBe(5);
    await run('drain', 'evt_x', '--now', '--confirm', 'evt_x');
    expect(sent()[1]?.action).toEqual({ type: 'queue.drain', now: true });
    expect((await run('drain', 'evt_x', '--now', '--deadline', '1m')).code).toBe(2);
  });
});

describe('ending places', () => {
  it.each([
    [['--silent-for', '5m'], { silentForSec: 300 }],
    [['--all'], { all: true }],
    [
      ['--visitor', 'v_abcd2345', '#12', '--visitor', 'user:mina'],
      { visitors: ['v_abcd2345', '#12', 'user:mina'] },
    ],
  ])('queue expire %j', async (flags, action) => {
    await done(['expire', 'evt_x', '--confirm', 'evt_x', ...flags], ['evt_x'], {
      type: 'queue.expire',
      ...action,
    });
  });

  it.each([[[]], [['--all', '--silent-for', '5m']], [['--silent-for', '5']], [['--visitor', 'v_ABC']]])(
    'queue expire %j is exit 2',
    async (flags) => {
      expect(await run('expire', 'evt_x', ...flags)).toMatchObject({ code: 2, stdout: '' });
      expect(machine.api.plans).toEqual([]);
    },
  );

  it('queue remove ends one place, by reference', async () => {
    await done(['remove', 'evt_x', 'v_abcd2345'], ['evt_x'], { type: 'queue.remove', visitor: 'v_abcd2345' });
  });

  it('a waiting token is no reference, and is not said again', async () => {
    const token = `wt1.${'a'.repeat(80)}`;
    for (const words of [
      ['remove', 'evt_x', token],
      ['visitor', 'evt_x', token],
      ['positions', 'evt_x', '--visitor', token],
    ]) {
      const { code, stdout, stderr } = await run(...words);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).not.toContain(token);
    }
  });

  it('queue flush wants the id typed', async () => {
    expect((await run('flush', 'evt_x')).code).toBe(5);
    await done(['flush', 'evt_x', '--confirm', 'evt_x'], ['evt_x'], { type: 'queue.flush' });
  });
});

describe('queue message', () => {
  it('takes a text, quoted or not, for a while, and takes it back', async () => {
    await done(['message', 'evt_x', 'Doors at 19:00', '--for', '30m'], ['evt_x'], {
      type: 'queue.message',
      text: 'Doors at 19:00',
      forSec: 1_800,
    });
    await run('message', 'evt_x', 'Doors', 'at', '19:00');
    await run('message', 'evt_x', '--clear');
    expect(
      sent()
        .slice(1)
        .map(({ action }) => action),
    ).toEqual([
      { type: 'queue.message', text: 'Doors at 19:00' },
      { type: 'queue.message', text: null },
    ]);
  });

  it.each([[[]], [['text', '--clear']], [['--clear', '--for', '5m']], [['x'.repeat(281)]]])(
    'of %j is exit 2',
    async (words) => {
      expect(await run('message', 'evt_x', ...words)).toMatchObject({ code: 2, stdout: '' });
    },
  );
});

describe('queue settings', () => {
  it('queue settings set sends what was given', async () => {
    const flags = ['--window', '400', '--tier', '51-=5s', '1-10=0s', '11-50=1500ms', '--presence', '30s'];
    await done(['settings', 'set', 'evt_x', ...flags, '--max-waiting', '0', '--challenge', '18'], ['evt_x'], {
      type: 'settings.set',
      window: 400,
      tiers: [
        { first: 1, last: 10, waitSec: 0 },
        { first: 11, last: 50, waitSec: 1.5 },
        { first: 51, last: 0, waitSec: 5 },
      ],
      presenceSec: 30,
      maxWaiting: 0,
      challengeBits: 18,
    });
    await run('settings', 'set', 'evt_x', '--window', 'default', '--claim', '1m');
    expect(sent()[1]?.action).toEqual({ type: 'settings.set', window: null, claimSec: 60 });
  });

  it.each([
    [[], 'give at least one'],
    [['--window', '0'], 'neither a number of places nor "default"'],
    [['--tier', '10-1=2s'], 'is not of the form'],
    [['--tier', '1-10'], 'is not of the form'],
    [['--tier', '1-10=2s', '10-20=3s'], '--tier 1-10=2s and 10-20=3s overlap'],
    [['--tier', '1-=2s', '10-20=3s'], 'overlap'],
  ])('set %j is exit 2', async (flags, message) => {
    const { code, stdout, stderr } = await run('settings', 'set', 'evt_x', ...flags);
    expect([code, stdout, machine.api.plans]).toEqual([2, '', []]);
    expect(stderr).toContain(message);
  });

  it('queue settings get prints what is in force', async () => {
    expect((await run('settings', 'get', 'evt_x')).stdout.split('\n')).toEqual([
      'EVENT  WINDOW  TIERS                    PRESENCE  CLAIM  MAX_WAITING  CHALLENGE  VERSION',
      'evt_x     500  1-10=0s 11-50=2s 51-=5s       20s    60s            -          -       18',
      '',
    ]);
  });
});

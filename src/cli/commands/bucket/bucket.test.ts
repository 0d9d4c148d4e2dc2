import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { versionOf } from '../../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const run = (...words: string[]) => machine.run('bucket', ...words);
const actions = () => machine.api.acts.map(({ request }) => request.action);

describe('bucket get', () => {
  it('prints what is in force, with warnings beside it', async () => {
    machine.api.bucketWarnings = ['capacity 500 holds 2.5 s of refill'];
    const { stdout, stderr } = await run('get', 'evt_x');
    expect(stdout).toMatch(
      /^EVENT +TOKENS +CAPACITY +REFILL +WINDOW +UNTIL +THEN +VERSION\nevt_x +212 +500 +50\.0 +500/,
    );
    expect(stderr).toBe('warning: capacity 500 holds 2.5 s of refill\n');
  });
});

describe('bucket set', () => {
  it('sends what was asked for', async () => {
    const { code, stdout } = await run('set', 'evt_x', '--capacity', '600', '--refill', '0.5', '--for', '1h');
    expect([code, actions()]).toEqual([
      0,
      [{ type: 'bucket.set', capacity: 600, refillPerSec: 0.5, forSec: 3_600 }],
    ]);
    expect(stdout).toContain('ok: version 19');
  });

  it.each([
    [[], 2, 'give --capacity, --refill or both'],
    [['--refill', '80', '--for', 'long'], 2, '--for "long" is not a duration'],
    [['--refill', '80', '--ramp', '10m', '--for', '5m'], 2, '--ramp 10m is longer than --for 5m'],
    [['--capacity', '1.5'], 2, '--capacity 1.5 is not a whole number'],
    [['--refill', '0'], 6, 'below the smallest'],
    [['--refill', '0', '-c', 'env'], 6, 'try   tacos queue pause evt_x -c env\n'],
    [['--refill', '-5'], 2, '--refill -5 is below 0'],
    [['--capacity', '-5'], 2, '--capacity -5 is below 0'],
    [['--refill', '999999'], 6, 'over the highest'],
    [['--capacity', '0'], 6, 'outside of 1 to'],
  ])('refuses %j with exit %d and asks no server', async (flags, code, message) => {
    const ran = await run('set', 'evt_x', ...flags);
    expect([ran.code, ran.stdout, machine.api.plans]).toEqual([code, '', []]);
    expect(ran.stderr).toContain(message);
  });
});

describe('the ways back', () => {
  it('bucket reset asks for the values that the event was made with', async () => {
    expect((await run('reset', 'evt_x')).code).toBe(0);
    expect(actions()).toEqual([{ type: 'bucket.reset' }]);
  });

  it('bucket restore names a version, and without one says where they are', async () => {
    expect((await run('restore', 'evt_x', '--to', '17')).code).toBe(0);
    expect(actions()).toEqual([{ type: 'bucket.restore', toRevision: 17 }]);
    const none = await run('restore', 'evt_x');
    expect([none.code, none.stdout]).toEqual([2, '']);
    expect(none.stderr).toContain('try   tacos bucket history evt_x\n');
  });

  it('bucket history lists the versions', async () => {
    machine.api.historyNow = [versionOf(), versionOf({ revision: 17, refillPerSec: 10, actor: 'joon' })];
    const { code, stdout, stderr } = await run('history', 'evt_x');
    expect([code, stderr, stdout.split('\n')]).toEqual([
      0,
      '',
      [
        'VERSION  AT                        REFILL  CAPACITY  ACTOR  AUDIT',
        '     18  2026-11-21T04:53:40.000Z    50.0       500  mina   aud_7Q2M',
        '     17  2026-11-21T04:53:40.000Z    10.0       500  joon   aud_7Q2M',
        '',
      ],
    ]);
    expect((await run('history', 'evt_x', '-o', 'name')).stdout).toBe('18\n17\n');
  });
});

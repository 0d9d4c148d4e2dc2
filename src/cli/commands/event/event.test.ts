import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliError } from '../../errors.ts';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { eventOf } from '../../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const run = (...words: string[]) => machine.run('event', ...words);
const actions = () => machine.api.acts.map(({ request }) => request.action);

describe('event list', () => {
  it('keeps a name from steering the terminal', async () => {
    machine.api.eventsNow = [eventOf({ name: 'Fest' })];
    expect((await run('list')).stdout).toBe(
      'EVENT  NAME  STATE  WAITING  REFILL  CAPACITY  KIND\nevt_x  Fest  open     18234      50       500  operator\n',
    );
  });
});

describe('event get', () => {
  it('says when an event opens that is not open yet, in the table too', async () => {
    const opensAt = '2027-05-01T02:00:00.000Z';
    machine.api.eventsNow = [eventOf(), eventOf({ event: 'evt_late', phase: 'scheduled', opensAt })];
    expect((await run('get', 'evt_late')).stdout).toMatch(/ OPENS_AT\n.* 2027-05-01T02:00:00.000Z\n$/);
    expect((await run('get', 'evt_x')).stdout).not.toContain('OPENS_AT');
    expect((await run('list')).stdout).toMatch(
      / OPENS_AT\nevt_x .* -\nevt_late .* 2027-05-01T02:00:00.000Z\n$/,
    );
  });

  it('prints the event, or only its id', async () => {
    expect((await run('get', 'evt_late')).stdout).toMatch(/\nevt_late +- +scheduled /);
    expect((await run('get', 'evt_x', '-o', 'name')).stdout).toBe('evt_x\n');
    expect(JSON.parse((await run('get', 'evt_x', '-o', 'json')).stdout)).toMatchObject({
      kind: 'Event',
      item: { event: 'evt_x', timeZone: 'Asia/Seoul' },
    });
  });

  it('of one that is not there is exit 3 with empty stdout', async () => {
    machine.api.failures.event = new CliError('event "evt_n" not found', {
      code: 'EVENT_NOT_FOUND',
      exitCode: 3,
    });
    expect(await run('get', 'evt_n')).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('event create', () => {
  it('says where and what, then what was made', async () => {
    const { code, stdout, stderr } = await run(
      'create',
      'evt_new',
      '--name',
      'New',
      '--refill',
      '20',
      '--test',
    );
    expect([code, stderr.split('\n')[0]]).toEqual([
      0,
      ' DEV  env / evt_new   plan 5c1e  (version 18, data 0.4s old)',
    ]);
    expect(stdout).toMatch(/^ok: evt_new created, version 19 in force on /);
    expect(actions()).toEqual([{ type: 'event.create', name: 'New', refillPerSec: 20, test: true }]);
    expect(machine.api.acts[0]?.headers.ifRevision).toBeUndefined();
  });

  it('reads bare times in the zone of the new event, and says both readings', async () => {
    const times = ['--opens-at', '2027-05-01T11:00', '--prequeue-from', '2027-05-01T10:30:00+09:00'];
    const { stderr } = await run('create', 'evt_new', ...times, '--time-zone', 'Asia/Seoul');
    expect(actions()).toEqual([
      {
        type: 'event.create',
        opensAt: '2027-05-01T02:00:00.000Z',
        prequeueFrom: '2027-05-01T01:30:00.000Z',
        timeZone: 'Asia/Seoul',
      },
    ]);
    expect(stderr).toContain(
      '--opens-at 2027-05-01T11:00 is 2027-05-01 11:00:00 KST (Asia/Seoul), 2027-05-01T02:00:00.000Z\n',
    );
  });

  it.each([
    [['evt_new', '--opens-at', '2027-05-01T11:00'], 2, 'has no offset'],
    [['evt_new', '--opens-at', '2025-05-01T11:00:00+09:00'], 2, 'is in the past'],
    [['evt_new', '--prequeue-from', '2027-05-01T10:00:00Z'], 2, 'needs --opens-at'],
    [
      ['evt_new', '--opens-at', '2027-05-01T10:00Z', '--prequeue-from', '2027-05-01T10:00Z'],
      2,
      'must be before --opens-at',
    ],
    [['../etc'], 2, 'is not an event id'],
    [['evt_new', '--refill', '0'], 6, 'below the smallest'],
    [['evt_new', '--capacity', '1.5'], 2, 'not a whole number'],
  ])('refuses %j with exit %d and asks no server', async (words, code, message) => {
    const ran = await run('create', ...words);
    expect([ran.code, ran.stdout, machine.api.plans]).toEqual([code, '', []]);
    expect(ran.stderr).toContain(message);
  });
});

describe('event set', () => {
  it("reads a bare time in the event's own zone", async () => {
    const { code, stderr } = await run('set', 'evt_x', '--opens-at', '2027-05-01T11:30', '--name', 'Day 1');
    expect([code, actions()]).toEqual([
      0,
      [{ type: 'event.set', name: 'Day 1', opensAt: '2027-05-01T02:30:00.000Z' }],
    ]);
    expect(stderr).toContain('is 2027-05-01 11:30:00 KST (Asia/Seoul)');
  });

  it('of nothing is exit 2', async () => {
    expect(await run('set', 'evt_x', '--yes')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('event delete', () => {
  it('wants the id typed, wherever it is', async () => {
    expect((await run('delete', 'evt_x', '--yes')).code).toBe(5);
    machine.answer = 'evt_x';
    const { code, stderr } = await run('delete', 'evt_x');
    expect([code, machine.asked, actions()]).toEqual([
      0,
      ['Type evt_x to apply to DEV: '],
      [{ type: 'event.delete' }],
    ]);
    expect(stderr).toContain('   people    312 whose');
    expect(stderr).toContain('   IRREVERSIBLE Grants are not given back.\n');
  });
});

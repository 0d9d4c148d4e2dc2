import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { positionOf, storyOf } from '../../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

describe('queue positions', () => {
  const positions = (...more: string[]) => machine.run('queue', 'positions', 'evt_x', ...more);

  it('prints the front of the line, away people without a position', async () => {
    machine.api.positionsNow = [positionOf(1), positionOf(11, { heardSec: null }), positionOf(null)];
    const { code, stdout, stderr } = await positions();
    expect([code, stderr, stdout.split('\n')]).toEqual([
      0,
      '',
      [
        'POS  VISITOR     ETA  CONF  WAITED  BEAT  NOTE',
        '  1  v_abcdaaab   1s  1.00  11m02s    3s  TOP10',
        ' 11  v_abcdaabb   1s  1.00  11m02s     -  -',
        '  -  v_abcdaaaa    -     -  11m02s   45s  AWAY',
        '',
      ],
    ]);
  });

  it('begins where it is told, and ends after the limit', async () => {
    const names = (await positions('--from', '3', '--limit', '2', '-o', 'name')).stdout;
    expect(names).toBe('v_abcdaaad\nv_abcdaaae\n');
    expect((await positions()).stdout.split('\n')).toHaveLength(22);
    machine.api.positionsNow.push(positionOf(null));
    expect((await positions('--limit', '3', '-o', 'name')).stdout.split('\n')).toHaveLength(4);
    expect((await positions('--from', '29', '-o', 'name')).stdout).toBe(
      'v_abcdaacj\nv_abcdaada\nv_abcdaaaa\n',
    );
    expect((await positions('--limit', '501')).code).toBe(2);
  });

  it('finds a visitor in the line, or says why they have no position', async () => {
    machine.api.storyNow = storyOf({ position: 12 });
    expect((await positions('--visitor', 'user:mina', '-o', 'name')).stdout).toMatch(/^v_abcdaabc\n/);
    machine.api.storyNow = storyOf({
      position: null,
      awaySince: '2026-11-21T05:02:00Z',
      awayReason: 'silent',
    });
    const { code, stdout, stderr } = await positions('--visitor', 'user:mina');
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('v_abcd2345 has no position: away');
    expect((await positions('--visitor', 'user:mina', '--from', '2')).code).toBe(2);
  });
});

describe('queue visitor', () => {
  const visitor = (...more: string[]) => machine.run('queue', 'visitor', 'evt_x', 'v_abcd2345', ...more);

  it("tells the story in the event's zone, with the status body as it is", async () => {
    const { code, stdout, stderr } = await visitor();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').slice(0, 13)).toEqual([
      'visitor      v_abcd2345',
      'event        evt_x',
      'status       waiting, position 412',
      'joined       2026-11-21 13:52:19 KST  11m02s ago',
      'first poll   2026-11-21 13:52:21 KST  11m00s ago',
      'last poll    2026-11-21 14:03:18 KST  3s ago',
      'polls        96 (6 of 6 gateway processes answered)',
      'away         -',
      'refused      2026-11-21 14:03:10 KST  window',
      '             2026-11-21 14:02:10 KST  tokens',
      'status body  {',
      '               "status": "waiting",',
      '               "position": 412,',
    ]);
  });

  it('says so where nobody polled and no gateway answered', async () => {
    machine.api.storyNow = storyOf({
      firstPollAt: null,
      lastPollAt: null,
      polls: 0,
      refusals: [],
      statusBody: null,
      answered: { workers: 0, of: 6 },
    });
    const { stdout } = await visitor();
    expect(stdout).toContain('last poll    -\n');
    expect(stdout).toContain('refused      -\n');
    expect(stdout).toContain('status body  - (no gateway answered)\n');
  });

  it('of somebody who entered says when, and after how long; or that it is no longer known', async () => {
    const entered = { status: 'entered', position: null, statusBody: null } as const;
    machine.api.storyNow = storyOf({ ...entered, enteredAt: '2026-11-21T04:57:21.000Z' });
    expect((await visitor()).stdout).toContain(
      'entered      2026-11-21 13:57:21 KST  6m00s ago, after 5m02s in the line\n',
    );
    machine.api.storyNow = storyOf({ ...entered, enteredAt: null });
    expect((await visitor()).stdout).toContain('entered      at a time that is no longer known\n');
  });

  it('is data for programs', async () => {
    const { stdout } = await visitor('-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'Visitor',
      item: { visitor: 'v_abcd2345', statusBody: { poll_after_sec: 2 } },
    });
    expect((await visitor('--fields', 'status')).stdout).toBe('STATUS\nwaiting\n');
  });
});

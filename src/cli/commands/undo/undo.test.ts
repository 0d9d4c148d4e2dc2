import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { auditOf } from '../../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const actions = () => machine.api.acts.map(({ request }) => request.action);

describe('undo', () => {
  it('undoes the change that is named', async () => {
    expect((await machine.run('undo', 'aud_7R0D')).code).toBe(0);
    expect(actions()).toEqual([{ type: 'undo', auditId: 'aud_7R0D' }]);
    expect(await machine.run('undo', 'evt_x')).toMatchObject({ code: 2, stdout: '' });
  });

  it('without an id takes the newest of ones own that can be undone, says which, and asks', async () => {
    machine.api.auditNow = [
      auditOf({ auditId: 'aud_U', action: 'undo' }),
      auditOf({ auditId: 'aud_J', actor: 'joon' }),
      auditOf({ auditId: 'aud_D', undoneBy: 'aud_U' }),
      auditOf({ auditId: 'aud_M', at: '2026-11-21T05:02:41.000Z' }),
    ];
    const nobody = await machine.run('undo', '-c', 'env');
    expect([nobody.code, nobody.stderr]).toEqual([
      5,
      expect.stringContaining('needs --yes, or the id of the change: that is enough'),
    ]);
    expect(nobody.stderr).toContain('try   tacos undo aud_M -c env\n');
    machine.answer = 'y';
    const { code, stderr } = await machine.run('undo');
    expect([code, actions(), machine.asked]).toEqual([
      0,
      [{ type: 'undo', auditId: 'aud_M' }],
      ['undo aud_M: refill 50.0/s -> 80.0/s of evt_x, 40s ago by mina? [y/N] '],
    ]);
    expect(stderr).toMatch(
      /^undo aud_M: refill 50.0\/s -> 80.0\/s of evt_x, 40s ago by mina "ramp step 2"\n/,
    );
  });

  it("leaves somebody else's alone: exit 3 and its id", async () => {
    machine.api.auditNow = [auditOf({ auditId: 'aud_J', actor: 'joon' })];
    const { code, stdout, stderr } = await machine.run('undo', '-c', 'env');
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('try   tacos undo aud_J -c env\n');
    machine.api.auditNow = [auditOf({ undoUntil: '2026-11-21T05:03:20.000Z' })];
    expect((await machine.run('undo')).stderr).toContain('try   tacos audit list\n');
  });

  it('passes over what a later change of the same event came after, and says so where nothing is left', async () => {
    const { undoUntil: _, ...closed } = auditOf({ auditId: 'aud_S', actor: 'system', revision: 20 });
    const old = auditOf({ auditId: 'aud_O', event: 'evt_y', revision: 4 });
    machine.api.auditNow = [closed, auditOf({ auditId: 'aud_M' }), old];
    machine.answer = 'y';
    expect((await machine.run('undo')).code).toBe(0);
    expect(actions()).toEqual([{ type: 'undo', auditId: 'aud_O' }]);
    machine.api.auditNow = [closed, auditOf({ auditId: 'aud_M' })];
    const { code, stderr } = await machine.run('undo');
    expect([code, stderr]).toEqual([3, expect.stringContaining('why   aud_M: version 20 came after it\n')]);
    machine.api.auditNow = [auditOf({ auditId: 'aud_U', action: 'undo' }), auditOf({ undoneBy: 'aud_U' })];
    expect((await machine.run('undo')).stderr).toContain('why   aud_7R0D: was undone by aud_U\n');
  });

  it('of one of several that were changed together names the others, before and after', async () => {
    machine.api.auditNow = [
      auditOf({ auditId: 'aud_B', event: 'evt_y', at: '2026-11-21T05:03:25.000Z' }),
      auditOf({ auditId: 'aud_A' }),
      auditOf({ auditId: 'aud_Z', event: 'evt_z', reason: 'something else' }),
      auditOf({ auditId: 'aud_L', event: 'evt_l', at: '2026-11-21T05:03:10.000Z' }),
    ];
    const note = '1 of 2: also tacos undo aud_B -c env\n';
    const { code, stderr } = await machine.run('undo', 'aud_A', '-c', 'env');
    expect([code, stderr.split(note).length]).toEqual([0, 3]);
    expect((await machine.run('undo', 'aud_A', '-c', 'env', '--dry-run')).stderr.split(note)).toHaveLength(2);
    expect((await machine.run('undo', 'aud_Z')).stderr).not.toContain('also');
    expect((await machine.run('undo', 'aud_A', '-o', 'json')).stderr).toBe('');
  });

  it('that is named needs no yes where nothing is protected, also when the trail cannot be read', async () => {
    machine.api.failures.audit = new Error('away');
    expect((await machine.run('undo', 'aud_7R0D')).code).toBe(0);
    machine.api.environment = 'production';
    expect((await machine.run('undo', 'aud_7R0D')).code).toBe(5);
  });
});

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
      auditOf({ auditId: 'aud_M' }),
    ];
    expect((await machine.run('undo')).code).toBe(5);
    machine.answer = 'y';
    const { code, stderr } = await machine.run('undo');
    expect([code, actions(), machine.asked]).toEqual([
      0,
      [{ type: 'undo', auditId: 'aud_M' }],
      ['Apply to DEV? [y/N] '],
    ]);
    expect(stderr).toMatch(/^undo aud_M: refill 50->80 of evt_x, \d\d:03:24 mina "ramp step 2"\n/);
  });

  it("leaves somebody else's alone: exit 3 and its id", async () => {
    machine.api.auditNow = [auditOf({ auditId: 'aud_J', actor: 'joon' })];
    const { code, stdout, stderr } = await machine.run('undo', '-c', 'env');
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('try   tacos undo aud_J -c env\n');
    machine.api.auditNow = [auditOf({ undoUntil: '2026-11-21T05:03:20.000Z' })];
    expect((await machine.run('undo')).stderr).toContain('try   tacos audit list\n');
  });
});

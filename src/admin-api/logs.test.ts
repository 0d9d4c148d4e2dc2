import { describe, expect, it } from 'vitest';
import { roles } from '../contract/admin-api.ts';
import { TacosError } from '../contract/errors.ts';
import { createLogger } from './logger.ts';
import { asRole, testApp, tokenOf } from './testing/app.ts';

async function logged() {
  const lines: string[] = [];
  const log = createLogger(
    { level: 'trace', environmentName: 'test', worker: 'admin' },
    { write: (text: string) => lines.push(text) },
  );
  const { app, desk } = await testApp({ log });
  const act = (payload: object, role: (typeof roles)[number] = 'operator') =>
    app.inject({ method: 'POST', url: '/admin/v1/actions', headers: asRole(role), payload });
  const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { app, desk, act, lines, entries };
}
const pause = { events: ['evt_x'], action: { type: 'queue.pause' }, reason: 'a reason of some length' };

describe('the logs', () => {
  it('say who did what to which event, and the audit id, in the shape of the gateway', async () => {
    const { act, entries } = await logged();
    await act(pause);
    expect(entries().find(({ msg }) => msg === 'action done')).toMatchObject({
      level: 'info',
      environment: 'test',
      worker: 'admin',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      author: 'operator-1',
      role: 'operator',
      action: 'queue.pause',
      events: ['evt_x'],
      auditIds: ['aud_7R0D'],
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
    });
  });

  it('say what was refused and why', async () => {
    const { act, desk, entries } = await logged();
    desk.refusal = new TacosError('CONSENT_REQUIRED');
    await act(pause);
    expect(entries().find(({ msg }) => msg === 'action refused')).toMatchObject({
      author: 'operator-1',
      code: 'CONSENT_REQUIRED',
    });
  });

  it('never hold a bearer token, whatever goes wrong', async () => {
    const { app, desk, act, lines } = await logged();
    const stranger = 'stranger-secret-0123456789';
    await act(pause);
    await act(pause, 'viewer');
    await act({ ...pause, reason: '' });
    desk.refusal = new TacosError('UNAVAILABLE');
    await act(pause);
    desk.listEvents = async () => {
      throw new Error('a bug');
    };
    for (const authorization of [`Bearer ${tokenOf('admin')}`, `Bearer ${stranger}`, stranger]) {
      for (const url of ['/admin/v1/events', '/nowhere', `/admin/v1/whoami?token=${stranger}`]) {
        await app.inject({ url, headers: { authorization, 'user-agent': 'tacos/1' } });
        await app.inject({
          url,
          method: 'POST',
          headers: { authorization, 'content-type': 'text/csv' },
          payload: 'x',
        });
      }
    }
    await app.close();
    const all = lines.join('');
    expect(all).toContain('a bug');
    for (const secret of [...roles.map(tokenOf), stranger]) expect(all).not.toContain(secret);
  });
});

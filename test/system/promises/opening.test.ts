import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCrowd } from '../../../src/simulator/crowd.ts';
import { type Fleet, pause, startFleet } from '../../helpers/fleet.ts';
import { grantHistory } from '../../helpers/grants.ts';
import { startProgram } from '../../helpers/processes.ts';

describe('an event that opens at an instant', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2 });
  });
  afterAll(() => fleet.stop());

  it('admits nobody before it and somebody within 2 s after, with every admin process dead and 20,000 waiting', async () => {
    const env = {
      ...fleet.env,
      ADMIN_ADDRESS: '127.0.0.1:0',
      ADMIN_TOKENS: 'admin:test:0123456789abcdef0123456789abcdef',
    };
    const admin = await startProgram({ argv: ['dist/admin-api/main.js'], env, ready: /^listening http/m });
    const opensAtMs = Date.now() + 30_000;
    const event = await fleet.event({ opensAtMs, prequeueFromMs: Date.now() - 1_000, refillPerSec: 50 });
    const leaving = new AbortController();
    const crowd = runCrowd(
      { gateway: fleet.urls, event: event.id, visitors: 20_000, connections: 64 },
      { signal: leaving.signal },
    );
    await pause(opensAtMs - 5_000 - Date.now());
    admin.child.kill('SIGKILL');
    await admin.ended;
    expect(Number(await fleet.look.hget(event.keys.meta, 'seq'))).toBe(20_000);
    await pause(opensAtMs + 10_000 - Date.now());
    leaving.abort();
    const report = await crowd;
    const { grantsUs } = grantHistory(await fleet.journal(event));
    expect((grantsUs[0] ?? 0) / 1000).toBeGreaterThanOrEqual(opensAtMs);
    expect((grantsUs[0] ?? 0) / 1000).toBeLessThanOrEqual(opensAtMs + 2_000);
    expect(report.refusalsAfterReady.unexplained).toBe(0);
  }, 120_000);
});

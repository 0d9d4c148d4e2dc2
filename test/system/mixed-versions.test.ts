/** This version and the one before on one line: what each wrote, the other reads, keeps, and goes on with. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import project from '../../package.json' with { type: 'json' };
import { keysOf } from '../../src/queue/scripts.ts';
import { eventually } from '../helpers/eventually.ts';
import { enterAt, type Gateway, joinAt, statusAt } from '../helpers/fleet.ts';
import { type Admin, type Office, openOffice } from '../helpers/office.ts';
import { previousDist, previousMissing, previousVersion } from '../helpers/previous-version.ts';

const missing = previousMissing();
if (missing !== undefined) console.log(`SKIPPED mixed-versions: ${missing}`);

const patience = { withinMs: 15_000, everyMs: 50 };
const event = 'evt_mixed';

describe.skipIf(missing !== undefined)('two versions', () => {
  let office: Office;
  let before: Gateway;
  let now: Gateway;
  let adminBefore: Admin;
  let adminNow: Admin;
  const meta = () => office.look.hgetall(keysOf(event).meta);

  beforeAll(async () => {
    office = await openOffice({ gateways: 0, admins: 0, env: { EVENTS_AUTO_CREATE: 'true' } });
    const dist = previousDist();
    before = await office.addGateway(0, {}, dist);
    // The event is made by the older one, which knows less of events.
    const first = await tokenOf(before, 'first');
    expect(await meta()).not.toHaveProperty('run');
    [now, adminBefore, adminNow] = await Promise.all([
      office.addGateway(),
      office.addAdmin({}, dist),
      office.addAdmin(),
    ]);
    await eventually(async () => (await statusOf(now, first)).position === 1, patience);
  });
  afterAll(() => office?.stop());

  const gateways = () => [before, now] as const;

  /** The place of somebody who is signed in, whether they have it already or not. */
  async function tokenOf(at: Gateway, user: string): Promise<string> {
    const headers = {
      authorization: 'Bearer load-test-bypass-token',
      'x-load-test': 'true',
      'x-user-id': user,
    };
    const { body } = await joinAt(at.url, event, { headers });
    return String(body.waiting_token);
  }

  async function statusOf(at: Gateway, token: string) {
    const { body } = await statusAt(at.url, token);
    return { status: String(body.status), position: Number(body.position) };
  }

  /** Both say this of a place, soon. */
  const bothSay = (token: string, status: string, position: number) =>
    eventually(async () => {
      const said = await Promise.all(gateways().map((at) => statusOf(at, token)));
      expect(said).toEqual(said.map(() => ({ status, position })));
      return true;
    }, patience);

  it('give one person one place, in one order, whichever is asked', async () => {
    const tokens: string[] = [];
    for (let index = 0; index < 20; index += 1)
      tokens.push(await tokenOf(gateways()[index % 2 ? 1 : 0], `p${index}`));
    for (const [index, token] of tokens.entries()) {
      expect(await tokenOf(gateways()[index % 2 ? 0 : 1], `p${index}`)).toBe(token);
      await bothSay(token, (await statusOf(now, token)).status, index + 2);
    }
  });

  it('repeat each other’s grants with the same pass, and know each other’s leaves', async () => {
    for (const [first, second] of [gateways(), [now, before] as const]) {
      const user = `buyer-${first.url}`;
      const token = await tokenOf(first, user);
      // Tiers want some seconds of waiting.
      const pass = await eventually(async () => {
        const answer = await enterAt(first.url, token, user);
        return answer.status === 200 ? String(answer.body.reservation_token) : false;
      }, patience);
      const again = await enterAt(second.url, token, user);
      expect([again.status, again.body.reservation_token]).toEqual([200, pass]);
      await bothSay(token, 'entered', 0);

      const leaver = await tokenOf(first, `leaver-${first.url}`);
      const left = await fetch(`${second.url}/api/v1/queue/leave?token=${leaver}`, { method: 'DELETE' });
      expect(left.status).toBe(200);
      await bothSay(leaver, 'left', 0);
    }
  });

  it('are named by doctor and snapshot, on either side', async () => {
    for (const { url } of [adminBefore, adminNow]) {
      const versions = async () => (await office.snapshot(event, url)).gateways.versions;
      await eventually(async () => (await versions()).length === 2, patience);
      expect(await versions()).toEqual([previousVersion, project.version].sort());
    }
    const { stdout } = await office.tacos(['doctor', event, '--only', 'mixed-versions'], {
      server: adminNow.url,
    });
    expect(stdout).toContain(`gateways run ${[previousVersion, project.version].sort().join(' and ')}`);
  });

  it('take changes of either admin API, which erase nothing that the other knows', async () => {
    // What a version that is still to come may have written.
    await office.look.hset(keysOf(event).meta, 'fromTomorrow', 'kept');
    const known = await meta();
    expect(known.run).toMatch(/^[0-9a-f]{40}$/);
    for (const [index, { url }] of [adminBefore, adminNow, adminBefore].entries()) {
      const refill = 30 + index;
      const changed = await office.tacos(
        ['bucket', 'set', event, '--refill', String(refill), '--reason', 'two versions', '--yes'],
        { server: url },
      );
      expect(`${changed.stdout}${changed.stderr}`).toMatch(/2 of 2 gateways/);
      expect(changed.code).toBe(0);
      const { run, fromTomorrow, refill: set } = await meta();
      expect({ run, fromTomorrow }).toEqual({ run: known.run, fromTomorrow: 'kept' });
      expect(set).toContain(String(refill * 1_000_000));
      const last = (await office.journal({ id: event, keys: keysOf(event), incarnation: '' })).findLast(
        ({ kind }) => kind === 'settings',
      );
      expect(last).toMatchObject({ meta: { run: known.run, fromTomorrow: 'kept' } });
    }
  });

  it('stop and leave the other one serving', async () => {
    const token = await tokenOf(now, 'stays');
    const { position } = await statusOf(now, token);
    await before.stop();
    expect(await before.ended).toEqual({ code: 0, signal: null });
    await eventually(
      async () => (await office.snapshot(event, adminBefore.url)).gateways.versions.length === 1,
      patience,
    );
    expect((await statusOf(now, token)).position).toBeLessThanOrEqual(position);
    expect(await tokenOf(now, 'stays')).toBe(token);
  });
});

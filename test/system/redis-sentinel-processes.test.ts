/** Gateways and admin API of dist/ on a master under sentinels, with the guide's users. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/contract/doctor.ts';
import { eventually } from '../helpers/eventually.ts';
import { call, enterAt, joinAt, statusAt } from '../helpers/fleet.ts';
import { type Office, openOffice } from '../helpers/office.ts';
import { refusedTo } from '../helpers/redis-says.ts';
import { startSentinels, type TestSentinels } from '../helpers/redis-sentinel.ts';
import { addGuideUsers, userPasswords } from '../helpers/redis-users.ts';

const patience = { withinMs: 30_000, everyMs: 50 };
const event = 'evt_sentinel';
const sure = ['--yes', '--reason', 'as the test wants'];

let sentinels: TestSentinels;
let office: Office;
/** Token and seq, in the order of the joins. */
const joined: { token: string; seq: number }[] = [];

async function joinNext(): Promise<boolean> {
  const { status, body } = await joinAt(office.urls[joined.length % 2] ?? '', event);
  if (status !== 202) return false;
  const token = String(body.waiting_token);
  joined.push({ token, seq: Number(body.position_hint) });
  return true;
}

async function findings(...only: string[]): Promise<Finding[]> {
  const ran = await office.tacos(['doctor', '--only', only.join(), '-o', 'json'], { as: 'ada' });
  return (JSON.parse(ran.stdout) as { items: Finding[] }).items;
}

const readiness = async (url: string): Promise<string> =>
  JSON.stringify((await call('GET', `${url}/readyz`)).body);

beforeAll(async () => {
  sentinels = await startSentinels({ args: ['--min-replicas-to-write', '1', '--appendonly', 'yes'] });
  await addGuideUsers(sentinels.servers, 'tacos-');
  await addGuideUsers(sentinels.sentinels, 'watch-tacos');
  office = await openOffice({
    sentinels,
    gateways: 2,
    admins: 1,
    env: {
      REDIS_USERNAME: 'tacos-gateway',
      REDIS_PASSWORD: userPasswords.gateway,
      REDIS_SENTINEL_USERNAME: 'watch-tacos',
      REDIS_SENTINEL_PASSWORD: userPasswords.sentinel,
    },
    adminEnv: { REDIS_USERNAME: 'tacos-admin', REDIS_PASSWORD: userPasswords.admin },
  });
}, 60_000);
afterAll(async () => {
  await office?.stop();
  await sentinels?.stop();
}, 60_000);

describe('on a master under sentinels', () => {
  it('people join, poll and enter, operators steer, and nothing is asked for that the guide does not name', async () => {
    const made = await office.tacos(
      ['event', 'create', event, '--refill', '10', '--capacity', '5', ...sure],
      { as: 'ada' },
    );
    expect(made.code, made.stderr).toBe(0);
    await eventually(async () => (await office.snapshot(event)).gateways.seen === 2, patience);
    while (joined.length < 20) expect(await joinNext()).toBe(true);
    const [first] = joined;
    const url = office.urls[1] ?? '';
    await eventually(
      async () => (await statusAt(url, first?.token ?? '')).body.ready_for_entry === true,
      patience,
    );
    expect((await enterAt(url, first?.token ?? '', 'first')).status).toBe(200);
    await eventually(async () => {
      const found = await findings('sentinels-missing', 'min-replicas', 'noeviction', 'aof-off');
      expect(found.map(({ check, result }) => [check, result])).toEqual(
        ['noeviction', 'aof-off', 'sentinels-missing', 'min-replicas'].map((check) => [check, 'pass']),
      );
    }, patience);
    for (const server of [...sentinels.servers, ...sentinels.sentinels])
      expect(await refusedTo(server.client())).toEqual([]);
  });

  it('a killed master is followed by another: places as before, and operators see which', async ({
    annotate,
  }) => {
    const killed = await sentinels.master();
    const sinceMs = performance.now();
    await killed.kill();
    await eventually(joinNext, patience);
    await annotate(`joins again after ${((performance.now() - sinceMs) / 1000).toFixed(1)} s`);
    while (joined.length < 40) await eventually(joinNext, patience);
    const master = await sentinels.untilOther(killed);
    const [first, ...others] = joined;
    const statusOf = async (token = '') => (await statusAt(office.urls[0] ?? '', token)).body;
    await eventually(async () => {
      const positions = (await Promise.all(others.map(({ token }) => statusOf(token)))).map(({ position }) =>
        Number(position),
      );
      expect(positions.slice(0, 19)).toEqual(Array.from({ length: 19 }, (_, at) => at + 1));
      // One whose answer was lost may stand between the later ones.
      expect(positions).toEqual([...new Set(positions)].sort((one, other) => one - other));
      expect((await statusOf(first?.token)).status).toBe('entered');
    }, patience);
    await master.client().config('SET', 'maxmemory-policy', 'allkeys-lru');
    await eventually(async () => {
      const found = await findings('failover-seen', 'noeviction');
      expect(found).toMatchObject([
        { check: 'noeviction', result: 'fail', next: expect.stringContaining(`-p ${master.port} `) },
        { check: 'failover-seen', result: 'warn' },
      ]);
    }, patience);
  });

  it('without sentinels and master says so, answers polls from memory, and joins with 503 and when to ask again', async () => {
    const master = await sentinels.master();
    await Promise.all([...sentinels.sentinels, master].map((server) => server.kill()));
    const url = office.urls[0] ?? '';
    for (const each of [url, office.admins[0]?.url ?? ''])
      await eventually(
        async () => expect(await readiness(each)).toContain('no Redis Sentinel answers at'),
        patience,
      );
    const [gateway] = office.gateways;
    expect(Object.values(gateway?.output() ?? {}).join('')).toContain('no Redis Sentinel answers at');
    const polled = await statusAt(url, joined[5]?.token ?? '');
    expect([polled.status, polled.body.position, polled.body.stale]).toEqual([200, 5, true]);
    const refused = await joinAt(url, event);
    expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([503, true]);
  });
});

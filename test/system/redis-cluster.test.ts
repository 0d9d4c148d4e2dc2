/** Gateways and admin API of dist/ on a Redis Cluster of three masters and three replicas, with the guide's users. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeReply } from '../../src/contract/actions.ts';
import type { BudgetView } from '../../src/contract/admin-api.ts';
import type { AuditEntry } from '../../src/contract/audit.ts';
import type { Overview, QueueSnapshot } from '../../src/contract/snapshot.ts';
import { slotOf } from '../../src/redis/nodes.ts';
import { eventually } from '../helpers/eventually.ts';
import { call, enterAt, joinAt, statusAt } from '../helpers/fleet.ts';
import { type Office, openOffice, tokenOf } from '../helpers/office.ts';
import { startRedisCluster, type TestCluster } from '../helpers/redis-cluster.ts';
import { refusedTo } from '../helpers/redis-says.ts';
import { addGuideUsers, guideUsers, userPasswords } from '../helpers/redis-users.ts';

const patience = { withinMs: 20_000, everyMs: 50 };
/** People who join each event. */
const people = 40;

let cluster: TestCluster;
let office: Office;
/** One event on each master. */
let events: string[];

const servers = () => [...cluster.masters, ...cluster.replicas];

const admin = async <T>(path: string): Promise<T> => {
  const answer = await call('GET', `${office.admins[0]?.url}${path}`, {
    headers: { authorization: `Bearer ${tokenOf('olga')}` },
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body as T;
};
const queue = (event: string) => admin<QueueSnapshot>(`/admin/v1/events/${event}/snapshot`);
const tacos = async <T>(...argv: string[]): Promise<T> => {
  const ran = await office.tacos([...argv, '-o', 'json'], { as: 'ada' });
  expect(ran.code, `${argv.join(' ')}: ${ran.stderr}`).toBe(0);
  return JSON.parse(ran.stdout) as T;
};
const sure = ['--yes', '--reason', 'as the test wants'];

beforeAll(async () => {
  cluster = await startRedisCluster();
  expect(guideUsers('tacos-').length).toBe(2);
  await addGuideUsers(servers(), 'tacos-');
  events = cluster.masters.map((_, master) => cluster.idOn(master, 'sale'));
  office = await openOffice({
    cluster,
    gateways: 2,
    admins: 1,
    env: { REDIS_USERNAME: 'tacos-gateway', REDIS_PASSWORD: userPasswords.gateway },
    adminEnv: { REDIS_USERNAME: 'tacos-admin', REDIS_PASSWORD: userPasswords.admin },
  });
}, 60_000);
afterAll(async () => {
  await office?.stop();
  await cluster?.stop();
}, 60_000);

describe('on a Redis Cluster', () => {
  it('visitors of events on all masters join in order, poll and enter, at any gateway', async () => {
    for (const event of events)
      await tacos('event', 'create', event, '--refill', '10', '--capacity', '5', ...sure);
    for (const event of events)
      await eventually(async () => (await queue(event)).gateways.seen === 2, patience);
    const url = (at: number): string => office.urls[at % 2] ?? '';
    await Promise.all(
      events.map(async (event) => {
        const tokens: string[] = [];
        for (let at = 0; at < people; at += 1) {
          const joined = await joinAt(url(at), event);
          expect(joined.status, JSON.stringify(joined.body)).toBe(202);
          tokens.push(String(joined.body.waiting_token));
        }
        const isInOrder = async (token: string, at: number): Promise<boolean> =>
          (await statusAt(url(at + 1), token)).body.position === at + 1;
        for (const [at, token] of tokens.entries())
          if (at % 13 === 0) await eventually(() => isInOrder(token, at), patience);
        const first = tokens[0] ?? '';
        await eventually(async () => (await statusAt(url(0), first)).body.ready_for_entry === true, patience);
        const entered = await enterAt(url(1), first, `first of ${event}`);
        expect(entered.status, JSON.stringify(entered.body)).toBe(200);
      }),
    );
  });

  it('has all keys of an event on its master, and each master one event', async () => {
    const placed = await Promise.all(
      cluster.masters.map(async (server) => {
        const keys = await server.client().keys('tacos:{evt_*');
        return [...new Set(keys.map((key) => /\{(.+?)\}/.exec(key)?.[1]))];
      }),
    );
    expect(placed).toEqual(events.map((event) => [event]));
    const waiting = events.map((event) => slotOf(`tacos:{${event}}:waiting`));
    expect(events.map((event) => slotOf(`tacos:{${event}}:journal`))).toEqual(waiting);
  });

  it('lets operators see and steer all events, with budget and trail over all of them', async () => {
    await eventually(async () => {
      const overview = await admin<Overview>('/admin/v1/overview');
      const rows = overview.events.map(({ event, waiting }) => [event, waiting]);
      expect(rows).toEqual(events.toSorted().map((event) => [event, people - 1]));
    }, patience);
    const changed = await call('POST', `${office.admins[0]?.url}/admin/v1/actions`, {
      headers: { authorization: `Bearer ${tokenOf('olga')}` },
      body: { events, action: { type: 'bucket.set', refillPerSec: 20 }, reason: 'as the test wants' },
    });
    expect(changed.status, JSON.stringify(changed.body)).toBe(200);
    expect((changed.body as unknown as ChangeReply).results).toMatchObject(
      events.map((event) => ({ event, applied: true, receipt: { inForce: 2, of: 2 } })),
    );
    await tacos('budget', 'set', '70', ...sure);
    await eventually(async () => {
      const budget = (await tacos<{ item: BudgetView }>('budget', 'get')).item;
      expect(budget).toMatchObject({ perSec: 70, usedPerSec: 60 });
    }, patience);
    // One event's share is what all others leave, on whichever masters they are.
    const over = await office.tacos(['bucket', 'set', events[1] ?? '', '--refill', '40', ...sure], {
      as: 'olga',
    });
    expect(over.stderr).toContain('all events together would use 80/s, the budget is 70/s');
    const { items } = await tacos<{ items: AuditEntry[] }>('audit', 'list');
    for (const event of events) {
      const own = items.filter((entry) => entry.event === event).map(({ action }) => action);
      expect(own.toSorted()).toEqual(['bucket.set', 'event.create']);
    }
    expect(items.map(({ action }) => action)).toContain('budget.set');
  });

  it('names the hottest master, of three', async () => {
    const names = cluster.masters.map(({ port }) => `127.0.0.1:${port}`);
    await eventually(async () => {
      const { redis } = await queue(events[0] ?? '');
      expect(redis.masters).toBe(3);
      expect(names).toContain(redis.hottestNode);
    }, patience);
  });

  it('asks for no right that the guide does not name', async () => {
    for (const server of servers()) expect(await refusedTo(server.client())).toEqual([]);
  });

  it('loses no place of a master that dies, and disturbs nobody else, until its replica has taken over', async () => {
    const [one = '', other = ''] = events;
    await cluster.masters[0]?.kill();
    await eventually(async () => {
      const calm = await joinAt(office.urls[0] ?? '', other);
      expect(calm.status, JSON.stringify(calm.body)).toBe(202);
      const back = await joinAt(office.urls[0] ?? '', one);
      expect(back.status, JSON.stringify(back.body)).toBe(202);
      // Whoever joined while the answer was lost has a place of their own; nobody's was given twice.
      expect(Number(back.body.position_hint)).toBeGreaterThanOrEqual(people);
    }, patience);
    await eventually(async () => {
      const { stale, redis } = await queue(one);
      expect([stale, redis.masters]).toEqual([false, 3]);
    }, patience);
  });
});

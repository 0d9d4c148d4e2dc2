import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TacosError } from '../contract/errors.ts';
import { snapshotRowsMax } from '../contract/limits.ts';
import { positionsPageMax } from '../contract/visitors.ts';
import type { AdminApp } from './app.ts';
import { asRole, testApp } from './testing/app.ts';
import type { FakeDesk } from './testing/fake-desk.ts';
import {
  auditOf,
  budgetView,
  hpaView,
  overviewOf,
  settingsView,
  snapshotOf,
  versionView,
} from './testing/views.ts';

let app: AdminApp;
let desk: FakeDesk;
beforeEach(async () => {
  ({ app, desk } = await testApp({
    serverFacts: () => ({
      certificateEndsAt: '2027-01-01T00:00:00.000Z',
      webhook: { configured: true, failing: true },
    }),
  }));
});
afterEach(() => app.close());

const get = (path: string) => app.inject({ url: `/admin/v1${path}`, headers: asRole('viewer') });
const codeOf = async (path: string) => {
  const reply = await get(path);
  return [reply.statusCode, reply.json().error?.code];
};

it('events are listed and read', async () => {
  const list = await get('/events');
  expect(list.json()).toMatchObject({
    apiVersion: 'tacos/v1',
    kind: 'EventList',
    items: [{ event: 'evt_x' }],
  });
  const one = await get('/events/evt_x');
  expect(one.json()).toMatchObject({ kind: 'Event', item: { event: 'evt_x' } });
  expect(one.headers.etag).toBe('"18"');
});

it('an event that is not there is said so by every route below it', async () => {
  for (const part of [
    '',
    '/snapshot',
    '/stream',
    '/bucket',
    '/bucket/history',
    '/settings',
    '/sale',
    '/sale/report',
    '/positions',
    '/visitors/v_abcdefgh',
  ]) {
    expect([part, ...(await codeOf(`/events/evt_none${part}`))]).toEqual([part, 404, 'EVENT_NOT_FOUND']);
    expect([part, ...(await codeOf(`/events/a%20b${part}`))]).toEqual([part, 400, 'BAD_REQUEST']);
  }
});

it('a snapshot is loaded where it is not in memory yet', async () => {
  desk.current = undefined;
  const reply = await get('/events/evt_x/snapshot');
  expect(reply.json()).toEqual(snapshotOf());
  expect(reply.headers.etag).toBe('"18"');
});

it('the overview has all queues', async () => {
  expect((await get('/overview')).json()).toEqual(overviewOf());
});

describe('the bucket', () => {
  it('is read with its revision as ETag and with warnings', async () => {
    desk.current = snapshotOf({ bucket: { ...snapshotOf().bucket, capacity: { now: 100, target: 100 } } });
    const reply = await get('/events/evt_x/bucket');
    expect(reply.headers.etag).toBe('"18"');
    expect(reply.json()).toMatchObject({ kind: 'Bucket', item: { event: 'evt_x', tokens: 212 } });
    expect(reply.json().warnings).toEqual([
      'capacity 100 holds 2.0 s of refill, less than 4 s: the refill may not be reached; set capacity to 200 or more',
    ]);
  });

  it('has its history', async () => {
    const reply = await get('/events/evt_x/bucket/history');
    expect(reply.json()).toMatchObject({ kind: 'VersionList', items: [versionView] });
  });
});

it('settings and budget come with their versions', async () => {
  const settings = await get('/events/evt_x/settings');
  expect([settings.headers.etag, settings.json().item]).toEqual(['"18"', settingsView]);
  const budget = await get('/budget');
  expect([budget.headers.etag, budget.json().item]).toEqual(['"4"', budgetView]);
});

describe('positions', () => {
  it('come page by page', async () => {
    const reply = await get('/events/evt_x/positions?from=101&limit=500');
    expect(reply.json()).toMatchObject({ kind: 'PositionList', event: 'evt_x', waiting: 18_234, away: 12 });
    expect(reply.json().items[0].visitor).toBe('v_abcdefgh');
    await get('/events/evt_x/positions');
    expect(desk.asked).toEqual([
      { from: 101, limit: 500 },
      { from: 1, limit: snapshotRowsMax },
    ]);
  });

  it('refuse a page that cannot be', async () => {
    for (const query of [
      'from=0',
      'limit=0',
      `limit=${positionsPageMax + 1}`,
      'from=1.5',
      'from=x',
      'from=',
    ]) {
      expect([query, ...(await codeOf(`/events/evt_x/positions?${query}`))]).toEqual([
        query,
        400,
        'BAD_REQUEST',
      ]);
    }
  });
});

describe('a visitor', () => {
  it('is found by reference, position or id, however odd the id', async () => {
    const refs = ['v_abcdefgh', '#12', 'user:a/b?c#d', `sub:${'가'.repeat(128)}`];
    for (const ref of refs) {
      const reply = await get(`/events/evt_x/visitors/${encodeURIComponent(ref)}`);
      expect([ref, reply.statusCode, reply.json().item?.visitor]).toEqual([ref, 200, 'v_abcdefgh']);
    }
    expect(desk.asked).toEqual(refs);
  });

  it('is not found by anything that might be a token', async () => {
    for (const ref of ['eyJhbGciOiJIUzI1NiJ9', 'v_ABC', '12', 'user:', 'user:a b']) {
      expect([ref, ...(await codeOf(`/events/evt_x/visitors/${encodeURIComponent(ref)}`))]).toEqual([
        ref,
        400,
        'BAD_REQUEST',
      ]);
    }
    expect(await codeOf('/events/evt_x/visitors/%23404')).toEqual([404, 'VISITOR_NOT_FOUND']);
  });
});

describe('the audit trail', () => {
  it('is read by event, backwards from a record', async () => {
    const reply = await get('/audit?event=evt_x&limit=2&before=aud_7R0D');
    expect(reply.json()).toMatchObject({ kind: 'AuditList', items: [auditOf()] });
    await get('/audit');
    expect(desk.asked).toEqual([{ event: 'evt_x', limit: 2, before: 'aud_7R0D' }, { limit: 50 }]);
    for (const query of ['limit=0', 'limit=501', 'before=7', 'event=a%20b'])
      expect([query, ...(await codeOf(`/audit?${query}`))]).toEqual([query, 400, 'BAD_REQUEST']);
  });

  it('gives one record', async () => {
    expect((await get('/audit/aud_7Q2M')).json()).toMatchObject({ kind: 'Audit', item: auditOf() });
    expect(await codeOf('/audit/aud_none')).toEqual([404, 'AUDIT_NOT_FOUND']);
    expect(await codeOf('/audit/7')).toEqual([400, 'BAD_REQUEST']);
  });
});

it('the doctor learns what this process knows', async () => {
  const reply = await get('/doctor?event=evt_x');
  expect(reply.json()).toMatchObject({ kind: 'FindingList', items: [{ check: 'paused', result: 'pass' }] });
  expect(desk.asked).toEqual([
    {
      event: 'evt_x',
      server: {
        certificateEndsAt: '2027-01-01T00:00:00.000Z',
        webhook: { configured: true, failing: true },
      },
    },
  ]);
});

describe('the autoscaler', () => {
  it('is read with the version of our changes as ETag, by the name that is asked for', async () => {
    const reply = await get('/hpa?namespace=gateway');
    expect([reply.headers.etag, reply.json()]).toEqual([
      '"4"',
      expect.objectContaining({ kind: 'Hpa', item: hpaView }),
    ]);
    expect(desk.asked).toEqual([{ namespace: 'gateway' }]);
  });

  it.each([
    ['CLUSTER_NOT_SET', 409],
    ['HPA_NOT_FOUND', 404],
    ['CLUSTER_FORBIDDEN', 403],
    ['CLUSTER_UNAVAILABLE', 503],
  ] as const)('that cannot be read is said so: %s', async (code, status) => {
    desk.refusal = new TacosError(code);
    expect(await codeOf('/hpa')).toEqual([status, code]);
  });
});

it('a sale is told, and checked for operators with a test of the webhook', async () => {
  expect((await get('/events/evt_x/sale')).json()).toMatchObject({
    kind: 'SaleStatus',
    item: { event: 'evt_x' },
  });
  const payload = {
    opensAt: '2027-05-01T11:00:00Z',
    endsAt: '2027-05-01T13:00:00Z',
    visitors: 1_000,
    joinPerSec: 100,
  };
  const check = (role: 'viewer' | 'operator') =>
    app.inject({ method: 'POST', url: '/admin/v1/events/evt_x/sale/check', headers: asRole(role), payload });
  expect((await check('viewer')).statusCode).toBe(403);
  const found = await check('operator');
  expect([found.statusCode, found.json().kind]).toEqual([200, 'FindingList']);
  expect(desk.asked.at(-1)).toEqual([payload, expect.objectContaining({ webhookTook: null })]);
});

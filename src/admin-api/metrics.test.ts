import { afterEach, describe, expect, it } from 'vitest';
import { createAdminRegistry } from './metrics.ts';
import { asRole, testApp } from './testing/app.ts';
import { deskFiguresOf } from './testing/views.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function open(options: Parameters<typeof testApp>[0] = {}) {
  const { app, desk } = await testApp(options);
  closers.push(() => app.close());
  return { app, desk };
}

describe('GET /metrics', () => {
  it('tells a viewer what only operators know', async () => {
    const { app, desk } = await open();
    desk.told = deskFiguresOf({ failovers: 2, certificateEndsAtMs: 1_800_000_000_000 });
    const reply = await app.inject({ url: '/metrics', headers: asRole('viewer') });
    expect(reply.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(reply.body.split('\n')).toEqual(
      expect.arrayContaining([
        `tacos_build_info{component="admin",version="1.2.3",node="${process.version}"} 1`,
        'queue_revision{event="evt_x"} 18',
        'queue_dead_heads{event="evt_x"} 4',
        'queue_over_bound{event="evt_x"} 0',
        'queue_recoveries_total{event="evt_x"} 2',
        'queue_recovered_places_total{event="evt_x"} 1204',
        'backend_budget_per_second 120',
        'backend_budget_used_per_second 50',
        'redis_cpu_percent 41',
        'redis_memory_used_bytes 212000000',
        'redis_memory_max_bytes 0',
        'redis_operations_per_second 9800',
        'redis_ping_p99_seconds 0.0012',
        'redis_persistence_failing 0',
        'redis_failovers_total 2',
        'tacos_certificate_end_seconds 1800000000',
      ]),
    );
    desk.told = deskFiguresOf({ persistenceFailing: 'rdb_last_bgsave_status err' });
    const later = await app.inject({ url: '/metrics', headers: asRole('viewer') });
    expect(later.body).toContain('\nredis_persistence_failing 1\n');
    expect(later.body).not.toContain('\ntacos_certificate_end_seconds ');
  });

  it('needs a token, unless it was opened', async () => {
    const { app } = await open();
    expect((await app.inject('/metrics')).statusCode).toBe(401);
    const { app: opened } = await open({ metricsOpen: true });
    const reply = await opened.inject('/metrics');
    expect([reply.statusCode, reply.body.includes('redis_cpu_percent 41')]).toEqual([200, true]);
    expect((await opened.inject('/admin/v1/overview')).statusCode).toBe(401);
  });
});

describe('the metrics of an admin process', () => {
  it('say nothing of what is not known', async () => {
    const { redis } = deskFiguresOf();
    const unknown = { ...redis, cpuPercent: null, usedMemoryBytes: null, maxMemoryBytes: null, p99Ms: null };
    const figures = deskFiguresOf({
      events: [
        {
          ...{ event: 'evt_x', waiting: 1, revision: 3, deadHeads: 0, overBound: null },
          ...{ recoveries: 0, recoveredPlaces: 0 },
        },
      ],
      redis: unknown,
      persistenceFailing: null,
      budget: { usedPerSec: 0, perSec: null },
    });
    const text = await createAdminRegistry({ figures: () => figures, version: '1' }).metrics();
    const samples = text.split('\n').filter((line) => /^(redis|queue|backend|tacos_[ck])_?/.test(line));
    expect(samples.map((line) => line.split(/[ {]/)[0])).toEqual([
      'backend_budget_used_per_second',
      'redis_operations_per_second',
      'redis_failovers_total',
      'queue_revision',
      'queue_dead_heads',
      'queue_recoveries_total',
      'queue_recovered_places_total',
    ]);
  });

  it('have a bounded number of series, however many events there are', async () => {
    const events = Array.from({ length: 10_000 }, (_, index) => ({
      event: `evt_${index}`,
      waiting: index,
      revision: 1,
      deadHeads: 0,
      overBound: 0,
      recoveries: 0,
      recoveredPlaces: 0,
    }));
    const registry = createAdminRegistry({ figures: () => deskFiguresOf({ events }), version: '1' });
    const text = await registry.metrics();
    expect(text.match(/^queue_revision\{/gm)?.length).toBe(50);
    expect(text).toContain('queue_revision{event="evt_9999"}');
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    process.stdout.write(`series of an admin process with 10,000 events: ${series}\n`);
    expect(series).toBeLessThan(400);
  });
});

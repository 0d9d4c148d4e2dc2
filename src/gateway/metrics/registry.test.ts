import { describe, expect, it } from 'vitest';
import { FakeLine } from '../../../test/helpers/fake-line.ts';
import { EventLabels } from '../../contract/event-labels.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { BreakerState } from '../backends/backends.ts';
import { Meters } from './meters.ts';
import { createRegistry, renderMetrics } from './registry.ts';

const event = (name: string, waiting: number) => ({
  event: name,
  waiting,
  away: 1,
  tokens: 42,
  revision: 3,
  lagMs: 50,
  admitted: 7,
  joined: 9,
  etaErrorRatio: 0.25,
  admits: true,
  refillPerSec: 50,
  brakeRatio: 0.8,
  brakeWanted: 0.7 as number | undefined,
  capacity: 200,
  window: 120,
  changeEndsAtMs: null as number | null,
});

function worker(events = [event('evt_a', 10)], reservation: BreakerState = 'closed', refusedShare = 0) {
  const line = new FakeLine();
  line.events = events;
  const meters = new Meters();
  return {
    line,
    meters,
    registry: createRegistry({
      line,
      meters,
      streamCount: () => 2,
      overload: () => ({ refusedShare, refused: { join: 3, status: 2, enter: 0 }, resting: 4 }),
      version: '1.2.3',
      breakers: () => ({ reservation }),
    }),
  };
}

describe('metrics', () => {
  it('count the commands of all connections to Redis, the one beside the line too', async () => {
    const { line, meters, registry } = worker();
    const sent = Object.values(line.gauges().redisCommands).reduce((sum, count) => sum + count, 0);
    const other = { name: 'evalsha' } as Parameters<RedisClient['sendCommand']>[0];
    const client = { sendCommand: () => undefined } as unknown as RedisClient;
    meters.commands.watch(client);
    client.sendCommand(other);
    client.sendCommand(other);
    const text = await renderMetrics([await registry.getMetricsAsJSON()]);
    const counts = [...text.matchAll(/^redis_commands_total\{.*\} (\d+)$/gm)].map((match) =>
      Number(match[1]),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(sent + 2);
  });

  it('have the names that dashboards know, with what was counted', async () => {
    const { meters, registry } = worker();
    const now = performance.now();
    meters.route('GET', '/x').record(200, now);
    meters.route('GET', '/x').record(200, now - 3_000);
    meters.route('BREW', '/x').record(404, now);
    meters.operations.join.ok += 2;
    meters.operations.join.refuse('QUEUE_FULL');
    for (const position of [0, 1, 7, 18_234]) meters.positions.told(position);
    meters.limited.ip += 4;
    meters.idempotency.replayed += 2;
    meters.backend('reservation', 'reserve').record('ok', 30);
    meters.backend('reservation', 'reserve').record('backend_unavailable', undefined);
    const text = await renderMetrics([await registry.getMetricsAsJSON()]);
    for (const line of [
      'http_server_requests_total{method="GET",route="/x",status="200"} 2',
      'http_server_requests_total{method="other",route="/x",status="404"} 1',
      'http_server_requests_duration_seconds_bucket{method="GET",route="/x",le="2.5"} 1',
      'http_server_requests_duration_seconds_bucket{method="GET",route="/x",le="5"} 2',
      'http_server_requests_duration_seconds_bucket{method="GET",route="/x",le="+Inf"} 2',
      'http_server_requests_duration_seconds_count{method="GET",route="/x"} 2',
      'queue_operations_total{operation="join",outcome="ok"} 2',
      'queue_operations_total{operation="join",outcome="queue_full"} 1',
      'queue_waiting{event="evt_a"} 10',
      'queue_away{event="evt_a"} 1',
      'bucket_tokens{event="evt_a"} 42',
      'admission_rate_counter{event="evt_a"} 7',
      'eta_accuracy_gauge{event="evt_a"} 0.75',
      'gateway_revision{event="evt_a"} 3',
      'queue_replica_lag_seconds{event="evt_a"} 0.05',
      'redis_commands_total{command="evalsha"} 3',
      'queue_streams 2',
      'queue_admitting{event="evt_a"} 1',
      'queue_window{event="evt_a"} 120',
      'bucket_refill_per_second{event="evt_a"} 50',
      'bucket_capacity_tokens{event="evt_a"} 200',
      'admission_brake_ratio{event="evt_a"} 0.8',
      'queue_position_histogram_bucket{le="1"} 1',
      'queue_position_histogram_bucket{le="10"} 2',
      'queue_position_histogram_bucket{le="50000"} 3',
      'queue_position_histogram_bucket{le="+Inf"} 3',
      'queue_position_histogram_sum 18242',
      'queue_position_histogram_count 3',
      'ratelimit_dropped_total{scope="ip"} 4',
      'ratelimit_dropped_total{scope="place"} 0',
      'idempotency_hits_total{outcome="replayed"} 2',
      'backend_calls_total{backend="reservation",method="reserve",outcome="ok"} 1',
      'backend_calls_total{backend="reservation",method="reserve",outcome="backend_unavailable"} 1',
      'backend_call_duration_seconds_bucket{backend="reservation",method="reserve",le="0.025"} 0',
      'backend_call_duration_seconds_bucket{backend="reservation",method="reserve",le="0.05"} 1',
      'backend_call_duration_seconds_count{backend="reservation",method="reserve"} 1',
      'backend_breaker_state{backend="reservation",state="closed"} 1',
      'backend_breaker_state{backend="reservation",state="open"} 0',
      `tacos_build_info{component="gateway",version="1.2.3",node="${process.version}"} 1`,
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
    expect(text).toMatch(/^process_cpu_seconds_total \d/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  });

  it('of several workers add up what each did, not what all know', async () => {
    const workers = [
      worker(),
      worker([{ ...event('evt_a', 12), revision: 2, changeEndsAtMs: 1500 }], 'open'),
    ];
    for (const { meters } of workers) {
      meters.route('GET', '/x').record(200, performance.now());
      meters.operations.status.ok += 5;
      meters.positions.told(3);
    }
    const snapshots = await Promise.all(workers.map(({ registry }) => registry.getMetricsAsJSON()));
    // As they arrive from another process.
    const text = await renderMetrics(JSON.parse(JSON.stringify(snapshots)) as typeof snapshots);
    for (const line of [
      'http_server_requests_total{method="GET",route="/x",status="200"} 2',
      'http_server_requests_duration_seconds_count{method="GET",route="/x"} 2',
      'queue_operations_total{operation="status",outcome="ok"} 10',
      'queue_waiting{event="evt_a"} 12',
      'admission_rate_counter{event="evt_a"} 7',
      'gateway_revision{event="evt_a"} 2',
      'redis_commands_total{command="evalsha"} 6',
      'backend_breaker_state{backend="reservation",state="closed"} 1',
      'backend_breaker_state{backend="reservation",state="open"} 1',
      'bucket_change_end_seconds{event="evt_a"} 1.5',
      'queue_position_histogram_bucket{le="+Inf"} 2',
      `tacos_build_info{component="gateway",version="1.2.3",node="${process.version}"} 1`,
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  it('of a scrape are the same as those of the next, when nothing happened', async () => {
    const { meters, registry } = worker();
    meters.route('GET', '/x').record(200, performance.now());
    await registry.getMetricsAsJSON();
    const text = await renderMetrics([await registry.getMetricsAsJSON()]);
    expect(text).toContain('http_server_requests_total{method="GET",route="/x",status="200"} 1');
  });

  it('name 50 events at most, the rest in one', async () => {
    const events = Array.from({ length: 60 }, (_, index) => event(`evt_${index}`, index + 1));
    const { registry } = worker(events);
    const text = await renderMetrics([await registry.getMetricsAsJSON()]);
    expect(text.match(/^queue_waiting\{/gm)?.length).toBe(51);
    expect(text).toContain(`queue_waiting{event="_other"} ${(10 * 11) / 2}`);
    expect(text).toContain('queue_waiting{event="evt_59"} 60');
    expect(text.match(/^admission_rate_counter\{/gm)?.length).toBe(50);
  });

  it('say nothing of a limited value where there is none', async () => {
    const text = await renderMetrics([await worker().registry.getMetricsAsJSON()]);
    expect(text).not.toMatch(/^bucket_change_end_seconds\{/m);
    expect(text).toContain('# TYPE bucket_change_end_seconds gauge');
  });
});

it('an event keeps its label while it exists', () => {
  const labels = new EventLabels(1);
  expect(labels.split([event('a', 2), event('b', 1)]).labelled[0]?.event).toBe('a');
  expect(labels.split([event('a', 2), event('b', 9)]).labelled[0]?.event).toBe('a');
  expect(labels.split([event('b', 9)]).labelled[0]?.event).toBe('b');
});

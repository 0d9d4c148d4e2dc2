import { describe, expect, it } from 'vitest';
import { cpuPercentBetween, parseInfo } from './redis-info.ts';

const info = (change: Readonly<Record<string, string | number>> = {}): string =>
  Object.entries({
    run_id: 'abc',
    used_memory: 1_000,
    maxmemory: 0,
    maxmemory_policy: 'allkeys-lru',
    total_system_memory: 64_000,
    instantaneous_ops_per_sec: 42,
    used_cpu_sys: 10.5,
    used_cpu_user: 20,
    aof_enabled: 1,
    rdb_last_bgsave_status: 'ok',
    aof_last_bgrewrite_status: 'ok',
    aof_last_write_status: 'ok',
    cmdstat_evalsha: 'calls=90,usec=5,usec_per_call=1.00,rejected_calls=0,failed_calls=7',
    cmdstat_eval: 'calls=2,usec=5,usec_per_call=1.00,rejected_calls=0,failed_calls=2',
    errorstat_NOSCRIPT: 'count=4',
    ...change,
  })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('');

describe('what INFO says', () => {
  it('is read field by field', () => {
    expect(parseInfo(info(), 5)).toEqual({
      runId: 'abc',
      atMs: 5,
      cpuSec: 30.5,
      opsPerSec: 42,
      usedMemoryBytes: 1_000,
      maxMemoryBytes: 0,
      systemMemoryBytes: 64_000,
      evictionPolicy: 'allkeys-lru',
      aof: true,
      persistenceFailing: '',
      minReplicas: null,
      scriptErrors: 5,
    });
  });

  it('says whether a master with replicas takes writes without them', () => {
    expect(parseInfo(info({ connected_slaves: 1 }), 0).minReplicas).toBe(false);
    const guarded = info({ connected_slaves: 1, min_slaves_good_slaves: 1 });
    expect(parseInfo(guarded, 0).minReplicas).toBe(true);
  });

  it('names what cannot be saved', () => {
    const { persistenceFailing } = parseInfo(info({ rdb_last_bgsave_status: 'err' }), 0);
    expect(persistenceFailing).toBe('rdb_last_bgsave_status err');
  });

  it('is unknown where it says nothing', () => {
    expect(parseInfo('', 0)).toMatchObject({
      opsPerSec: null,
      usedMemoryBytes: null,
      evictionPolicy: null,
      aof: null,
      persistenceFailing: null,
      scriptErrors: 0,
    });
  });
});

describe('the share of a core', () => {
  const reading = (cpuSec: number, atMs: number, runId = 'abc') =>
    parseInfo(info({ used_cpu_sys: 0, used_cpu_user: cpuSec, run_id: runId }), atMs);

  it('is what was used between two readings', () => {
    expect(cpuPercentBetween(reading(10, 0), reading(10.5, 2_000))).toBe(25);
  });

  it('is unknown with one reading, over a restart, and where the clock stands', () => {
    const now = reading(3, 1_000);
    for (const before of [undefined, reading(1, 0, 'other'), reading(9, 0), now])
      expect(cpuPercentBetween(before, now)).toBeNull();
  });
});

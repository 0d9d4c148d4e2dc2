/** Figures out of the text that INFO answers. Pure. */

/** One reading of a master. Counters count since its start. */
export interface RedisReading {
  readonly runId: string;
  /** Monotonic, ms. */
  readonly atMs: number;
  readonly cpuSec: number;
  readonly opsPerSec: number | null;
  readonly usedMemoryBytes: number | null;
  readonly maxMemoryBytes: number | null;
  readonly systemMemoryBytes: number | null;
  /** What it does when it is full (maxmemory_policy). */
  readonly evictionPolicy: string | null;
  readonly aof: boolean | null;
  readonly persistenceFailing: string | null;
  /** Whether it takes no writes without a replica (min-replicas-to-write); null = it has none, or does not say. */
  readonly minReplicas: boolean | null;
  /** Script calls that failed; those that Redis had forgotten are sent again and do not count. */
  readonly scriptErrors: number | null;
}

const scriptCommands = ['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro'];
const saves = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'];

/** Reads INFO's default sections with commandstats and errorstats behind them. */
export function parseInfo(info: string, atMs: number): RedisReading {
  const text = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const number = (name: string): number | null => {
    const value = text(name);
    return value === undefined || Number.isNaN(Number(value)) ? null : Number(value);
  };
  const counted = (name: string, field: string): number =>
    Number(new RegExp(`\\b${field}=(\\d+)`).exec(text(name) ?? '')?.[1] ?? 0);
  const failed = scriptCommands.reduce((sum, name) => sum + counted(`cmdstat_${name}`, 'failed_calls'), 0);
  const known = saves.filter((name) => text(name) !== undefined);
  const failing = known.filter((name) => text(name) !== 'ok');
  return {
    runId: text('run_id') ?? '',
    atMs,
    cpuSec: (number('used_cpu_sys') ?? Number.NaN) + (number('used_cpu_user') ?? Number.NaN),
    opsPerSec: number('instantaneous_ops_per_sec'),
    usedMemoryBytes: number('used_memory'),
    maxMemoryBytes: number('maxmemory'),
    systemMemoryBytes: number('total_system_memory'),
    evictionPolicy: text('maxmemory_policy') ?? null,
    aof: text('aof_enabled') === undefined ? null : text('aof_enabled') === '1',
    persistenceFailing:
      known.length === 0 ? null : failing.map((name) => `${name} ${text(name) ?? ''}`).join(', '),
    // Redis tells of good replicas only where it wants any.
    minReplicas: (number('connected_slaves') ?? 0) > 0 ? text('min_slaves_good_slaves') !== undefined : null,
    scriptErrors: Math.max(0, failed - counted('errorstat_NOSCRIPT', 'count')),
  };
}

/** Share of one core that was used between two readings, %; null where they say nothing. */
export function cpuPercentBetween(before: RedisReading | undefined, now: RedisReading): number | null {
  if (!before || before.runId !== now.runId || now.atMs <= before.atMs) return null;
  const percent = ((now.cpuSec - before.cpuSec) / (now.atMs - before.atMs)) * 100_000;
  return Number.isFinite(percent) && percent >= 0 ? Math.round(percent * 10) / 10 : null;
}

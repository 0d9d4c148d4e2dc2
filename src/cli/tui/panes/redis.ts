/** Redis, as far as one event's line depends on it. */
import { bytes, shortCount } from '../../output/format.ts';
import { cpuTone, redisCpu } from '../figures.ts';
import { line, part } from '../text.ts';
import type { Pane, View } from '../view.ts';
import { cellsBeside, compactLine, spark } from './parts.ts';

const wideCells = 12;
/** Scripts are not to fail at all. */
const scriptErrorsGood = 0;

export const redisPane: Pane = {
  name: 'redis',
  heading: 'REDIS',
  column: 'right',
  minHeight: 4,
  figures: ({ snapshot: { redis } }) =>
    redis.masters === null ? '' : `  ${redis.masters} ${redis.masters === 1 ? 'master' : 'masters'}`,
  lines: (view) => {
    const { redis } = view.snapshot;
    const most = redis.maxMemoryBytes ? `/${bytes(redis.maxMemoryBytes).replace('.0', '')}` : '';
    const hottest = redis.hottestNode === null ? '-' : `${redis.hottestNode} ${cpu(view)}`;
    const errors = redis.scriptErrorsPerMin;
    return [
      [
        part(` cpu ${cpu(view).padEnd(3)} `, cpuTone(redis.cpuPercent)),
        spark(view, { field: 'redisCpuPercent', cells: wideCells, most: 100 }),
        part(`  warn ${redisCpu.warn}  crit ${redisCpu.crit}`, 'dim'),
      ],
      line(` ops ${ops(view)}/s  p99 ${p99(view)}  mem ${memory(view)}${most}`),
      [
        part(` hottest ${hottest}   `),
        part(
          `script errors ${errors === null ? '-' : errors}`,
          (errors ?? 0) > scriptErrorsGood ? 'bad' : 'plain',
        ),
      ],
    ];
  },
  compact: (view) =>
    compactLine('REDIS', `cpu ${cpu(view)}`, cpuTone(view.snapshot.redis.cpuPercent), [
      spark(view, { field: 'redisCpuPercent', cells: cellsBeside(`cpu ${cpu(view)}`), most: 100 }),
      part(`  ${`${ops(view)} ops/s`.padEnd(11)}  p99 ${p99(view)}  mem ${memory(view)}`),
    ]),
};

const cpu = ({ snapshot: { redis } }: View): string =>
  redis.cpuPercent === null ? '-' : `${Math.round(redis.cpuPercent)}%`;

const ops = ({ snapshot: { redis } }: View): string =>
  redis.opsPerSec === null ? '-' : shortCount(redis.opsPerSec);

const p99 = ({ snapshot: { redis } }: View): string =>
  redis.p99Ms === null ? '-' : `${redis.p99Ms.toFixed(1)}ms`;

const memory = ({ snapshot: { redis } }: View): string =>
  redis.usedMemoryBytes === null ? '-' : bytes(redis.usedMemoryBytes);

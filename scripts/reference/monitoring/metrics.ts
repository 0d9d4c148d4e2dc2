/** The table of all metrics, made from the registries of both programs. */
import { Counter, Histogram, type Registry } from 'prom-client';
import { createAdminRegistry } from '../../../src/admin-api/metrics.ts';
import type { DeskFigures } from '../../../src/contract/desk-figures.ts';
import { Meters } from '../../../src/gateway/metrics/meters.ts';
import { createRegistry } from '../../../src/gateway/metrics/registry.ts';
import type { Line } from '../../../src/queue/line-types.ts';

/** One metric. */
export interface MetricText {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** What a gateway tells, and what an admin API tells; without those of every Node program. */
export function metricTexts(): { readonly gateway: MetricText[]; readonly admin: MetricText[] } {
  const line = { gauges: () => ({ events: [], redisCommands: {} }) } as unknown as Line;
  const none = {} as unknown as DeskFigures;
  const calm = { refusedShare: 0, refused: { join: 0, status: 0, enter: 0 }, resting: 0 };
  return {
    gateway: textsOf(
      createRegistry({ line, meters: new Meters(), streamCount: () => 0, overload: () => calm, version: '' }),
    ),
    admin: textsOf(createAdminRegistry({ figures: () => none, version: '' })),
  };
}

/** As prom-client keeps it; its types know less. */
interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

function textsOf(registry: Registry): MetricText[] {
  return (registry.getMetricsAsArray() as unknown as Described[])
    .filter(({ name }) => !/^(process|nodejs)_/.test(name))
    .map((metric) => ({
      name: metric.name,
      type: metric instanceof Histogram ? 'histogram' : metric instanceof Counter ? 'counter' : 'gauge',
      labels: metric.labelNames,
      help: metric.help,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

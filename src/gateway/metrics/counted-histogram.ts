/** Histograms whose buckets are counted elsewhere, in plain numbers: prom-client's own cost a map lookup each time. */
import { Histogram, type Registry } from 'prom-client';

/** One series: its labels, and how many observations fell into each bucket, each by itself (not summed up). */
export interface CountedSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** One more than there are bounds: the last is +Inf. */
  readonly counts: Float64Array;
  readonly sum: number;
}

/** Raises the bucket that a value falls into. */
export function raiseBucket(counts: Float64Array, bounds: readonly number[], value: number): void {
  let bucket = 0;
  while (value > (bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
  counts[bucket] = (counts[bucket] ?? 0) + 1;
}

export interface CountedHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds of all buckets but the last. */
  readonly bounds: readonly number[];
  /** The series of now; those without an observation are left out. */
  readonly series: () => Iterable<CountedSeries>;
}

/** Adds one to a registry. */
export function addCountedHistogram(register: Registry, options: CountedHistogramOptions): void {
  register.registerMetric(new CountedHistogram(options));
}

class CountedHistogram extends Histogram<string> {
  private readonly options: CountedHistogramOptions;

  constructor(options: CountedHistogramOptions) {
    const { name, help, labelNames } = options;
    super({ name, help, labelNames: [...labelNames], registers: [] });
    this.options = options;
  }

  override async get(): ReturnType<Histogram<string>['get']> {
    const frame = await super.get();
    const { bounds, series } = this.options;
    const values: typeof frame.values = [];
    for (const { labels, counts, sum } of series()) {
      const all = counts.reduce((total, count) => total + count, 0);
      if (all === 0) continue;
      let upTo = 0;
      counts.forEach((count, index) => {
        upTo += count;
        const le = bounds[index] ?? '+Inf';
        values.push({ metricName: `${frame.name}_bucket`, labels: { ...labels, le }, value: upTo });
      });
      values.push({ metricName: `${frame.name}_sum`, labels, value: sum });
      values.push({ metricName: `${frame.name}_count`, labels, value: all });
    }
    return { ...frame, values };
  }
}

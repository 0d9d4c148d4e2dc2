/** Bounds how many events have time series of their own: each label costs memory in every Prometheus. */
import type { LineGauges } from '../../queue/line-types.ts';

const labelsMax = 50;

type EventGauges = LineGauges['events'][number];

/** Gives labels to the fullest events. An event keeps its label while it exists, lest counters jump between series. */
export class EventLabels {
  private readonly max: number;
  private labels = new Set<string>();

  constructor(max = labelsMax) {
    this.max = max;
  }

  split(events: readonly EventGauges[]): { labelled: EventGauges[]; others: EventGauges[] } {
    const existing = new Set(events.map(({ event }) => event));
    this.labels = new Set([...this.labels].filter((event) => existing.has(event)));
    const rest = events.filter(({ event }) => !this.labels.has(event)).sort((a, b) => b.waiting - a.waiting);
    for (const { event } of rest.slice(0, this.max - this.labels.size)) this.labels.add(event);
    return {
      labelled: events.filter(({ event }) => this.labels.has(event)),
      others: events.filter(({ event }) => !this.labels.has(event)),
    };
  }
}

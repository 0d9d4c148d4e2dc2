/** Bounds how many events have time series of their own: each label costs memory in every Prometheus. */

/** Events that have a label of their own in one process's metrics. */
export const eventLabelsMax = 50;

/** The label that the others share, where their figures can be added up. No event id begins like this. */
export const otherEvents = '_other';

/** What decides who gets a label. */
export interface LabelledEvent {
  readonly event: string;
  readonly waiting: number;
}

/** Gives labels to the fullest events. An event keeps its label while it exists, lest counters jump between series. */
export class EventLabels {
  private readonly max: number;
  private labels = new Set<string>();

  constructor(max = eventLabelsMax) {
    this.max = max;
  }

  /** All events of now, by whether they have a label. */
  split<E extends LabelledEvent>(events: readonly E[]): { labelled: E[]; others: E[] } {
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

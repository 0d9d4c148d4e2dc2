/** Carries on jobs (places being ended or given back) that whoever started them has not finished. */
import type { Store } from '../store.ts';
import type { ChangedEvent } from './changes-parts.ts';

/** Batches of one event in one call: others want their turn. */
const stepsMax = 40;

export class Jobs {
  private readonly store: Store;
  private readonly log: { warn(detail: object, message: string): void };

  constructor(store: Store, log: { warn(detail: object, message: string): void }) {
    this.store = store;
    this.log = log;
  }

  /** Some batches for each event that has a job; one event's trouble stops no other. */
  async carryOn(events: readonly ChangedEvent[]): Promise<void> {
    for (const { id, ref, replica } of events) {
      if (!replica.settings.job) continue;
      try {
        for (let steps = 0; steps < stepsMax; steps += 1) {
          const step = await this.store.stepJob(ref);
          if (step.word === 'idle' || !step.more) break;
        }
      } catch (error) {
        this.log.warn({ event: id, reason: String(error) }, 'a job could not be carried on');
      }
    }
  }
}

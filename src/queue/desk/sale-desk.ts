/** Sales at the desk: their steps are run from here, and operators see how far they have come. */
import { TacosError } from '../../contract/errors.ts';
import type { SaleView } from '../../contract/sale.ts';
import { SaleStore } from '../sale-store.ts';
import { SaleRunner, type SaleRunnerParts } from './sale-runner.ts';
import { saleView } from './sale-view.ts';

/** How often it is looked whether a step is due, ms. */
const lookMs = 500;

export class SaleDesk {
  private readonly parts: SaleRunnerParts;
  private readonly runner: SaleRunner;
  private readonly timer: NodeJS.Timeout;

  constructor(parts: SaleRunnerParts) {
    this.parts = parts;
    this.runner = new SaleRunner(parts);
    this.timer = setInterval(() => void this.look(), lookMs);
  }

  /** How far the sale of an event has come. @throws TacosError EVENT_NOT_FOUND, SALE_NOT_FOUND */
  async view(event: string): Promise<SaleView> {
    const { ref } = await this.parts.event(event);
    const sale = await new SaleStore(this.parts.redis).read(ref);
    if (sale === undefined) throw new TacosError('SALE_NOT_FOUND', { hint: 'tacos sale apply FILE' });
    return saleView(event, sale);
  }

  /** Lets another process go on at once. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    if (this.parts.redis.status === 'ready') await this.runner.close();
  }

  private async look(): Promise<void> {
    // While Redis is away nothing is asked: what is due is run once it is back.
    if (this.parts.redis.status !== 'ready') return;
    await this.runner.look().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.parts.log.warn({ reason }, 'running the steps of sales failed');
    });
  }
}

/** Sales at the desk: their steps are run from here, and operators see how far they have come. */
import type { BudgetView } from '../../contract/admin-api.ts';
import type { Finding } from '../../contract/doctor.ts';
import { TacosError } from '../../contract/errors.ts';
import type { SaleCheckRequest, SaleReport, SaleView } from '../../contract/sale.ts';
import type { RedisAddress } from '../../redis/client.ts';
import { SaleStore } from '../sale-store.ts';
import type { Store } from '../store.ts';
import type { DeskEvent } from './desk-event.ts';
import type { DeskWide } from './desk-wide.ts';
import { doctorFacts, type ServerPart } from './doctor-facts.ts';
import type { HpaDesk } from './hpa/hpa-desk.ts';
import { reachingRedis } from './reaching.ts';
import { replicationOf } from './replication.ts';
import { saleFindings } from './sale-check.ts';
import type { SaleHpa } from './sale-check-hpa.ts';
import { saleReport } from './sale-report.ts';
import { SaleRunner, type SaleRunnerParts } from './sale-runner.ts';
import { saleView } from './sale-view.ts';

/** How often it is looked whether a step is due, ms. */
const lookMs = 500;

/** What it stands on. */
export interface SaleDeskParts extends SaleRunnerParts {
  readonly store: Store;
  readonly wide: DeskWide;
  readonly address: RedisAddress;
  readonly isProtected: boolean;
  /** Undefined where this process leads no autoscaler. */
  readonly hpa: Pick<HpaDesk, 'view'> | undefined;
  event(id: string): Promise<DeskEvent>;
  budget(): Promise<BudgetView>;
}

export class SaleDesk {
  private readonly parts: SaleDeskParts;
  private readonly runner: SaleRunner;
  private readonly timer: NodeJS.Timeout;

  constructor(parts: SaleDeskParts) {
    this.parts = parts;
    this.runner = new SaleRunner(parts);
    this.timer = setInterval(() => void this.look(), lookMs);
  }

  /** How far the sale of an event has come. @throws TacosError EVENT_NOT_FOUND, SALE_NOT_FOUND */
  async view(event: string): Promise<SaleView> {
    const { ref } = await this.parts.event(event);
    const sale = await this.reaching(() => new SaleStore(this.parts.redis).read(ref));
    if (sale === undefined) throw new TacosError('SALE_NOT_FOUND', { hint: 'tacos sale apply FILE' });
    return saleView(event, sale);
  }

  /** What is known of a sale afterwards, or of an event without one. @throws TacosError EVENT_NOT_FOUND */
  async report(event: string): Promise<SaleReport> {
    const { redis, store } = this.parts;
    const opened = await this.parts.event(event);
    return this.reaching(async () => {
      const sale = await new SaleStore(redis).read(opened.ref);
      return saleReport(opened, { redis, store, sale: sale === undefined ? null : saleView(event, sale) });
    });
  }

  /**
   * The list before a sale. `webhookTook`: whether its receiver took a test; null = there is none.
   *
   * @throws TacosError EVENT_NOT_FOUND
   */
  async check(
    event: string,
    ask: SaleCheckRequest,
    { server, webhookTook }: { readonly server: ServerPart; readonly webhookTook: boolean | null },
  ): Promise<Finding[]> {
    const { redis, wide, address, isProtected, nowMs } = this.parts;
    const opened = await this.parts.event(event);
    const [budget, masters, hpa] = await Promise.all([
      this.parts.budget(),
      this.reaching(() => replicationOf(redis)),
      this.hpa(),
    ]);
    const own = budget.events.find((one) => one.event === event)?.refillPerSec ?? 0;
    return saleFindings({
      event,
      ask,
      doctor: doctorFacts([opened], wide, { server, nowMs: nowMs(), redis: address }),
      masters,
      hpa,
      budget: { perSec: budget.perSec, othersPerSec: budget.usedPerSec - own },
      clockOffMs: nowMs() - Date.now(),
      webhookTook,
      isProtected,
    });
  }

  private async hpa(): Promise<SaleHpa> {
    const { hpa } = this.parts;
    if (hpa === undefined) return null;
    try {
      return { view: await hpa.view() };
    } catch (error) {
      if (error instanceof TacosError) return { trouble: error.message };
      throw error;
    }
  }

  private reaching<T>(act: () => Promise<T>): Promise<T> {
    const { log } = this.parts;
    return reachingRedis(act, (error) => log.warn({ reason: String(error) }, 'Redis could not be reached'));
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

import { randomUUID } from 'node:crypto';
import type { Money } from '../../../generated/proto/common/v1/Money.ts';
import { Problem } from './problem.ts';

/**
 * One payment. How it goes is settled when it is made; what its state is follows from the time alone, so no timer can be
 * late and a state is never left out:
 *
 * | state      | meaning                       | leaves it when                                                  |
 * |------------|-------------------------------|-----------------------------------------------------------------|
 * | PENDING    | made                          | 50 ms later → PROCESSING; scenario timeout: 15 min → EXPIRED    |
 * | PROCESSING | the card company is asked     | 50 ms (scenario delay: 3 s) after it was made → COMPLETED or    |
 * |            |                               | FAILED, by its scenario                                         |
 * | COMPLETED  | paid                          | cancelled → REFUNDED                                            |
 * | FAILED, CANCELLED, REFUNDED, EXPIRED: the end                                                               ||
 *
 * ProcessPayment and SimulateWebhook end a payment at once; CancelPayment ends one that has not ended.
 */
export type PaymentState =
  | 'PENDING'
  | 'PROCESSING'
  | 'COMPLETED'
  | 'FAILED'
  | 'CANCELLED'
  | 'REFUNDED'
  | 'EXPIRED';

export const scenarios = ['APPROVE', 'FAIL', 'DELAY', 'RANDOM', 'TIMEOUT'] as const;
export type Scenario = (typeof scenarios)[number];

/** Time in each of the first two states, ms. */
const stepMs = 50;
/** A payment that nobody ended, ms. */
const lifeMs = 15 * 60_000;
/** One that has ended is remembered for so long, ms: confirmations ask for it. */
const rememberedMs = 60 * 60_000;
/** Share of payments of scenario random that fail. */
const randomFailShare = 0.2;

export interface Payment {
  readonly intentId: string;
  readonly paymentId: string;
  readonly reservationId: string;
  readonly userId: string;
  readonly amount: Required<Pick<Money, 'amount' | 'currency'>> & { readonly amount: number };
  readonly scenario: Scenario;
  readonly webhookUrl: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** When it ends by itself, and how. */
  readonly endsAtMs: number;
  readonly endsAs: 'COMPLETED' | 'FAILED' | 'EXPIRED';
  /** What somebody made of it, which goes before all that. */
  readonly forced?: { readonly state: PaymentState; readonly atMs: number };
}

/** A payment as it is now. */
export interface PaymentNow {
  readonly state: PaymentState;
  /** When it came to this state, ms. */
  readonly sinceMs: number;
  readonly isOver: boolean;
}

/** The state of a payment at a time, ms. */
export function paymentAt(payment: Payment, nowMs: number): PaymentNow {
  const { forced, createdAtMs, endsAtMs, endsAs, scenario } = payment;
  if (forced) return { state: forced.state, sinceMs: forced.atMs, isOver: true };
  if (nowMs >= endsAtMs) return { state: endsAs, sinceMs: endsAtMs, isOver: true };
  const isPending = scenario === 'TIMEOUT' || nowMs < createdAtMs + stepMs;
  if (isPending) return { state: 'PENDING', sinceMs: createdAtMs, isOver: false };
  return { state: 'PROCESSING', sinceMs: createdAtMs + stepMs, isOver: false };
}

export interface PaymentsOptions {
  readonly nowMs: () => number;
  /** How long scenario delay takes, ms. */
  readonly delayMs: number;
  /** Default: Math.random. */
  readonly random?: () => number;
}

/** All payments, in memory. */
export class Payments {
  readonly #options: PaymentsOptions;
  readonly #byId = new Map<string, Payment>();

  constructor(options: PaymentsOptions) {
    this.#options = options;
  }

  make(wanted: Pick<Payment, 'reservationId' | 'userId' | 'amount' | 'scenario' | 'webhookUrl'>): Payment {
    const { nowMs, delayMs, random = Math.random } = this.#options;
    const createdAtMs = nowMs();
    const expiresAtMs = createdAtMs + lifeMs;
    const { scenario } = wanted;
    const fails = scenario === 'FAIL' || (scenario === 'RANDOM' && random() < randomFailShare);
    const tookMs = scenario === 'DELAY' ? Math.max(delayMs, stepMs) : 2 * stepMs;
    const payment: Payment = {
      ...wanted,
      intentId: `pi_${randomUUID()}`,
      paymentId: `pay_${randomUUID()}`,
      createdAtMs,
      expiresAtMs,
      endsAtMs: scenario === 'TIMEOUT' ? expiresAtMs : createdAtMs + tookMs,
      endsAs: scenario === 'TIMEOUT' ? 'EXPIRED' : fails ? 'FAILED' : 'COMPLETED',
    };
    this.#byId.set(payment.intentId, payment);
    return payment;
  }

  /** @throws Problem when there is none */
  of(intentId: string): Payment {
    const payment = this.#byId.get(intentId);
    if (payment === undefined) throw new Problem('NOT_FOUND', 'there is no such payment');
    return payment;
  }

  now(payment: Payment): PaymentNow {
    return paymentAt(payment, this.#options.nowMs());
  }

  /** Ends a payment as told, now. Gives it as it is then. */
  force(payment: Payment, state: PaymentState): Payment {
    const forced = { ...payment, forced: { state, atMs: this.#options.nowMs() } };
    this.#byId.set(payment.intentId, forced);
    return forced;
  }

  /** All of them, newest first. */
  all(): Payment[] {
    return [...this.#byId.values()].reverse();
  }

  /** How many there are of each state. */
  counts(): Partial<Record<PaymentState, number>> {
    const counts: Partial<Record<PaymentState, number>> = {};
    for (const payment of this.#byId.values()) {
      const { state } = this.now(payment);
      counts[state] = (counts[state] ?? 0) + 1;
    }
    return counts;
  }

  /** Forgets what ended long ago. */
  prune(): void {
    const nowMs = this.#options.nowMs();
    for (const payment of this.#byId.values()) {
      const { isOver, sinceMs } = this.now(payment);
      if (isOver && sinceMs + rememberedMs <= nowMs) this.#byId.delete(payment.intentId);
    }
  }
}

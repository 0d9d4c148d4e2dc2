import { beforeEach, describe, expect, it } from 'vitest';
import { type Payment, Payments, type Scenario } from './payments.ts';

describe('payments', () => {
  let nowMs = 0;
  let payments: Payments;
  beforeEach(() => {
    nowMs = 10_000;
    payments = new Payments({ nowMs: () => nowMs, delayMs: 3_000, random: () => 0.1 });
  });
  const make = (scenario: Scenario): Payment =>
    payments.make({
      ...{ reservationId: 'r1', userId: 'u1', webhookUrl: '', scenario },
      amount: { amount: 1_000, currency: 'KRW' },
    });
  const story = (payment: Payment, forMs: number): string[] => {
    const states: string[] = [];
    for (const endMs = nowMs + forMs; nowMs <= endMs; nowMs += 10) {
      const { state } = payments.now(payment);
      if (states.at(-1) !== state) states.push(state);
    }
    return states;
  };

  it.each([
    ['APPROVE', 'COMPLETED'],
    ['FAIL', 'FAILED'],
    ['DELAY', 'COMPLETED'],
    ['RANDOM', 'FAILED'],
  ] as const)('of scenario %s go from pending over processing to %s', (scenario, end) => {
    expect(story(make(scenario), 4_000)).toEqual(['PENDING', 'PROCESSING', end]);
  });

  it('of scenario delay take the delay and no less', () => {
    const payment = make('DELAY');
    nowMs += 2_999;
    expect(payments.now(payment).state).toBe('PROCESSING');
    nowMs += 1;
    expect(payments.now(payment)).toEqual({ state: 'COMPLETED', sinceMs: 13_000, isOver: true });
  });

  it('of scenario timeout stay pending until they expire', () => {
    expect(story(make('TIMEOUT'), 16 * 60_000)).toEqual(['PENDING', 'EXPIRED']);
  });

  it('end as somebody makes them end, and stay so', () => {
    const payment = payments.force(make('APPROVE'), 'CANCELLED');
    expect(story(payment, 1_000)).toEqual(['CANCELLED']);
    expect(payments.of(payment.intentId)).toBe(payment);
  });

  it('are forgotten an hour after their end', () => {
    const payment = make('APPROVE');
    nowMs += 3_599_000;
    payments.prune();
    expect(payments.of(payment.intentId)).toBe(payment);
    nowMs += 2_000;
    payments.prune();
    expect(() => payments.of(payment.intentId)).toThrow('no such payment');
  });
});

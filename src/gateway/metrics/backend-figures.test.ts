import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackendBook, isFailure } from './backend-figures.ts';
import { Meters } from './meters.ts';

describe('the calls of backends', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const open = (slowMs = 300) => {
    const meters = new Meters();
    return { meters, book: new BackendBook({ meters, slowMs }) };
  };

  it('are those of the last seconds, of all methods of a backend together', () => {
    const { meters, book } = open();
    const second = (): void => {
      for (let i = 0; i < 90; i += 1) meters.backend('payment', 'CreateIntent').record('ok', 80);
      for (let i = 0; i < 10; i += 1) meters.backend('payment', 'GetStatus').record('ok', 500);
      meters.backend('reservation', 'Reserve').record('seats_taken', 20);
      vi.advanceTimersByTime(1_000);
    };
    for (let at = 0; at < 3; at += 1) second();
    const [payment, reservation] = book.read();
    expect(payment).toMatchObject({ backend: 'payment', calls: 200, slow: 20, failed: 0 });
    expect(payment?.p95Ms).toBeGreaterThan(400);
    expect(payment?.p95Ms).toBeLessThanOrEqual(600);
    expect(reservation).toMatchObject({ backend: 'reservation', calls: 2, slow: 0, failed: 0 });
    for (let at = 0; at < 20; at += 1) second();
    expect(book.read()[0]?.calls).toBeGreaterThanOrEqual(400);
    expect(book.read()[0]?.calls).toBeLessThanOrEqual(500);
    vi.advanceTimersByTime(7_000);
    expect(book.read()).toEqual([]);
    book.close();
  });

  it('leave the worst second out: a moment in which all stood still is no slow backend', () => {
    const { meters, book } = open();
    const second = (tookMs: number, outcome = 'ok'): void => {
      for (let i = 0; i < 40; i += 1) meters.backend('payment', 'CreateIntent').record(outcome, tookMs);
      vi.advanceTimersByTime(1_000);
    };
    for (const tookMs of [80, 80, 900, 80]) second(tookMs);
    expect(book.read()).toMatchObject([{ calls: 120, slow: 0, failed: 0 }]);
    for (const tookMs of [400, 400]) second(tookMs);
    expect(book.read()[0]?.slow).toBeGreaterThan(30);
    for (let at = 0; at < 8; at += 1) second(80);
    second(80, 'backend_timeout');
    expect(book.read()[0]?.failed).toBe(0);
    second(80, 'backend_timeout');
    expect(book.read()[0]?.failed).toBe(40);
    book.close();
  });

  it('that a breaker refused count as failed, with no duration', () => {
    const { meters, book } = open();
    for (let at = 0; at < 2; at += 1) {
      for (let i = 0; i < 7; i += 1)
        meters.backend('payment', 'CreateIntent').record('breaker_open', undefined);
      vi.advanceTimersByTime(1_000);
    }
    expect(book.read()).toEqual([{ backend: 'payment', calls: 7, slow: 0, failed: 7, p95Ms: -1 }]);
    book.close();
  });

  it('are split within a bucket where the limit is none of the bounds', () => {
    const { meters, book } = open(150);
    for (let at = 0; at < 2; at += 1) {
      for (let i = 0; i < 100; i += 1) meters.backend('payment', 'CreateIntent').record('ok', 101 + i);
      vi.advanceTimersByTime(1_000);
    }
    expect(book.read()[0]?.slow).toBe(50);
    book.close();
  });

  it('fail where the backend is to blame', () => {
    expect(
      ['backend_timeout', 'backend_error', 'backend_unavailable', 'breaker_open'].map(isFailure),
    ).toEqual([true, true, true, true]);
    expect(['ok', 'seats_taken', 'payment_not_approved', 'whatever'].map(isFailure)).toEqual(
      Array(4).fill(false),
    );
  });
});

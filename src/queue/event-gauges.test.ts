import { expect, it } from 'vitest';
import { nowMs, type ServedOptions, serve } from '../../test/helpers/served.ts';
import { EtaAccuracy } from './eta-accuracy.ts';
import { eventGauges } from './event-gauges.ts';
import { constant, formatTimedValue } from './timed-value.ts';

function gauges(options: ServedOptions = {}) {
  const { served } = serve(options);
  return eventGauges({ served, accuracy: new EtaAccuracy(), braker: { wanted: undefined } });
}

const limited = (value: number, untilMs: number): string =>
  formatTimedValue({ ...constant(value * 1e6), untilMs, after: 10e6 });

it('an event is told in whole tokens and people', () => {
  expect(
    gauges({ waiting: 7, tokens: 42, meta: { refill: formatTimedValue(constant(50e6)) } }),
  ).toMatchObject({
    event: 'evt_a',
    waiting: 7,
    tokens: 42,
    revision: 1,
    joined: 7,
    admitted: 0,
    refillPerSec: 50,
    capacity: 200,
    window: 200,
    brakeRatio: 1,
    changeEndsAtMs: null,
  });
});

it('an event admits while it is open or draining, and not paused', () => {
  for (const phase of ['open', 'draining']) {
    expect(gauges({ meta: { phase } }).admits, phase).toBe(true);
    expect(gauges({ meta: { phase, paused: '1' } }).admits, phase).toBe(false);
  }
  for (const phase of ['scheduled', 'prequeue', 'closed'])
    expect(gauges({ meta: { phase } }).admits).toBe(false);
});

it('the first of the limited values says when a change ends, unless it is over or the event is closed', () => {
  const refill = limited(80, nowMs + 90_000);
  expect(gauges({ meta: { refill } }).changeEndsAtMs).toBe(nowMs + 90_000);
  expect(gauges({ meta: { refill, capacity: limited(400, nowMs + 30_000) } }).changeEndsAtMs).toBe(
    nowMs + 30_000,
  );
  expect(gauges({ meta: { refill, phase: 'closed' } }).changeEndsAtMs).toBeNull();
  const over = gauges({ meta: { refill: limited(80, nowMs - 1) } });
  expect([over.changeEndsAtMs, over.refillPerSec]).toEqual([null, 10]);
});

import { describe, expect, it } from 'vitest';
import { parseBackendsFlags } from './flags.ts';

describe('flags of the simulated services', () => {
  it('have the ports of the real ones, 300 seats and holds of a minute by default', () => {
    expect(parseBackendsFlags([])).toEqual({
      options: {
        ...{ reservationPort: 9090, inventoryPort: 9091, paymentPort: 9092 },
        ...{ seats: 300, events: [], holdMs: 60_000, latencyMs: 0, paymentDelayMs: 3_000 },
        ...{ webhookRetries: 4, webhookAnywhere: false },
      },
      help: false,
      untilStdinEnds: false,
    });
  });

  it('become options', () => {
    const line =
      '--reservation-port 0 --control-port 0 --seats 10 --event evt_a --event evt_b --hold 3s --latency-ms 20 ' +
      '--payment-delay 500ms --webhook-retries 0 --webhook-anywhere';
    expect(parseBackendsFlags(line.split(' ')).options).toMatchObject({
      ...{ reservationPort: 0, controlPort: 0, seats: 10, events: ['evt_a', 'evt_b'], holdMs: 3_000 },
      ...{ latencyMs: 20, paymentDelayMs: 500, webhookRetries: 0, webhookAnywhere: true },
    });
  });

  it.each([
    ['--seats', '0'],
    ['--seats', '200001'],
    ['--payment-port', '70000'],
    ['--hold', '60'],
    ['--latency-ms', 'slow'],
    ['--nonsense', '1'],
  ])('refuse %s %s and name it', (flag, value) => {
    expect(() => parseBackendsFlags([flag, value])).toThrow(flag);
  });
});

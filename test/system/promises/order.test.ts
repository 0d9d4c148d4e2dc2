import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Fleet, startFleet } from '../../helpers/fleet.ts';
import { expectOrder } from '../../helpers/line-properties.ts';
import { httpWire } from '../../helpers/visitor-wires.ts';

describe('promise 1: order', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2 });
  });
  afterAll(() => fleet.stop());

  it(
    'gives 100,000 joins over two gateways unique places without inversion, and positions that agree',
    () => expectOrder(fleet, httpWire(fleet), 100_000),
    240_000,
  );
});

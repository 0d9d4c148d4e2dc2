import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Fleet, startFleet } from '../../helpers/fleet.ts';
import { expectBound } from '../../helpers/line-properties.ts';
import { httpWire } from '../../helpers/visitor-wires.ts';

describe('promise 3: grants stay within the bound in every window', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2 });
  });
  afterAll(() => fleet.stop());

  it.each([1, 2, 3])(
    'while enters race, rate and capacity change and pauses come and go (seed %i)',
    (seed) => expectBound(fleet, httpWire(fleet), { seed, forMs: 12_000, grantsMin: 100, changesMin: 10 }),
    60_000,
  );
});

/** A gateway that stands still: nobody knows, and a third of all visitors are led to it. */
import { breakGateway } from '../random.ts';
import type { Scenario } from '../scenario.ts';

export const gatewayStopped: Scenario = {
  name: 'gateway-stopped-5s',
  row: 'a gateway SIGSTOPped for 5 s: a third of all visitors wait, nothing is lost',
  plan: (world) => breakGateway(world, { kind: 'stop', gateway: 1, forMs: 5_000, amount: 0 }),
};

/** A gateway that stands still: nobody knows, and a third of all visitors are led to it. */
import { pause } from '../../helpers/fleet.ts';
import type { Scenario } from '../scenario.ts';

export const gatewayStopped: Scenario = {
  name: 'gateway-stopped-5s',
  row: 'a gateway SIGSTOPped for 5 s: a third of all visitors wait, nothing is lost',
  async plan(world) {
    const [, gateway] = world.gateways;
    if (gateway === undefined) throw new Error('there is no gateway to stop');
    await world.during(`${gateway.name} SIGSTOP`, { down: [gateway.name] }, async () => {
      process.kill(gateway.program.pid, 'SIGSTOP');
      await pause(5_000);
      process.kill(gateway.program.pid, 'SIGCONT');
    });
  },
};

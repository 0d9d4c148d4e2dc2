/** Gateways that stand still, or are replaced one after the other. */
import { eventually } from '../../helpers/eventually.ts';
import { requestsOf } from '../history.ts';
import { isFailed } from '../normal.ts';
import { note, promise } from '../notes.ts';
import type { Scenario } from '../scenario.ts';
import { pause, type World, type WorldGateway } from '../world.ts';

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

/** Takes a gateway out of rotation once it says that it is not ready, as a load balancer does that asks often. */
async function leaveRotation(gateway: WorldGateway): Promise<void> {
  const isReady = () =>
    fetch(`${gateway.url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await eventually(async () => !(await isReady()), { withinMs: 10_000 });
  gateway.inRotation = false;
}

export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  row: 'three gateways replaced one after the other by SIGTERM: no request fails',
  short: true,
  async plan(world) {
    const before = failures(world);
    const tookMs: number[] = [];
    await world.during('rolling restart', {}, async () => {
      for (const gateway of world.gateways) {
        const startedMs = performance.now();
        const { program } = gateway;
        program.child.kill('SIGTERM');
        await leaveRotation(gateway);
        const { code } = await program.ended;
        promise(world, `${gateway.name} ended in good order`, code === 0);
        tookMs.push(performance.now() - startedMs);
        await world.restartGateway(gateway);
        await pause(1_500);
      }
    });
    note(world, 'longest drain, s', (Math.max(...tookMs) / 1000).toFixed(1));
    promise(world, 'a gateway drains within 25 s', Math.max(...tookMs) <= 25_000);
    promise(world, 'no request failed', failures(world) === before);
  },
};

const failures = ({ history }: World): number => requestsOf(history.records).filter(isFailed).length;

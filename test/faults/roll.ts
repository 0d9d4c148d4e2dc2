/**
 * Gateways replaced one by one, as Kubernetes does it: the new one serves, then the old one is told to stop, and a load
 * balancer that asks /readyz takes it out some time after it said no.
 */
import { pause } from '../helpers/fleet.ts';
import { putInRotation, type World, type WorldGateway } from './world.ts';

export interface Build {
  /** What it is called in names of gateways and in what is printed. */
  readonly name: string;
  /** Folder of its programs. */
  readonly dist: string;
}

/** How a gateway went. */
export interface Gone {
  readonly name: string;
  /** From the signal to its end, s. */
  readonly tookSec: number;
  readonly code: number | null;
  /** /readyz said no while requests were still answered. */
  readonly saidSo: boolean;
}

/** The load balancer asks so often, and takes a gateway out so long after it heard no, ms. */
const askedMs = 250;
const takenOutMs = 1_200;
/** As minReadySeconds, ms. */
const readyMs = 300;

/** Replaces all gateways in rotation by those of a build; resolves when the old ones are out of rotation. */
export async function roll(world: World, to: Build, gone: Promise<Gone>[]): Promise<void> {
  for (const old of world.gateways.filter(({ inRotation }) => inRotation)) {
    const next = await world.addGateway(`${to.name}-${world.gateways.length + 1}`, {
      dist: to.dist,
      inRotation: false,
    });
    await putInRotation(next);
    await pause(readyMs);
    await stop(old, gone);
  }
}

/** Tells a gateway to stop and waits until it is out of rotation; that it has gone comes later, into `gone`. */
async function stop(gateway: WorldGateway, gone: Promise<Gone>[]): Promise<void> {
  const startedMs = performance.now();
  const { name, program } = gateway;
  let saidSo = false;
  gone.push(
    program.ended.then(({ code }) => {
      const tookSec = (performance.now() - startedMs) / 1000;
      return { name, tookSec, code, saidSo };
    }),
  );
  program.child.kill('SIGTERM');
  do {
    await pause(askedMs);
    const answer = await fetch(`${gateway.url}/readyz`).catch(() => undefined);
    saidSo = answer?.status === 503;
    if (answer === undefined) break;
  } while (!saidSo);
  await pause(takenOutMs);
  gateway.inRotation = false;
}

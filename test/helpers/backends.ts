/** The simulated services behind the gateway, as a process of their own, and their control port. */
import type { BackendStats, SoldOrder } from '../../src/simulator/backends/control.ts';
import type { ServiceName } from '../../src/simulator/backends/faults.ts';
import { type Program, startProgram } from './processes.ts';

export interface SimulatedBackends extends Program {
  /** host:port of each service. */
  readonly addresses: Readonly<Record<ServiceName, string>>;
  /** What a gateway is to be started with. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes every call (of one service, or of all) wait so long before its work, ms. */
  setLatency(ms: number, service?: ServiceName): Promise<void>;
  /** Makes so many calls (of one service, or of all) fail with UNAVAILABLE, 0 to 100 %. */
  setFailing(percent: number, service?: ServiceName): Promise<void>;
  stats(): Promise<BackendStats>;
  sold(event: string): Promise<SoldOrder[]>;
}

export interface BackendsSettings {
  /** Default 300. */
  readonly seats?: number;
  /** Default: any event. */
  readonly events?: readonly string[];
  /** Such as `3s`. Default 60s. */
  readonly hold?: string;
  /** More flags of dist/simulator/backends.js. */
  readonly flags?: readonly string[];
}

/** Starts them on free ports; they end with the test process. */
export async function startBackends(settings: BackendsSettings = {}): Promise<SimulatedBackends> {
  const { seats = 300, events = [], hold = '60s', flags = [] } = settings;
  const ports = ['reservation', 'inventory', 'payment', 'control'].flatMap((name) => [`--${name}-port`, '0']);
  const chosen = ['--seats', String(seats), '--hold', hold, ...events.flatMap((event) => ['--event', event])];
  const program = await startProgram({
    argv: ['dist/simulator/backends.js', ...ports, ...chosen, ...flags],
    ready: /^ready reservation=(\S+) inventory=(\S+) payment=(\S+) control=(\S+)$/m,
  });
  const [, reservation = '', inventory = '', payment = '', control = ''] = program.ready;
  const post = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`http://${control}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  const get = async (path: string): Promise<unknown> => (await fetch(`http://${control}${path}`)).json();
  return Object.assign(program, {
    addresses: { reservation, inventory, payment },
    env: {
      BACKEND_RESERVATION_API_GRPC_ADDRESS: reservation,
      BACKEND_INVENTORY_API_GRPC_ADDRESS: inventory,
      BACKEND_PAYMENT_API_GRPC_ADDRESS: payment,
    },
    setLatency: (ms: number, service?: ServiceName) => post('/latency', { ms, service }),
    setFailing: (percent: number, service?: ServiceName) => post('/fail', { percent, service }),
    stats: async () => (await get('/stats')) as BackendStats,
    sold: async (event: string) => (await get(`/sold?event=${encodeURIComponent(event)}`)) as SoldOrder[],
  });
}

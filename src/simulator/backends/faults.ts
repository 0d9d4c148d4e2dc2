/** Faults on purpose, set by flag or while running: services that are slow or fail, for tests of who calls them. */

export const serviceNames = ['reservation', 'inventory', 'payment'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** How one service behaves towards callers from outside this process. */
export interface Fault {
  /** Wait before the work of each call begins, ms. */
  latencyMs: number;
  /** Calls answered UNAVAILABLE without any work, 0 to 100 %. */
  failPercent: number;
}

export class Faults {
  readonly #faults: Record<ServiceName, Fault>;
  readonly #random: () => number;

  constructor(latencyMs: number, random: () => number = Math.random) {
    const fault = (): Fault => ({ latencyMs, failPercent: 0 });
    this.#faults = { reservation: fault(), inventory: fault(), payment: fault() };
    this.#random = random;
  }

  /** Changes one service, or all of them. */
  set(service: ServiceName | undefined, change: Partial<Fault>): void {
    for (const name of service === undefined ? serviceNames : [service]) {
      Object.assign(this.#faults[name], change);
    }
  }

  of(service: ServiceName): Readonly<Fault> {
    return this.#faults[service];
  }

  /** Whether the next call of a service is to fail. */
  strikes(service: ServiceName): boolean {
    return this.#random() * 100 < this.#faults[service].failPercent;
  }
}

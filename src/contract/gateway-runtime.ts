/**
 * Flags of the Node that runs a gateway; worker processes inherit them. Measured in docs/benchmarks.md.
 *
 * --no-allocation-site-pretenuring: while joins wait for their batch, V8 sees what a request allocates survive a
 * collection, and from then on puts some of it straight among the old objects. Those hold the rest of their request,
 * so every collection keeps and copies two thirds of what is garbage, for as long as the process lives: 7 to 10 ms
 * instead of 1 to 2, and a quarter of all CPU.
 * --no-parallel-scavenge: helper threads only wait for each other where cores are few.
 */
export const gatewayNodeFlags: readonly string[] = [
  '--no-allocation-site-pretenuring',
  '--no-parallel-scavenge',
];

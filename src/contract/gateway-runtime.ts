/**
 * Flags of the Node that runs a gateway; worker processes inherit them. Most of what a request allocates dies with it:
 * a young generation of 64 MB is collected a quarter as often as one of 16 MB, and by one thread, as helper threads
 * only wait for each other where cores are few. The slowest 1 % of polls then wait 2.2 ms instead of 8.6
 * (docs/benchmarks.md). Costs up to 150 MB a worker under load.
 */
export const gatewayNodeFlags: readonly string[] = ['--max-semi-space-size=64', '--no-parallel-scavenge'];

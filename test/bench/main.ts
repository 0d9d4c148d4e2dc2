/**
 * `npm run bench [-- --short] [--json] [--only NAME] [--check]`: the promised numbers, measured. Starts a Redis, gateway
 * processes and a load process of its own. CPU per request is the unit, as wall time depends on what else runs.
 *
 * --short  smaller numbers, for CI
 * --only   one of join, poll, latency, scale, fleet, claim, grpc, parts, capacity, overload, abuse
 * --calibration  file that the part capacity writes its costs to, for `tacos capacity --calibration`
 * --json   the rows as JSON on stdout instead of the table
 * --check  exit 1 when a number is missed by more than 3 times; wrong answers fail in any case
 */
import { parseArgs } from 'node:util';
import { abuse } from './cases/abuse.ts';
import { capacity } from './cases/capacity.ts';
import { claim } from './cases/claim.ts';
import { fleet } from './cases/fleet.ts';
import { grpcCost } from './cases/grpc-cost.ts';
import { joinCost } from './cases/join-cost.ts';
import { latency } from './cases/latency.ts';
import { overload } from './cases/overload.ts';
import { parts } from './cases/parts.ts';
import { pollCost } from './cases/poll-cost.ts';
import { scale } from './cases/scale.ts';
import type { Case } from './lib/case.ts';
import { machine, type Row, redisVersion, table } from './lib/rows.ts';

const cases: readonly Case[] = [
  joinCost,
  pollCost,
  latency,
  scale,
  fleet,
  claim,
  grpcCost,
  parts,
  capacity,
  overload,
  abuse,
];
const missedFactor = 3;

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    only: { type: 'string' },
    calibration: { type: 'string' },
  },
});

const wanted = cases.filter(({ name }) => values.only === undefined || values.only === name);
if (wanted.length === 0) {
  console.error(`--only must be one of ${cases.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const on = machine(redisVersion());
const startedMs = performance.now();
const file = values.calibration === undefined ? {} : { file: values.calibration };
const rows: Row[] = [];
for (const one of wanted) {
  const say = (progress: string): void => console.error(`  ${one.name}: ${progress}`);
  rows.push(...(await one.run({ short: values.short, say, ...file })));
}
const tookSec = Math.round((performance.now() - startedMs) / 1000);
const missed = rows.filter(({ factor = 0 }) => factor > missedFactor);
if (values.json)
  console.log(JSON.stringify({ machine: on, short: values.short, tookSec, rows }, undefined, 2));
else
  console.log(
    `\n${table(rows)}\n\n${on}; ${values.short ? 'short run, ' : ''}${tookSec} s; every answer was checked`,
  );
if (values.check && missed.length > 0) {
  console.error(`missed by more than ${missedFactor} times: ${missed.map(({ what }) => what).join('; ')}`);
  process.exitCode = 1;
}

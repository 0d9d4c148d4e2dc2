import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Capacity, capacitySchema } from '../../../contract/capacity.ts';
import { measuredCosts } from '../../../forecast/capacity-costs.ts';
import { FakeMachine } from '../../testing/fake-runtime.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  machine.env = {};
});
afterEach(() => machine.remove());

const run = (...argv: string[]) => machine.run('capacity', ...argv);
const item = async (...argv: string[]): Promise<Capacity> =>
  capacitySchema.parse((JSON.parse((await run(...argv, '-o', 'json')).stdout) as { item: unknown }).item);

describe('capacity', () => {
  it('needs no server, and reads 300k and 3M', async () => {
    const small = await item('--visitors', '300k', '--join-rate', '30k');
    expect(small.given).toMatchObject({ visitors: 300_000, joinPerSec: 30_000, events: 1 });
    const large = await item('--visitors', '3M');
    expect(large.given).toMatchObject({ visitors: 3_000_000, joinPerSec: 300_000 });
    expect(machine.targets).toEqual([]);
  });

  it('says it in lines for people, as one document for programs, and what breaks first as a name', async () => {
    const { stdout, code } = await run('--visitors', '300k');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^visitors +300,000 in one event, 30,000 joins\/s at the peak\n/);
    expect(stdout).toMatch(/\nbreaks first +redis-core \d+ %: /);
    const { kind } = parse((await run('-o', 'yaml')).stdout) as { kind: string };
    expect(kind).toBe('Capacity');
    expect((await run('-o', 'name')).stdout).toBe('redis-core\n');
  });

  it('warns of each bound that is full', async () => {
    const { stderr } = await run('--visitors', '3M', '--pods-max', '5');
    expect(stderr).toMatch(/^warning: hpa-max is \d+ % full: \d+ gateway pods of 5 at most; raise/);
    expect(stderr).toMatch(/\nwarning: redis-core is \d+ % full: /);
  });

  it('reckons with the prices and the time it is given', async () => {
    const { money } = await item('--price-core', '1', '--price-redis', '0', '--price-gb', '0', '--for', '2h');
    expect(money.usd).toBe(3 * 2 * 2);
  });

  it('takes the costs of a calibration file, and says what is wrong with one', async () => {
    const file = join(machine.home, 'costs.json');
    writeFileSync(
      file,
      JSON.stringify({
        ...measuredCosts,
        source: 'here',
        gatewayUs: { ...measuredCosts.gatewayUs, join: 375 },
      }),
    );
    const found = await item('--calibration', file);
    expect(found.given.source).toBe('here');
    expect(found.gateway.joinCores).toBeCloseTo(11.25);
    writeFileSync(file, '{"source":"here"}');
    const wrong = await run('--calibration', file);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('gatewayUs')]);
    expect((await run('--calibration', join(machine.home, 'none'))).code).toBe(2);
  });

  it.each(['0', '3m', '1.5', '-1', '200M'])('refuses --visitors %s', async (visitors) => {
    const { code, stderr } = await run('--visitors', visitors);
    expect([code, stderr]).toEqual([2, expect.stringContaining('such as 5000, 300k or 3M')]);
  });
});

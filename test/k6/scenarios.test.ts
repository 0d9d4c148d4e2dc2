/** Every scenario passes against a line that keeps its promises, and fails against one that breaks the promise it sees. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enterAt, type Fleet, joinAt, startFleet } from '../helpers/fleet.ts';
import { runK6, small } from '../helpers/k6.ts';

/** Visitors pay nowhere here: there are no backends. */
const noShop = { TACOS_BUY: '0', TACOS_PATIENCE_SEC: '15' };

const secret = 'a-secret-of-the-load-test-with-32-letters';
const scenarios = Object.keys(small);
/** Couples come by the dozen, crowds by the hundred: each waits long enough to be polled some times, and soon enough. */
function refillOf(scenario: string): number {
  if (['smoke', 'journey', 'abuse'].includes(scenario)) return 0.6;
  return scenario === 'join' ? 100 : 20;
}

/** A line of joins sees only the order. */
const seers = {
  double_grant: scenarios.filter((name) => name !== 'join'),
  wrong_order: scenarios,
  refused_after_ready: scenarios.filter((name) => name !== 'join'),
};
const metrics = {
  double_grant: 'tacos_double_grants',
  wrong_order: 'tacos_order_errors',
  refused_after_ready: 'tacos_refused_after_ready',
} as const;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ gateways: 1, env: { JWT_SECRET: secret } });
  for (const fault of Object.keys(metrics)) await fleet.addGateway(0, { TEST_FAULT: fault });
});
afterAll(() => fleet?.stop());

/** An event with an empty bucket, lest the first dozen of visitors go straight in. */
async function slowEvent(scenario: string): Promise<string> {
  const { id } = await fleet.event({ capacity: 1, refillPerSec: refillOf(scenario), window: 100 });
  const [gateway = ''] = fleet.urls;
  for (let visitor = 0; visitor < 30; visitor += 1) {
    const joined = await joinAt(gateway, id, {
      headers: { 'idempotency-key': `the-first-to-come-${visitor}` },
    });
    const { status } = await enterAt(gateway, String(joined.body.waiting_token), `first-${visitor}`);
    if (status !== 200) break;
  }
  return id;
}

const run = async (scenario: string, gateway: number, env: Record<string, string> = {}) => {
  const event = await slowEvent(scenario);
  const target = { TACOS_BASE_URL: fleet.urls[gateway] ?? '', TACOS_EVENT: event };
  return runK6(scenario, { ...small[scenario], ...noShop, ...target, ...env });
};

// They mostly wait, so they run beside each other; hence how long answers take says nothing here.
describe.concurrent('against a line that keeps its promises', () => {
  it.each(scenarios)('%s passes, and has seen visitors', async (scenario) => {
    const { code, crossed, value, output } = await run(scenario, 0);
    const broken = crossed.filter((metric) => !metric.startsWith('http_req_duration'));
    expect([broken, crossed.length === 0 ? 0 : 99], output).toEqual([[], code]);
    expect(value('tacos_joined', 'count')).toBeGreaterThan(5);
    if (scenario === 'join') return;
    expect(value('tacos_granted', 'count')).toBeGreaterThan(1);
    expect(value('tacos_refused_after_ready', 'fails')).toBeGreaterThan(1);
  });
});

describe.concurrent('signed in by a JWT, as production wants it', () => {
  it.each([
    { what: 'the right secret lets visitors in', signs: secret, isIn: true },
    { what: 'another secret lets nobody in', signs: 'another-secret-that-nobody-here-has-set', isIn: false },
  ])('$what', async ({ signs, isIn }) => {
    const env = { TACOS_JWT_SECRET: signs, TACOS_PATIENCE_SEC: '5' };
    const { value, output } = await run('smoke', 0, env);
    expect(value('tacos_granted', 'count') > 0, output).toBe(isIn);
  });
});

describe.concurrent.each(Object.keys(metrics) as (keyof typeof metrics)[])(
  'against the fault %s',
  (fault) => {
    it.each(seers[fault])('%s fails with 99, for that reason', async (scenario) => {
      const { code, crossed, output } = await run(scenario, 1 + Object.keys(metrics).indexOf(fault));
      expect([code, crossed.includes(metrics[fault])], output).toEqual([99, true]);
    });
  },
);

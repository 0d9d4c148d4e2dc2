import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enterAt, type Fleet, joinAt, pause, startFleet } from '../../helpers/fleet.ts';
import { grantHistory, worstExcess } from '../../helpers/grants.ts';

/** A repeatable source of numbers in [0, 1): Park and Miller's minimal standard generator (CACM 31, 1988). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe('promise 3: grants stay within the bound in every window', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2 });
  });
  afterAll(() => fleet.stop());

  it.each([1, 2, 3])(
    'while enters race, rate and capacity change and pauses come and go (seed %i)',
    async (seed) => {
      const random = seeded(seed);
      const event = await fleet.event({ refillPerSec: 50, capacity: 50, tiers: '1-=0', window: 500 });
      const tokens: string[] = [];
      await Promise.all(
        Array.from({ length: 2_000 }, async (_, index) => {
          const answer = await joinAt(fleet.urls[index % 2] ?? '', event.id);
          tokens.push(String(answer.body.waiting_token));
        }),
      );
      let running = true;
      const change = async (): Promise<void> => {
        while (running) {
          await pause(100 + random() * 700);
          const changeId = randomUUID();
          const dice = random();
          if (dice < 0.25) await fleet.store.setPhase(event, { action: 'pause', changeId, audit: '' });
          else if (dice < 0.5) await fleet.store.setPhase(event, { action: 'resume', changeId, audit: '' });
          else {
            const refill = {
              to: Math.round(1e6 * (5 + 100 * random())),
              rampMs: random() < 0.5 ? 1_000 : 0,
              forMs: random() < 0.5 ? 1_500 : 0,
            };
            const capacity = { to: 1e6 * Math.ceil(1 + 100 * random()) };
            await fleet.store.setSettings(event, {
              changeId,
              audit: '',
              timed: random() < 0.5 ? { refill } : { refill, capacity },
            });
          }
        }
      };
      const rush = async (): Promise<void> => {
        while (running) {
          const index = Math.floor(random() * Math.min(tokens.length, 400));
          const token = tokens[index] ?? '';
          const answer = await enterAt(fleet.urls[index % 2] ?? '', token, `v${seed}-${token.slice(-20)}`);
          if (answer.status === 200) tokens.splice(tokens.indexOf(token), 1);
        }
      };
      const everything = Promise.all([change(), ...Array.from({ length: 40 }, rush)]);
      await pause(12_000);
      running = false;
      await everything;
      const history = grantHistory(await fleet.journal(event));
      expect(history.grantsUs.length).toBeGreaterThan(100);
      expect(history.settings.length).toBeGreaterThan(10);
      const { excess, slack } = worstExcess(history);
      expect(excess).toBeLessThanOrEqual(slack);
    },
    60_000,
  );
});

/** Promises of the line as properties that hold over any wire. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { type Fleet, pause } from './fleet.ts';
import { grantHistory, worstExcess } from './grants.ts';
import type { Place, VisitorWire } from './visitor-wires.ts';

interface Join extends Place {
  readonly sentMs: number;
  readonly answeredMs: number;
}

/** Joins that were answered before another one was sent and yet stand behind it. */
function inversions(joins: readonly Join[]): number {
  const bySent = joins.toSorted((a, b) => a.sentMs - b.sentMs);
  const byAnswer = joins.toSorted((a, b) => a.answeredMs - b.answeredMs);
  let answered = 0;
  let highest = 0;
  let count = 0;
  for (const join of bySent) {
    for (; (byAnswer[answered]?.answeredMs ?? Number.POSITIVE_INFINITY) < join.sentMs; answered += 1) {
      highest = Math.max(highest, byAnswer[answered]?.position ?? 0);
    }
    if (join.position < highest) count += 1;
  }
  return count;
}

/** Promise 1: joins of many clients at once get unique places without inversion, and positions agree with them. */
export async function expectOrder(fleet: Fleet, wire: VisitorWire, count: number): Promise<void> {
  const event = await fleet.event({ opensAtMs: Date.now() + 3_600_000, prequeueFromMs: 1 });
  const joins: Join[] = [];
  const clients = 64;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let at = client; at < count; at += clients) {
        const sentMs = performance.now();
        const place = await wire.join(at, event.id);
        joins.push({ ...place, sentMs, answeredMs: performance.now() });
      }
    }),
  );
  const places = joins.map(({ position }) => position).sort((a, b) => a - b);
  expect(places).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  expect(inversions(joins)).toBe(0);
  await pause(300);
  for (let index = 0; index < joins.length; index += 97) {
    const join = joins[index];
    const seen = await wire.status(index, join?.token ?? '');
    expect(seen).toEqual({ status: 'waiting', position: join?.position });
  }
}

/** A repeatable source of numbers in [0, 1): Park and Miller's minimal standard generator (CACM 31, 1988). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

export interface BoundOptions {
  readonly seed: number;
  readonly forMs: number;
  /** Grants and changes of settings that there must be, lest nothing was tested. */
  readonly grantsMin: number;
  readonly changesMin: number;
}

/** Promise 3: grants stay within the bound while enters race, rate and capacity change and pauses come and go. */
export async function expectBound(
  fleet: Fleet,
  wire: VisitorWire,
  { seed, forMs, grantsMin, changesMin }: BoundOptions,
): Promise<void> {
  const random = seeded(seed);
  const event = await fleet.event({ refillPerSec: 50, capacity: 50, tiers: '1-=0', window: 500 });
  const joined = await Promise.all(Array.from({ length: 2_000 }, (_, index) => wire.join(index, event.id)));
  const tokens = joined.map(({ token }) => token);
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
      const granted = await wire.enter(index, token, `v${seed}-${token.slice(-20)}`);
      if (granted && tokens.includes(token)) tokens.splice(tokens.indexOf(token), 1);
    }
  };
  const everything = Promise.all([change(), ...Array.from({ length: 40 }, rush)]);
  await pause(forMs);
  running = false;
  await everything;
  const history = grantHistory(await fleet.journal(event));
  expect(history.grantsUs.length).toBeGreaterThan(grantsMin);
  expect(history.settings.length).toBeGreaterThan(changesMin);
  const { excess, slack } = worstExcess(history);
  expect(excess).toBeLessThanOrEqual(slack);
}
